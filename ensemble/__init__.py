"""Real or AI? What the file proves, then the vote of three models, else "Can't tell".

>>> from ensemble import Ensemble
>>> verdict = Ensemble.load().judge("photo.jpg")
>>> verdict.answer, verdict.because, verdict.p_ai
"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from threading import BoundedSemaphore
from typing import NamedTuple

import numpy as np

from ensemble import evidence
from ensemble import pack as packs
from ensemble.errors import ImageError
from ensemble.images import Picture, check_content, open_picture
from ensemble.member import cores
from ensemble.models import PackModels
from ensemble.pack import PackError
from ensemble.verdict import Reason, Verdict, Vote
from ensemble.vote import beyond

__all__ = ["Ensemble", "ImageError", "PackModels", "Picture", "Reason", "Verdict", "Vote",
           "open_picture"]

BATCH = 64
# Pictures that are decoded at once: more would take no less time, but memory.
DECODING = BoundedSemaphore(cores())
# A large JPEG is decoded at a reduced scale that keeps, on each side, at least this many times the
# pixels of the members' input.
OVERSAMPLING = 8


class Ensemble:
    """Packs, each for its own range of sizes; every method is safe to call from several threads.

    Parameters
    ----------
    packs : sequence of PackModels

    Attributes
    ----------
    packs : tuple of PackModels
    notice : str or None
        Why a pack is not the one that was configured.

    Raises
    ------
    ensemble.pack.PackError
        If two packs have one name: a verdict names the pack that judged.
    """

    def __init__(self, packs):
        self.packs, self.notice = tuple(packs), None
        names = [models.name for models in self.packs]
        if len(set(names)) < len(names):
            raise PackError(f"Each pack has a name of its own; these are {', '.join(names)}.")

    @classmethod
    def load(cls, folder=None):
        """Load the pack in a folder, else every pack that there is.

        The pack for small pictures is the one configured on the Hub (`PACK_REPO` at
        `PACK_REVISION`), else the shipped one; the pack for photographs likewise (`PHOTOS_REPO`
        at `PHOTOS_REVISION`), where there is one. When a configured pack can't be had or can't
        judge, what was shipped judges, and `notice` says why.

        Raises
        ------
        ensemble.pack.PackError
            If the pack in the folder, or a shipped one, is damaged.
        """
        if folder is not None:
            return cls([PackModels.load(folder)])
        # All packs are loaded now, which takes a tenth of a second each: one that can't judge must
        # be noticed at the start, not when a visitor first brings a picture of its size.
        large = packs.SHIPPED.with_name("photos")  # the folder has the pack's name
        small, small_notice = _configured("PACK", packs.SHIPPED, large.name)
        photos, photos_notice = _configured("PHOTOS", large, small.name)
        ensemble = cls([small, photos] if photos else [small])
        ensemble.notice = " ".join(filter(None, (small_notice, photos_notice))) or None
        return ensemble

    def pack_for(self, picture):
        """The models of the pack that knows a picture's size, else of the one nearest to it."""
        return min(self.packs,
                   key=lambda models: abs(beyond(models.manifest["domain"], picture)))

    def open(self, source):
        """Decode an image as judging needs it, and collect what the file says of its origin.

        Parameters
        ----------
        source : path, bytes, PIL.Image.Image, ndarray of uint8 [H, W, 3] or Picture
            A file or its bytes bring evidence; bare pixels bring none.

        Returns
        -------
        Picture

        Raises
        ------
        ImageError
            If the image can't be judged; the subclass and the message say why.
        TypeError
            If `source` is of none of the types above.
        """
        picture = source
        if not isinstance(source, Picture):
            largest = max(models.manifest["input_size"] for models in self.packs)
            picture = evidence.open_with_evidence(source, OVERSAMPLING * largest, DECODING)
        check_content(picture)
        return picture

    def judge(self, source):
        """Judge one image.

        Parameters
        ----------
        source : path, bytes, PIL.Image.Image, ndarray of uint8 [H, W, 3] or Picture

        Returns
        -------
        Verdict

        Raises
        ------
        ImageError
            If the image can't be judged; the subclass and the message say why.
        """
        models, picture, images = self._prepare(source)
        return models.judge([picture], [images])[0]

    def judge_many(self, sources):
        """Judge many images, in batches; the next one is decoded while one is judged.

        Parameters
        ----------
        sources : iterable
            Of what `judge` takes, asked for as they are needed, two batches at most ahead; an
            ImageError among them stays in its place.

        Yields
        ------
        Verdict or ImageError
            In the order given: a bad image is an error in its place, the others are judged.
        """
        pool = ThreadPoolExecutor(cores())
        try:
            for batch in _ahead(pool, self._prepared_or_error, sources):
                outcomes = dict(enumerate(batch))
                for models in self.packs:
                    rows = [row for row, outcome in outcomes.items()
                            if isinstance(outcome, Prepared) and outcome.models is models]
                    if rows:
                        outcomes |= zip(rows, models.judge([batch[row].picture for row in rows],
                                                           [batch[row].images for row in rows]))
                yield from outcomes.values()
        finally:  # whoever stops asking does not wait for pictures that nobody will see
            pool.shutdown(cancel_futures=True)

    def _prepare(self, source):
        """An image as its pack's members see it, without its other pixels.

        Many large photographs, in a batch or in many threads, would fill the memory.
        """
        picture = self.open(source)
        models = self.pack_for(picture)
        return Prepared(models, replace(picture, rgb=None, alpha=None), models.see(picture))

    def _prepared_or_error(self, source):
        """An image as its pack's members see it, or why it can't be judged."""
        if isinstance(source, ImageError):
            return source
        try:
            return self._prepare(source)
        except ImageError as error:
            return error


class Prepared(NamedTuple):
    """An image on its way to the members: the pack's models, the rest of it, what they see."""

    models: PackModels
    picture: Picture
    images: np.ndarray


def _ahead(pool, work, sources):
    """Batches of results, in order; while one is judged, the threads work at the next."""
    sources = iter(sources)
    pending = [pool.submit(work, source) for source in islice(sources, BATCH)]
    while pending:
        batch = pending
        pending = [pool.submit(work, source) for source in islice(sources, BATCH)]
        yield [future.result() for future in batch]


def _configured(variable, shipped, taken):
    """The models of the pack configured on the Hub, else of the shipped one, else None.

    The second value says why the configured pack is not used; None if it is, or none is
    configured. `taken` is the other pack's name, which this one may not have.
    """
    notice, repo = None, os.environ.get(f"{variable}_REPO")
    if repo:
        try:
            models = PackModels(packs.download(repo, os.environ.get(f"{variable}_REVISION", "")))
            if models.name == taken:
                raise PackError(f"They are called {taken}, as the other ones are.")
            return models, None
        except PackError as error:
            notice = (f"The models of {repo} could not be used, so the ones shipped with the app "
                      f"are judging. {error}")
    needed = shipped == packs.SHIPPED or (shipped / "manifest.json").is_file()
    return PackModels.load(shipped) if needed else None, notice
