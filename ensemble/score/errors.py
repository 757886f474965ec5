"""Why a table can't be made or gone on with."""


class ScoreError(RuntimeError):
    """What was given can't be listed, written or judged; the message says what to do."""
