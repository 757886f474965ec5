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
from ensemble.router import Router
from ensemble.vote import Verdict, Vote, decide

__all__ = ["Ensemble", "ImageError", "Picture", "Router", "Verdict", "Vote", "open_picture"]

BATCH = 64
# A JPEG may be decoded at a reduced scale that still leaves this many pixels for one of ours.
OVERSAMPLING = 8


class Ensemble:
    """The members of one pack, loaded once; every method is safe to call from several threads.

    Parameters
    ----------
    pack : ensemble.pack.Pack

    Attributes
    ----------
    manifest : dict
        The pack's.
    members : list of Member
    notice : str or None
        Why this is not the pack that was configured.
    """

    def __init__(self, pack):
        self.pack, self.notice = pack, None
        self.manifest = pack.manifest
        self.members = [Member(m["name"], pack.folder / m["file"])
                        for m in self.manifest["members"]]
        self._try()

    @classmethod
    def load(cls, folder=None):
        """Load the pack in a folder, else every pack that there is: one for each range of sizes.

        The pack for small pictures is the one configured on the Hub (`PACK_REPO` at
        `PACK_REVISION`), else the shipped one; the pack for photographs likewise (`PHOTOS_REPO`
        at `PHOTOS_REVISION`), where there is one. When a configured pack can't be had or can't
        judge, what was shipped judges, and `notice` says why.

        Returns
        -------
        Ensemble or Router
            A router if there are several packs; it judges by the same methods.

        Raises
        ------
        ensemble.pack.PackError
            If the pack in the folder, or a shipped one, is damaged.
        """
        if folder is not None:
            return cls(packs.read(folder))
        # Both at once, though the second costs each start a tenth of a second: a pack that can't
        # judge is to be found out here, not in front of the first visitor with a photograph.
        small = cls._configured("PACK", packs.SHIPPED)
        found = [small, cls._configured("PHOTOS", packs.SHIPPED.with_name("photos"),
                                        small[0].manifest["name"])]
        ensembles = [ensemble for ensemble, _ in found if ensemble]
        loaded = Router(ensembles) if len(ensembles) > 1 else ensembles[0]
        loaded.notice = " ".join(notice for _, notice in found if notice) or None
        return loaded

    @property
    def ensembles(self):
        """This one alone; a `Router` has several."""
        return (self,)

    def route(self, picture):
        """The ensemble that judges a picture: this one, whatever its size."""
        return self

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
                batch.append(self.small(self.open(source)))
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

    def small(self, picture):
        """The picture as the members see it; it still knows its own size."""
        rgb = fit_square(picture.rgb, self.manifest["input_size"], self.manifest["resize"])
        return replace(picture, rgb=rgb)

    @classmethod
    def _configured(cls, variable, shipped, taken=None):
        """The ensemble of the pack configured on the Hub, else of the shipped one, else None;
        and why it is not the former, else None. `taken` is the name of the other pack."""
        notice, repo = None, os.environ.get(f"{variable}_REPO")
        if repo:
            try:
                found = cls(packs.download(repo, os.environ.get(f"{variable}_REVISION", "")))
                if found.manifest["name"] == taken:
                    raise packs.PackError(f"They are called {taken}, as the other ones are.")
                return found, None
            except packs.PackError as error:
                notice = (f"The models of {repo} could not be used, so the ones shipped with the "
                          f"app are judging. {error}")
        needed = shipped == packs.SHIPPED or (shipped / "manifest.json").is_file()
        return cls(packs.read(shipped)) if needed else None, notice

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

    def _judge(self, batch):
        pictures = [p for p in batch if isinstance(p, Picture)]
        verdicts = iter(())
        if pictures:
            p_ai, maps = self.predict(np.stack([self.small(p).rgb for p in pictures]))
            verdicts = (decide(self.manifest, picture, p_ai[i],
                               {name: m[i] for name, m in maps.items()},
                               self.pack.knows(picture.digest))
                        for i, picture in enumerate(pictures))
        return [next(verdicts) if isinstance(p, Picture) else p for p in batch]
