"""Real or AI? Three models vote on whether an image is real or AI-generated.

>>> from ensemble import Ensemble
>>> verdict = Ensemble.load().judge("photo.jpg")
>>> verdict.label, verdict.p_ai, verdict.certainty
"""

import os
from dataclasses import replace

import numpy as np

from ensemble import pack as packs
from ensemble.images import ImageError, Picture, fit_square, open_picture
from ensemble.member import Member, MemberError
from ensemble.vote import Verdict, Vote, decide

__all__ = ["Ensemble", "ImageError", "Picture", "Verdict", "Vote", "open_picture"]

BATCH = 64
# A JPEG may be decoded at a reduced scale that still leaves this many pixels for one of ours.
OVERSAMPLING = 8


class Ensemble:
    """The members of one pack, loaded once; every method is safe to call from several threads.

    Parameters
    ----------
    pack : ensemble.pack.Pack
    notice : str, optional
        Why this is not the pack that was configured.
    """

    def __init__(self, pack, notice=None):
        self.pack, self.notice = pack, notice
        self.manifest = pack.manifest
        self.members = [Member(m["name"], pack.folder / m["file"])
                        for m in self.manifest["members"]]
        self._try()

    @classmethod
    def load(cls, folder=None):
        """Load a pack from a folder, else the one configured (`PACK_REPO`), else the shipped one.

        When the configured pack can't be had or can't judge, the shipped one does, and
        `notice` says why.

        Raises
        ------
        ensemble.pack.PackError
            If the pack in the folder, or the shipped one, is damaged.
        """
        repo = os.environ.get("PACK_REPO")
        if folder is not None or not repo:
            return cls(packs.read(folder or packs.SHIPPED))
        try:
            return cls(packs.download(repo))
        except packs.PackError as error:
            return cls(packs.read(packs.SHIPPED),
                       f"The models of {repo} could not be used, so the ones shipped with the "
                       f"app are judging. {error}")

    def open(self, source):
        """Decode an image as judging needs it; see `open_picture` for sources and errors."""
        if isinstance(source, Picture):
            return source
        return open_picture(source, at_least=OVERSAMPLING * self.manifest["input_size"])

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
        return self._judge([self.open(source)])[0]

    def judge_many(self, sources):
        """Judge many images, in batches.

        Parameters
        ----------
        sources : iterable
            Of what `judge` takes.

        Yields
        ------
        Verdict or ImageError
            In the order given: a bad image is an error in its place, the others are judged.
        """
        batch = []
        for source in sources:
            try:
                # Small at once: a batch of large photographs would fill the memory.
                batch.append(self._small(self.open(source)))
            except ImageError as error:
                batch.append(error)
            if len(batch) == BATCH:
                yield from self._judge(batch)
                batch = []
        yield from self._judge(batch)

    def predict(self, images):
        """The members' probabilities for images of the input size.

        Parameters
        ----------
        images : ndarray of uint8, shape [N, H, W, 3]

        Returns
        -------
        p_ai : ndarray of float32, shape [N, members]
        maps : dict of str to ndarray of float32, shape [N, h, w]
        """
        answers = {member.name: member(images) for member in self.members}
        p_ai = np.stack([p for p, _ in answers.values()], axis=1)
        return p_ai, {name: m for name, (_, m) in answers.items() if m is not None}

    def _try(self):
        """Judge a blank image: a pack that can't is refused here, not in front of a visitor."""
        size = self.manifest["input_size"]
        try:
            p_ai, _ = self.predict(np.zeros((1, size, size, 3), np.uint8))
        except Exception as error:  # the runtime raises a type of its own for each status
            raise MemberError(f"The members can't judge an image of {size} × {size} pixels: "
                              f"{error}") from error
        if p_ai.shape != (1, len(self.members)) or not ((p_ai >= 0) & (p_ai <= 1)).all():
            raise MemberError("A member's p_ai is not one probability for each image.")

    def _small(self, picture):
        """The picture as the members see it; it still knows its own size."""
        rgb = fit_square(picture.rgb, self.manifest["input_size"], self.manifest["resize"])
        return replace(picture, rgb=rgb)

    def _judge(self, batch):
        pictures = [p for p in batch if isinstance(p, Picture)]
        verdicts = iter(())
        if pictures:
            p_ai, maps = self.predict(np.stack([self._small(p).rgb for p in pictures]))
            verdicts = (decide(self.manifest, picture, p_ai[i],
                               {name: m[i] for name, m in maps.items()},
                               self.pack.knows(picture.digest))
                        for i, picture in enumerate(pictures))
        return [next(verdicts) if isinstance(p, Picture) else p for p in batch]
