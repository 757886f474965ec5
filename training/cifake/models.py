"""What the three members are: two networks and a support vector machine.

A network maps uint8 [N, 32, 32, 3] to a class-activation map [N, h, w, 1] of logits whose
mean is the image's logit: global average pooling and one dense unit, in the other order
(Zhou et al. 2016, arXiv 1512.04150), so the map explains the verdict exactly.
"""

import keras
import numpy as np
from keras import layers, ops
from scipy.fft import dct
from sklearn.decomposition import PCA
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from training.fitting.batch_norm import BatchNormalization
from training.images.spectra import RGB_TO_YCC, pixels_and_spectrum


@keras.saving.register_keras_serializable("training")
class BlockSpectrum(layers.Layer):
    """Log-magnitude of the 8×8 blocks' DCT in YCbCr, [N, H, W, 3] → [N, H/8, W/8, 192].

    JPEG quantises on this grid, and a network that is blind to where it stands, as a
    convolutional one is, can't find it.
    """

    def build(self, shape):
        """The transform's waves, as the kernels of a convolution."""
        wave = dct(np.eye(8), axis=0, norm="ortho")
        self.kernel = np.einsum("uy,vx,kc->yxcuvk", wave, wave, RGB_TO_YCC).reshape(
            8, 8, 3, 192).astype(np.float32)

    def call(self, images):
        """As above; float32."""
        images = ops.cast(images, "float32")
        waves = ops.conv(images, self.kernel, strides=8, padding="valid")
        return ops.log(1 + ops.abs(waves))  # tf2onnx knows no log1p

    def compute_output_shape(self, shape):
        """One vector a block."""
        return shape[0], shape[1] // 8, shape[2] // 8, 192


def cnn():
    """A plain convolutional network: 368,609 parameters, 41 M multiply-adds.

    The first layer halves the resolution with 4×4 kernels, so it can keep all that a
    2×2 patch holds while every later layer costs a quarter.
    """
    x = inputs = _pixels()
    x = _conv(x, 64, kernel=4, strides=2)
    x = _conv(x, 64)
    x = _conv(x, 64)
    x = _conv(x, 96, strides=2)
    x = _beside_spectrum(x, inputs)
    x = _conv(x, 96)
    x = _conv(x, 96)
    return _map_of_logits(inputs, x, "cnn")


def resnet():
    """A residual network: 807,265 parameters, 77 M multiply-adds.

    Basic blocks as in He et al. 2016 (arXiv 1512.03385, section 4.2), behind a stem of two
    layers that looks at full resolution before it halves it.
    """
    x = inputs = _pixels()
    x = _conv(x, 32)
    x = _conv(x, 64, strides=2)
    x = _block(x, 64)
    x = _block(x, 64)
    x = _block(x, 128, strides=2)
    x = _beside_spectrum(x, inputs)
    x = _block(x, 128)
    return _map_of_logits(inputs, x, "resnet")


def svm(components=130, C=3.0, gamma="scale"):
    """Flattened pixels and spectrum → standardised → principal components → RBF kernel."""
    return Pipeline([
        ("features", FunctionTransformer(pixels_and_spectrum)),
        ("scale", StandardScaler()),
        ("pca", PCA(components, svd_solver="randomized", random_state=0)),
        ("svc", SVC(C=C, gamma=gamma, cache_size=2000)),
    ])


def _pixels():
    return layers.Input((32, 32, 3), dtype="uint8")


def _conv(x, filters, kernel=3, strides=1, activate=True):
    if x.dtype == "uint8":
        x = layers.Rescaling(1 / 127.5, -1)(x)
    x = layers.Conv2D(filters, kernel, strides, padding="same", use_bias=False)(x)
    x = BatchNormalization(momentum=0.95)(x)
    return layers.ReLU()(x) if activate else x


def _block(x, filters, strides=1):
    y = _conv(x, filters, strides=strides)
    y = _conv(y, filters, activate=False)
    if strides != 1 or x.shape[-1] != filters:
        x = _conv(x, filters, kernel=1, strides=strides, activate=False)
    return layers.ReLU()(layers.Add()([x, y]))


def _beside_spectrum(x, images):
    y = BlockSpectrum(dtype="float32")(images)
    y = layers.BatchNormalization(momentum=0.95, dtype="float32")(y)
    y = layers.SpatialDropout2D(0.2)(y)  # else it learns the training images by heart
    y = layers.UpSampling2D(2)(_conv(y, 64, kernel=1))
    return layers.Concatenate()([x, y])


def _map_of_logits(inputs, x, name):
    x = layers.Conv2D(1, 1, dtype="float32")(x)
    return keras.Model(inputs, x, name=name)
