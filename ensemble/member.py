"""One trained model, served by ONNX Runtime."""

import os
from pathlib import Path

import numpy as np
import onnxruntime

from ensemble.pack import PackError

# All models take their memory from one place and give it back to there: members run one after the
# other, and each would keep what only one needs at a time. Here, as it can be registered only once,
# and members are loaded from several threads.
onnxruntime.create_and_register_allocator(onnxruntime.OrtMemoryInfo(
    "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0,
    onnxruntime.OrtMemType.DEFAULT), None)


class MemberError(PackError):
    """A model file that is not a member."""


class Member:
    """A model of the shape `uint8 [N, H, W, 3] → p_ai float32 [N]`, everything inside its graph.

    Parameters
    ----------
    name : str
        As votes name it.
    path : path
        An ONNX file with the input `images` and the output `p_ai`. A network also has the
        output `map`, float32 [N, h, w]: logits whose mean is the logit of `p_ai`.

    Raises
    ------
    MemberError
        If the file is no ONNX model or has other inputs or outputs.
    """

    def __init__(self, name, path):
        self.name = name
        try:
            self._session = onnxruntime.InferenceSession(
                Path(path).read_bytes(), session_options(), providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime raises a type of its own for each status
            raise MemberError(f"{Path(path).name} can't be loaded as an ONNX model: "
                              f"{error}") from error
        inputs = [i.name for i in self._session.get_inputs()]
        outputs = [o.name for o in self._session.get_outputs()]
        if inputs != ["images"] or outputs not in (["p_ai"], ["p_ai", "map"]):
            raise MemberError(f"{Path(path).name}: a member has the input images and the outputs "
                              f"p_ai and, for a network, map; this has {inputs} and {outputs}.")
        self.has_map = "map" in outputs

    def __call__(self, images):
        """Judge a batch; safe to call from several threads.

        Parameters
        ----------
        images : ndarray of uint8, shape [N, H, W, 3]

        Returns
        -------
        p_ai : ndarray of float32, shape [N]
        map : ndarray of float32, shape [N, h, w], or None
        """
        p_ai, *rest = self._session.run(None, {"images": np.ascontiguousarray(images)})
        return p_ai, rest[0] if rest else None


def session_options():
    """How a model is run: all cores, none of which waits for work by spinning."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cores()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin while they wait would keep a small server's cores busy for nothing.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    return options


def cores():
    """Cores this process may use: the affinity mask, a container's quota and `OMP_NUM_THREADS`.

    The last is how joblib and Dask tell each of their workers to leave the other cores to the rest.
    """
    known = hasattr(os, "sched_getaffinity")
    count = len(os.sched_getaffinity(0)) if known else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        count = min(count, max(1, int(quota) // int(period)))
    except (OSError, ValueError):
        pass  # no cgroup v2 here, or "max"
    threads = os.environ.get("OMP_NUM_THREADS", "")
    return min(count, max(1, int(threads))) if threads.isdecimal() else count
