"""Large matrices stored in half."""

import numpy as np
import onnxruntime
import pytest
from onnx import numpy_helper

from training.export.onnx_graph import LARGE, Graph, halve


def test_a_halved_member_says_the_same_in_half_the_bytes():
    rng = np.random.default_rng(1)
    features, width = 3 * 32 * 32, LARGE // 3072 + 1
    matrix = rng.normal(size=(features, width)).astype(np.float32)
    matrix[5] *= 1000  # a scale of its own for each row
    matrix[6] = 0
    graph = Graph(32)
    pixels = graph.add("Div", graph.add("Flatten", graph.add("Cast", "images", to=1)), 255.0)
    values = graph.add("MatMul", pixels, matrix)
    weights = rng.normal(size=(width, 1)) / 300
    model = graph.model({"p_ai": (graph.add("Sigmoid", graph.add("MatMul", values, weights)), 2)})
    images = rng.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    before = model.SerializeToString()
    after = halve(model).SerializeToString()
    assert len(after) < 0.55 * len(before)
    assert {tuple(constant.dims): numpy_helper.to_array(constant).dtype
            for constant in model.graph.initializer}[width, 1] == np.float32  # too small
    expected, given = (onnxruntime.InferenceSession(data).run(None, {"images": images})[0]
                       for data in (before, after))
    assert 0.1 < np.ptp(expected)
    assert given == pytest.approx(expected, abs=1e-3)
