"""What a recipe is: a model, how it is trained and how it becomes a member of a pack."""

from collections.abc import Callable
from dataclasses import dataclass
from inspect import signature

OURS = "ours"


@dataclass(frozen=True)
class Recipe:
    """A model and how it is trained unless told otherwise.

    Attributes
    ----------
    name : str
    system : {"ours", "1", "2", "3", "4", "5"}
        Whose it is: of the shipped pack, or of which student system.
    description : str
    build : callable
        `(size, weights) →` a Keras model, a scikit-learn pipeline, or the two models of a DCGAN.
        Only networks with a pretrained base look at `weights`.
    fit : callable
        `(recipe, data, out, **options) →` path of the model. `data` is a folder or a parquet file
        of labelled images, `out` the run's folder; its keyword arguments are the options that
        `python -m training fit` accepts for this recipe.
    export : callable or None
        `(model, size, path)` writes the ONNX file that serves the model, `uint8 [N, H, W, 3] →
        p_ai [N]`. None for a generator, which judges nothing.
    kind : str or None
        What `page/words/members.json` calls such a member, if it has a word for it.
    size : int
        Side of its input in pixels.
    classes : int
        2, or 3 where a GAN's images are a class of their own.
    parameters : int or None
        As its report prints it.
    accuracy : float or None
        On a test split, as its report prints it.
    weights : {"imagenet", None}
        What its base starts from; None if it has none or is trained from scratch.
    epochs, batch : int or None
        None for an SVM.
    average : int
        Epochs after `epochs` whose weights are averaged.
    optimizer : callable or None
        `steps → keras.optimizers.Optimizer`, for a training of that many steps.
    callbacks : callable
        Keras callbacks of the training, made anew for each.
    best : bool
        Keep the epoch with the lowest validation loss, not the last.
    fine_tune : callable or None
        `network → optimizer` of a second training; lets more of the base be trained.
    """

    name: str
    system: str
    description: str
    build: Callable
    fit: Callable
    export: Callable | None = None
    kind: str | None = None
    size: int = 32
    classes: int = 2
    parameters: int | None = None
    accuracy: float | None = None
    weights: str | None = None
    epochs: int | None = None
    batch: int | None = None
    average: int = 0
    optimizer: Callable | None = None
    callbacks: Callable = list
    best: bool = False
    fine_tune: Callable | None = None

    @property
    def options(self):
        """Names of the options that `fit` accepts, beside the data and the run's folder."""
        return tuple(signature(self.fit).parameters)[3:]
