"""System 3: CIFAKE at 32 pixels, everything trainable, and the images of a DCGAN beside it."""

import keras
from keras import layers, optimizers, regularizers

from training.students.blocks import base, mlp, pixels, softmax


def cnn_baseline(size=32, weights=None, classes=2, name="cnn-baseline"):
    """Conv 32, pool, conv 32, pool, dense 64, softmax; the best network of CIFAKE's own paper.

    Bird and Lotfi 2023 (arXiv 2303.14126).
    """
    images = pixels(size)
    x = layers.Rescaling(1 / 255)(images)
    for _ in range(2):
        x = layers.Conv2D(32, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    return softmax(images, mlp(layers.Flatten()(x), 64), name, classes)


def three_class(size=32, weights=None):
    """The same with three classes: real, diffusion model, GAN."""
    return cnn_baseline(size, classes=3, name="three-class")


def efficientnetv2b3(size=32, weights="imagenet"):
    """EfficientNetV2B3, global maximum, batch norm, dense 256 (L1, L2), dropout 0.4, softmax 2."""
    images = pixels(size)
    x = layers.GlobalMaxPooling2D()(base("EfficientNetV2B3", images, weights, trainable=True))
    x = layers.BatchNormalization()(x)
    # The report says L1 and L2 but not how much; these are what its recipe is usually run with.
    x = layers.Dense(256, activation="relu", kernel_regularizer=regularizers.L2(0.016),
                     bias_regularizer=regularizers.L1(0.006))(x)
    return softmax(images, layers.Dropout(0.4)(x), "efficientnetv2b3")


def resnet50_full(size=32, weights="imagenet"):
    """ResNet50, global maximum, dense 256, dropout 0.6, softmax 2."""
    images = pixels(size)
    x = layers.GlobalMaxPooling2D()(base("ResNet50", images, weights, trainable=True))
    return softmax(images, mlp(x, 256, dropout=0.6), "resnet50-full")


def adamax(steps):
    """Adamax at Keras's rate."""
    return optimizers.Adamax(1e-3)


def adam(steps):
    """Adam at 7e-4."""
    return optimizers.Adam(7e-4)


def dcgan():
    """Generator and discriminator."""
    return generator(), discriminator()


def generator():
    """Latent [N, 100] and class [N, 10] → image in [-1, 1], [N, 32, 32, 3].

    100 → 8×8×256 → 32×32×3, tanh. The report's DCGAN knows nothing of the object's class, which
    `training.generators.dcgan` gives every generator; it is not looked at.
    """
    noise, shown = layers.Input((100,)), layers.Input((10,))
    x = layers.Dense(8 * 8 * 256, use_bias=False)(noise)
    x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.Reshape((8, 8, 256))(x)
    for filters, strides in ((128, 1), (64, 2)):
        x = layers.Conv2DTranspose(filters, 5, strides, padding="same", use_bias=False)(x)
        x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2DTranspose(3, 5, 2, padding="same", use_bias=False, activation="tanh")(x)
    return keras.Model([noise, shown], x, name="generator")


def discriminator():
    """Image in [-1, 1], [N, 32, 32, 3], and class [N, 10] → logit of being real, [N, 1]."""
    image, shown = layers.Input((32, 32, 3)), layers.Input((10,))
    x = image
    for filters in (64, 128):
        x = layers.LeakyReLU()(layers.Conv2D(filters, 5, 2, padding="same")(x))
        x = layers.Dropout(0.3)(x)
    return keras.Model([image, shown], layers.Dense(1)(layers.Flatten()(x)), name="discriminator")
