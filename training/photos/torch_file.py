"""Arrays of a file that PyTorch saved, without PyTorch and without running what lies in it."""

import pickle
from collections import OrderedDict

import numpy as np

from training.errors import WeightsError

MAGIC = 0x1950A86A20F9469CFC6C  # of the format before PyTorch 1.6; the newer one is a zip
TYPES = {"FloatStorage": "<f4", "LongStorage": "<i8"}


def read(path):
    """Read a dict of tensors.

    Parameters
    ----------
    path : path
        As `torch.save` wrote it before version 1.6.

    Returns
    -------
    dict of str to ndarray

    Raises
    ------
    WeightsError
        Another format, a file cut short, or one that holds anything but tensors.
    """
    with open(path, "rb") as file:
        try:
            if _Tensors(file).load() != MAGIC:
                raise ValueError("another format")
            for _ in ("version", "machine that wrote it"):
                _Tensors(file).load()
            reader = _Tensors(file)
            tensors = dict(reader.load())
            for key in _Tensors(file).load():
                values = reader.stored[key]
                count = int.from_bytes(file.read(8), "little")
                if count != len(values) or file.readinto(values) != values.nbytes:
                    raise ValueError("cut short")
        except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"{path}: not a file of weights as PyTorch saved them before 1.6: "
                               f"{error}.") from error
    return tensors


class _Tensors(pickle.Unpickler):
    """Makes arrays, each a view of a storage whose content follows later, and nothing else."""

    def __init__(self, file):
        super().__init__(file)
        self.stored = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _view
        if module == "torch" and name in TYPES:
            return np.dtype(TYPES[name])
        raise pickle.UnpicklingError(f"it names {module}.{name}")

    def persistent_load(self, saved):
        _, dtype, key, _, count, _ = saved
        return self.stored.setdefault(key, np.empty(count, dtype))


def _view(storage, offset, shape, strides, *_):
    end = offset + 1 + sum((side - 1) * step for side, step in zip(shape, strides))
    if min((offset, *shape, *strides)) < 0 or end > len(storage):
        raise ValueError("a tensor reaches beyond what is stored")
    return np.lib.stride_tricks.as_strided(storage[offset:], shape,
                                           [step * storage.itemsize for step in strides])
