"""The models of one pack, loaded: pictures of the sizes that the pack knows → verdicts."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ensemble import pack as packs
from ensemble.images import Picture, fit_square
from ensemble.member import Member, MemberError, cores
from ensemble.tiles import cut
from ensemble.vote import correct, decide


class PackModels:
    """The members of a pack, loaded once; every method is safe to call from several threads.

    Parameters
    ----------
    pack : ensemble.pack.Pack

    Attributes
    ----------
    pack : ensemble.pack.Pack
    manifest : dict
        The pack's.
    members : list of Member

    Raises
    ------
    MemberError
        If a member can't be loaded or can't judge an image of the pack's size.
    """

    def __init__(self, pack):
        self.pack = pack
        self.manifest = pack.manifest
        with ThreadPoolExecutor(cores()) as pool:
            self.members = list(pool.map(
                lambda entry: Member(entry["name"], pack.folder / entry["file"]),
                self.manifest["members"]))
        self._try()

    @classmethod
    def load(cls, folder):
        """The models of the pack in a folder.

        Raises
        ------
        ensemble.pack.PackError
            If the pack is damaged or can't judge.
        """
        return cls(packs.read(folder))

    @property
    def name(self):
        """The pack's, as verdicts give it."""
        return self.manifest["name"]

    def predict(self, images):
        """The members' probabilities for images of the input size, corrected as the pack says.

        Parameters
        ----------
        images : ndarray of uint8, shape [N, H, W, 3] or [N, tiles, H, W, 3]
            As `see` gives them.

        Returns
        -------
        p_ai : ndarray of float32, shape [N, members]
        maps : dict of str to ndarray of float32, shape [N, h, w]
            Of the members that have one.
        """
        if images.ndim == 4 or len(images) == 1:
            return self._predict(images)
        # A picture's tiles are a batch already. One by one, pictures take no more time and less
        # memory, and each has the very numbers that it has alone.
        parts = [self._predict(picture[None]) for picture in images]
        return (np.concatenate([p_ai for p_ai, _ in parts]),
                {name: np.concatenate([maps[name] for _, maps in parts]) for name in parts[0][1]})

    def _predict(self, images):
        results = [member(images) for member in self.members]
        p_ai = np.stack([p for p, _ in results], axis=1)
        calibration = self.manifest["calibration"]
        # A map's mean is its member's logit, so both are corrected alike.
        scales = calibration.get("scales", np.ones(len(results)))
        shifts = calibration.get("shifts", np.zeros(len(results)))
        maps = {member.name: scale * logits + shift
                for member, (_, logits), scale, shift in zip(self.members, results, scales, shifts)
                if logits is not None}
        return correct(p_ai, calibration), maps

    def see(self, picture):
        """What the members see of a picture.

        Returns
        -------
        ndarray of uint8, shape [H, W, 3] or [tiles, H, W, 3]
            By whether the pack's members look at tiles: see `ensemble.tiles`.
        """
        size, resample = self.manifest["input_size"], self.manifest["resize"]
        if grid := self.manifest.get("grid"):
            return cut(picture.rgb, size, resample, grid)
        return fit_square(picture.rgb, size, resample)

    def judge(self, pictures, images=None):
        """Judge pictures as one batch.

        Parameters
        ----------
        pictures : sequence of Picture
            At least one.
        images : sequence of ndarray, optional
            What the members see of each, if it was asked for before: the pictures' own pixels are
            not looked at then.

        Returns
        -------
        list of Verdict
        """
        images = images or [self.see(picture) for picture in pictures]
        p_ai, maps = self.predict(np.stack(images))
        return [decide(self.manifest, picture, p_ai[row],
                       {name: values[row] for name, values in maps.items()},
                       self.pack.knows(picture.digest))
                for row, picture in enumerate(pictures)]

    def _try(self):
        """Judge a blank image: a pack that can't is refused here, not in front of a visitor."""
        size = self.manifest["input_size"]
        blank = Picture(np.zeros((size, size, 3), np.uint8), size, size)
        try:
            p_ai, _ = self.predict(self.see(blank)[None])
        except Exception as error:  # the runtime raises a type of its own for each status
            raise MemberError(f"The members can't judge an image of {size} × {size} pixels: "
                              f"{error}") from error
        if p_ai.shape != (1, len(self.members)) or not ((p_ai >= 0) & (p_ai <= 1)).all():
            raise MemberError("A member's p_ai is not one probability for each image.")
