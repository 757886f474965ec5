"""Batch normalisation that trains faster on a CPU."""

import keras
from keras import layers


@keras.saving.register_keras_serializable("training")
class BatchNormalization(layers.BatchNormalization):
    """Keras's layer, but TensorFlow's fused kernel while training.

    Keras's own is a dozen passes in float32 and takes a fifth of a training step on a CPU.
    """

    def call(self, inputs, training=None, mask=None):
        """As Keras's layer; `mask` is not looked at while training."""
        if not training:
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        nothing = tf.zeros([0])
        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs, scale=self.gamma.value, offset=self.beta.value, mean=nothing,
            variance=nothing, epsilon=self.epsilon, is_training=True)
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + new * (1 - self.momentum))
        return outputs
