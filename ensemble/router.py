"""Several packs, each for its own range of sizes → the one that judges a picture."""

from itertools import islice

from ensemble.images import ImageError
from ensemble.pack import PackError
from ensemble.vote import beyond

BATCH = 64  # pictures that are looked at together to be sorted by pack


class Router:
    """The ensembles of several packs; judges as one of them does, each picture by the right one.

    Parameters
    ----------
    ensembles : sequence of Ensemble

    Attributes
    ----------
    notice : str or None
        Why a pack is not the one that was configured.

    Raises
    ------
    ensemble.pack.PackError
        If two packs have one name: a verdict names the pack that judged.
    """

    def __init__(self, ensembles):
        self.ensembles, self.notice = tuple(ensembles), None
        names = [ensemble.manifest["name"] for ensemble in self.ensembles]
        if len(set(names)) < len(names):
            raise PackError(f"Each pack has a name of its own; these are {', '.join(names)}.")

    def route(self, picture):
        """The ensemble that judges a picture: the one whose pack knows its size, else the one
        whose pack comes nearest to it."""
        return min(self.ensembles,
                   key=lambda ensemble: abs(beyond(ensemble.manifest["domain"], picture)))

    def open(self, source):
        """Decode an image finely enough for every pack; see `Ensemble.open`."""
        finest = max(self.ensembles, key=lambda ensemble: ensemble.manifest["input_size"])
        return finest.open(source)

    def judge(self, source):
        """Judge one image; see `Ensemble.judge`."""
        picture = self.open(source)
        return self.route(picture).judge(picture)

    def judge_many(self, sources):
        """Judge many images, in batches of each pack; see `Ensemble.judge_many`."""
        pictures = map(self._small, sources)
        while batch := list(islice(pictures, BATCH)):
            routes = [None if isinstance(p, ImageError) else self.route(p) for p in batch]
            verdicts = {ensemble: ensemble.judge_many(
                            [p for p, route in zip(batch, routes) if route is ensemble])
                        for ensemble in self.ensembles}
            yield from (next(verdicts[route]) if route else picture
                        for picture, route in zip(batch, routes))

    def _small(self, source):
        """An image as its pack's members see it, or why it can't be judged."""
        try:
            # Small at once: a batch of large photographs would fill the memory.
            picture = self.open(source)
            return self.route(picture).small(picture)
        except ImageError as error:
            return error
