"""A fitted support vector machine → an ONNX file."""

import numpy as np
import onnx

from training.export.onnx_graph import OPSET, halve


def write_svm(graph, features, width, native, path):
    """Write a calibrated machine behind the operators that compute its features.

    Parameters
    ----------
    graph : Graph
        Gets the operators of the machine.
    features : str
        What gives its features in the graph, float32 [N, width].
    width : int
    native : sklearn.calibration.CalibratedClassifierCV
        Of a frozen pipeline whose first step computes those features.
    path : path
        Of the ONNX file to write, `images → p_ai`.
    """
    from skl2onnx import to_onnx

    calibrated = native.calibrated_classifiers_[0]
    pipeline, platt = calibrated.estimator.estimator, calibrated.calibrators[0]
    machine = to_onnx(pipeline[1:], np.zeros((1, width), np.float32),
                      target_opset={"": OPSET, "ai.onnx.ml": 3},
                      options={"zipmap": False, "raw_scores": True})
    _, scores = graph.include(machine, features)
    # The scores are [N, 2]: minus the decision function, and the decision function. Platt's
    # sigmoid is of the latter.
    decision = graph.add("Gather", scores, np.array(0), axis=1)
    logit = graph.add("Add", graph.add("Mul", decision, -platt.a_), -platt.b_)
    onnx.save(halve(graph.model({"p_ai": (graph.add("Sigmoid", logit), 1)})), path)
