"""System 4: all of VGG16 at 32 pixels, and MobileNet for faces."""

from keras import callbacks, layers, optimizers

from training.students.blocks import base, mlp, pixels, softmax, unfreeze


def vgg16_full(size=32, weights="imagenet"):
    """VGG16, flatten, dense 256, 128, softmax 2.

    The report prints the sum, 14.9 M, and not the head's widths; these give it.
    """
    images = pixels(size)
    x = layers.Flatten()(base("VGG16", images, weights, trainable=True))
    return softmax(images, mlp(x, 256, 128), "vgg16-full")


def mobilenet_faces(size=224, weights="imagenet"):
    """MobileNet, global average, dropout 0.2, softmax 2."""
    images = pixels(size)
    x = layers.GlobalAveragePooling2D()(base("MobileNet", images, weights))
    return softmax(images, layers.Dropout(0.2)(x), "mobilenet-faces")


def sgd(steps):
    """SGD at 1e-3."""
    return optimizers.SGD(1e-3)


def patience():
    """Early stopping, and a smaller rate before it, when the validation loss no longer falls."""
    return [callbacks.ReduceLROnPlateau(factor=0.2, patience=2, min_lr=1e-6),
            callbacks.EarlyStopping(patience=5)]


def tune_all(network):
    """Unfreeze the base; the optimizer to go on with."""
    unfreeze(network)
    return optimizers.Adam(1e-5)
