"""What `python -m training` refuses in words, with the exit status 2."""


class DataError(ValueError):
    """Data or settings that can't be used; the message says what was given and what is accepted."""


class WeightsError(RuntimeError):
    """ImageNet weights that can't be had; the message says why and what can be done."""
