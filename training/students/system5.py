"""System 5: ResNet101 from scratch."""

from keras import callbacks, layers, optimizers, regularizers

from training.students.blocks import base, pixels, softmax


def resnet101(size=224, weights=None):
    """Gaussian noise 0.1, ResNet101, global average, dense 1024 (L1, L2), dropout 0.4, softmax 2.

    The noise is of pixels in [0, 1].
    """
    images = pixels(size)
    x = layers.GaussianNoise(0.1)(layers.Rescaling(1 / 255)(images))
    x = base("ResNet101", layers.Rescaling(255.0)(x), None)
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(1024, activation="relu", kernel_initializer="glorot_uniform",
                     kernel_regularizer=regularizers.L1L2(0.02, 0.04))(x)
    return softmax(images, layers.Dropout(0.4)(x), "resnet101")


def polynomial_adam(steps):
    """Adam, its rate falling from 1e-4 to 1e-5 over 7,125 steps."""
    return optimizers.Adam(optimizers.schedules.PolynomialDecay(1e-4, 7125, 1e-5, power=2))


class StopWhenPassed(callbacks.Callback):
    """Ends the training when the validation loss is above the training loss."""

    def on_epoch_end(self, epoch, logs=None):
        """Compare the two."""
        if logs["val_loss"] > logs["loss"]:
            self.model.stop_training = True


def until_passed():
    """The report's rule for the end."""
    return [StopWhenPassed()]
