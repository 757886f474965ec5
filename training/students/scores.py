"""Scores of each epoch of a training, whatever the network's head."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("training")
class Scores(keras.metrics.Metric):
    """Accuracy, and precision, recall, F1 and ROC-AUC with AI-generated as the positive class.

    Accuracy counts the right class of three as well; the others know real and AI-generated only.
    """

    def __init__(self, name="scores", **more):
        super().__init__(name=name, **more)
        self.right = self.add_variable((), "zeros", name="right")
        self.confusion = self.add_variable((2, 2), "zeros", name="confusion")
        self.auc = keras.metrics.AUC()

    def update_state(self, truth, predicted, sample_weight=None):
        """Add a batch: labels [N] or [N, 1] and what the network gave, [N, 1] or [N, classes]."""
        truth = ops.reshape(ops.cast(truth, "int32"), (-1,))
        is_ai, p_ai = ops.cast(truth > 0, "int32"), probability(predicted)
        called_ai = ops.cast(p_ai >= 0.5, "int32")
        label = (called_ai if predicted.shape[-1] == 1
                 else ops.cast(ops.argmax(predicted, -1), "int32"))
        self.right.assign_add(ops.sum(ops.cast(label == truth, "float32")))
        cells = ops.one_hot(2 * is_ai + called_ai, 4, dtype="float32")
        self.confusion.assign_add(ops.reshape(ops.sum(cells, axis=0), (2, 2)))
        self.auc.update_state(is_ai, p_ai)

    def result(self):
        """All of them, by name."""
        false_alarms, missed, caught = (self.confusion[i, j] for i, j in ((0, 1), (1, 0), (1, 1)))
        epsilon = keras.config.epsilon()  # so that nothing is divided by 0
        return {"accuracy": self.right / (ops.sum(self.confusion) + epsilon),
                "precision": caught / (caught + false_alarms + epsilon),
                "recall": caught / (caught + missed + epsilon),
                "f1": 2 * caught / (2 * caught + missed + false_alarms + epsilon),
                "auc": self.auc.result()}


def probability(predicted):
    """The probability of AI-generated: a sigmoid's output, or whatever is not real's.

    Parameters
    ----------
    predicted : tensor or ndarray, shape [N, 1] or [N, classes]

    Returns
    -------
    tensor or ndarray, shape [N]
    """
    return predicted[:, 0] if predicted.shape[-1] == 1 else 1 - predicted[:, 0]
