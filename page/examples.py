"""The examples that lie in `examples/`, judged."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ensemble import ImageError, Verdict
from ensemble.vote import AI, REAL

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
GROUPS = {"real": REAL, "ai": AI}  # folder → truth


@dataclass(frozen=True)
class Example:
    """A picture of a gallery.

    Attributes
    ----------
    path : Path
    name, truth : str
    full : Path or None
        The photograph that it was cut from.
    verdict : Verdict or ImageError
        What the ensemble says of it.
    """

    path: Path
    name: str
    truth: str
    full: Path | None
    verdict: Verdict | ImageError

    @property
    def address(self):
        """Of the picture, seen from the page: `examples/` is public, see `app.build`."""
        return f"gradio_api/file={quote(str(self.path))}"


def galleries(ensemble):
    """The examples by folder, each a list of `Example`; empty folders are left out."""
    found = {}
    for group, truth in GROUPS.items():
        paths = sorted((EXAMPLES / group).glob("*.png"))
        fulls = [EXAMPLES / group / "full" / f"{path.stem}.jpg" for path in paths]
        if paths:
            found[group] = [
                Example(path, path.stem.replace("-", " "), truth,
                        full if full.exists() else None, verdict)
                for path, full, verdict in zip(paths, fulls, ensemble.judge_many(paths))]
    return found
