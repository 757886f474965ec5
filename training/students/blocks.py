"""Parts of the recipes' networks: an input, random changes while training, a base, a head."""

import keras
from keras import applications, layers, ops

from training.errors import WeightsError

# Keras's networks that recipes stand on, and the modules with their `preprocess_input`.
BASES = {
    "EfficientNetV2B3": applications.efficientnet_v2,
    "MobileNet": applications.mobilenet,
    "MobileNetV2": applications.mobilenet_v2,
    "ResNet50": applications.resnet,
    "ResNet101": applications.resnet,
    "VGG16": applications.vgg16,
    "VGG19": applications.vgg19,
}


@keras.saving.register_keras_serializable("training")
class Preprocess(layers.Layer):
    """The `preprocess_input` of one of `BASES`, uint8 or float in [0, 255] → what it expects."""

    def __init__(self, base, **more):
        super().__init__(**more)
        self.base = base

    def call(self, images):
        """As above; float32 of the same shape."""
        return BASES[self.base].preprocess_input(ops.cast(images, "float32"))

    def compute_output_shape(self, shape):
        """The same shape."""
        return shape

    def get_config(self):
        """For the saved model."""
        return {**super().get_config(), "base": self.base}


@keras.saving.register_keras_serializable("training")
class RandomGain(layers.Layer):
    """Multiplies each image by a random factor while training.

    Keras's `RandomBrightness` adds; the reports' brightness range multiplies.
    """

    def __init__(self, low, high, seed=None, **more):
        super().__init__(**more)
        self.low, self.high = low, high
        self.random = keras.random.SeedGenerator(seed)

    def call(self, images, training=False):
        """Images in [0, 255] → the same range."""
        if not training:
            return images
        factor = keras.random.uniform((ops.shape(images)[0], 1, 1, 1), self.low, self.high,
                                      dtype=images.dtype, seed=self.random)
        return ops.clip(images * factor, 0, 255)

    def compute_output_shape(self, shape):
        """The same shape."""
        return shape

    def get_config(self):
        """For the saved model."""
        return {**super().get_config(), "low": self.low, "high": self.high}


@keras.saving.register_keras_serializable("training")
class WhileTraining(layers.Pipeline):
    """Layers that are passed by unless the network trains.

    Keras's random layers are at work whenever they aren't told that it doesn't.
    """

    def build(self, shape):
        """Of each layer; none changes the shape."""
        for layer in self.layers:
            layer.build(shape)

    def call(self, inputs, training=False, mask=None):
        """Changed images, or the images."""
        return super().call(inputs, training=True, mask=mask) if training else inputs


def pixels(size):
    """The input of every recipe, uint8 [N, size, size, 3]."""
    return layers.Input((size, size, 3), dtype="uint8", name="images")


def augmented(images, *changes):
    """The images as floats in [0, 255], changed by these layers while training only."""
    return WhileTraining(list(changes))(layers.Rescaling(1.0)(images))


def base(name, images, weights, trainable=False):
    """Feature maps of one of `BASES`, behind its own `preprocess_input`.

    Parameters
    ----------
    name : str
    images : KerasTensor
        In [0, 255], [N, size, size, 3].
    weights : {"imagenet", None}
        With None it starts from random weights, and so is always trained.
    trainable : bool
        Whether the ImageNet weights are trained too.

    Raises
    ------
    WeightsError
        If the weights can't be downloaded.
    """
    build, size = getattr(BASES[name], name), images.shape[1]
    more = {"include_preprocessing": True} if name.startswith("EfficientNetV2") else {}
    try:
        network = build(include_top=False, weights=weights, input_shape=(size, size, 3), **more)
    except Exception as error:  # Keras raises a bare Exception for every failed download
        if weights is None or not str(error).startswith("URL fetch failure"):
            raise
        raise WeightsError(
            f"The ImageNet weights of {name} could not be downloaded: {error}. Train from scratch "
            f"with --weights none, or put that file into ~/.keras/models and try again.") from error
    network.trainable = trainable or weights is None
    return network(Preprocess(name)(images))


def mlp(x, *widths, dropout=0.0):
    """Dense layers with ReLU, then dropout."""
    for width in widths:
        x = layers.Dense(width, activation="relu")(x)
    return layers.Dropout(dropout)(x) if dropout else x


def softmax(images, x, name, classes=2):
    """The network with one probability a class: real first, then the families of fakes."""
    return keras.Model(images, layers.Dense(classes, activation="softmax")(x), name=name)


def sigmoid(images, x, name):
    """The network with the probability that the image is AI-generated."""
    return keras.Model(images, layers.Dense(1, activation="sigmoid")(x), name=name)


def unfreeze(network, last=None):
    """Let the last layers of a network's base, or all, be trained; not its batch normalisation."""
    base_network = next(layer for layer in network.layers if isinstance(layer, keras.Model))
    base_network.trainable = True
    for place, layer in enumerate(reversed(base_network.layers)):
        within = last is None or place < last
        layer.trainable = within and not isinstance(layer, layers.BatchNormalization)
