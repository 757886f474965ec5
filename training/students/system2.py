"""System 2: an SVM, a small CNN and a ResNet50 on images of several generators."""

import numpy as np
from keras import layers, optimizers
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC

from training.students.blocks import augmented, base, mlp, pixels, sigmoid, unfreeze

# Tried by cross-validation on 1,000 images of each class.
SVM_GRID = {"svc__kernel": ["rbf", "poly"], "svc__C": [0.1, 1, 10, 100],
            "svc__gamma": [1e-4, 1e-3, 1e-2, 1e-1, 1]}
SVM_IMAGES = 2000


def svm_flat():
    """Flattened pixels in [0, 1] → support vector machine."""
    return Pipeline([("features", FunctionTransformer(flat)), ("svc", SVC(cache_size=1000))])


def flat(images):
    """uint8 [N, H, W, 3] → float32 [N, 3·H·W] in [0, 1]."""
    return images.reshape(len(images), -1).astype(np.float32) / 255


def cnn_two_ai(size=32, weights=None):
    """Conv 32, 64, 128, each with a pool, flatten, dense 256, dropout 0.5, sigmoid."""
    images = pixels(size)
    x = layers.Rescaling(1 / 255)(images)
    for filters in (32, 64, 128):
        x = layers.Conv2D(filters, 3, activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    return sigmoid(images, mlp(layers.Flatten()(x), 256, dropout=0.5), "cnn-two-ai")


def resnet50_two_ai(size=200, weights="imagenet"):
    """ResNet50, global average, dense 256, sigmoid; flips, rotation 20°, zoom 0.2."""
    images = pixels(size)
    x = augmented(images, layers.RandomFlip("horizontal"),
                  layers.RandomRotation(20 / 360, fill_mode="nearest"),
                  layers.RandomZoom(0.2, fill_mode="nearest"))
    x = layers.GlobalAveragePooling2D()(base("ResNet50", x, weights))
    return sigmoid(images, mlp(x, 256), "resnet50-two-ai")


def tune_last_five(network):
    """Unfreeze the last five layers of the base; the optimizer to go on with."""
    unfreeze(network, 5)
    return optimizers.Adam(1e-5)
