"""The optimizer of the networks, and how its learning rate changes."""

import keras
from keras import ops

MOMENTUM = {"momentum": 0.9, "nesterov": True}
RATE = 0.02  # the highest learning rate
AVERAGING_RATE = 0.05 * RATE  # while weights are averaged


def cosine(steps):
    """The optimizer of `steps` steps: a warm-up of a tenth, then one cosine down to nothing."""
    return Muon(keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 10, warmup_target=RATE, warmup_steps=steps // 10), **MOMENTUM)


def constant():
    """The optimizer of the epochs whose weights are averaged."""
    return Muon(AVERAGING_RATE, **MOMENTUM)


@keras.saving.register_keras_serializable("training")
class Muon(keras.optimizers.SGD):
    """Nesterov SGD whose steps on convolution kernels are orthogonalised.

    The momentum of a kernel, as a matrix of inputs × filters, is replaced by the nearest matrix
    with orthogonal rows or columns, so rare directions are learnt as fast as common ones (Jordan
    et al. 2024, "Muon: an optimizer for hidden layers in neural networks"). Batch normalisation
    follows every kernel, so only its direction counts: its norm is held at √filters, and no
    weight decay is needed. All else, and the layer that gives the logit, takes plain steps.

    Keras's own `Muon` orthogonalises dense layers only.
    """

    def update_step(self, gradient, variable, learning_rate):
        """One step on one variable."""
        *_, filters = variable.shape
        if len(variable.shape) != 4 or filters == 1:
            super().update_step(gradient, variable, learning_rate)
            return
        momentum = self.momentums[self._get_variable_index(variable)]
        self.assign(momentum, self.momentum * momentum + gradient)
        step = ops.reshape(gradient + self.momentum * momentum, (-1, filters))
        scaled = variable * (filters ** 0.5 / ops.norm(ops.reshape(variable, -1)))
        direction = ops.reshape(orthogonal(step), variable.shape)
        self.assign(variable, scaled - learning_rate * direction)


def orthogonal(matrix, steps=5):
    """The matrix with all its singular values brought near 1, [M, N] → [M, N].

    Steps of a Newton–Schulz iteration with the coefficients of Jordan et al. 2024: fast rather
    than exact, the values end between 0.7 and 1.2.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return ops.transpose(orthogonal(ops.transpose(matrix), steps))
    x = matrix / (ops.norm(matrix) + 1e-7)
    for _ in range(steps):
        square = ops.matmul(x, ops.transpose(x))
        x = 3.4445 * x + ops.matmul(-4.775 * square + 2.0315 * ops.matmul(square, square), x)
    return x
