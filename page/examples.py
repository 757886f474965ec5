"""The examples that lie in `examples/`, judged once for all tabs."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ensemble import ImageError, Verdict
from ensemble.images import file_digest
from ensemble.shipped import shipped
from ensemble.vocabulary import AI, CONFIDENT, REAL

EXAMPLES = shipped("examples", __file__)
GROUPS = {"real": REAL, "ai": AI}  # folder → truth


@dataclass(frozen=True)
class Example:
    """A picture of a gallery.

    Attributes
    ----------
    path : Path
    name, truth : str
    full : Path or None
        The whole picture that it was cut from, or that it is.
    verdict : Verdict or ImageError
        What the ensemble says of it.
    source : page.gallery.Source or None
        Where it comes from, if it is a picture of today.
    shown : Path or None
        What the page shows of it, if that is another file.
    """

    path: Path
    name: str
    truth: str
    full: Path | None
    verdict: Verdict | ImageError
    source: Any = None
    shown: Path | None = None

    @property
    def address(self):
        """Of the picture, seen from the page.

        `examples/` is public, see `app.build`, and so is what is shown of pictures of today.
        """
        return f"gradio_api/file={quote(str(self.shown or self.path))}"

    @property
    def generator(self):
        """What its name begins with, "known" or "unseen"; else None.

        It says whether the models have learned from other pictures of the generator that made it.
        """
        return next((prefix for prefix in ("known", "unseen")
                     if self.name.startswith(f"{prefix} ")), None)

    @property
    def slug(self):
        """Its name in an address, of its own among all examples."""
        if self.source:
            return f"today-{self.source.name}"
        return self.path.stem if self.path != self.full else f"full-{self.path.stem}"


@lru_cache(maxsize=4)
def galleries(ensemble):
    """The examples by folder, each a list of `Example`; empty folders are left out."""
    groups = {}
    for group, truth in GROUPS.items():
        paths = sorted((EXAMPLES / group).glob("*.png"))
        fulls = [EXAMPLES / group / "full" / f"{path.stem}.jpg" for path in paths]
        if paths:
            groups[group] = [
                Example(path, path.stem.replace("-", " "), truth,
                        full if full.exists() else None, verdict)
                for path, full, verdict in zip(paths, fulls, ensemble.judge_many(paths))]
    return groups


@lru_cache(maxsize=4)
def hard(ensemble):
    """The whole pictures behind the thumbnails that the ensemble is unsure of or wrong about.

    None if there is a single pack, for that doesn't know pictures of their size.

    Returns
    -------
    dict of str to list of Example
        Under "hard"; empty if there are none.
    """
    if len(ensemble.packs) == 1:
        return {}
    truths = {path: truth for group, truth in GROUPS.items()
              for path in (EXAMPLES / group / "full").glob("*.jpg")}
    # Several thumbnails may be of one picture, which then has the first of their names.
    by_name = sorted(truths, key=lambda path: path.stem, reverse=True)
    paths = sorted({file_digest(path.read_bytes()): path for path in by_name}.values())
    unsure = [Example(path, path.stem.replace("-", " "), truths[path], path, verdict)
             for path, verdict in zip(paths, ensemble.judge_many(paths))
             if isinstance(verdict, Verdict)
             and (verdict.label, verdict.certainty) != (truths[path], CONFIDENT)]
    return {"hard": unsure} if unsure else {}
