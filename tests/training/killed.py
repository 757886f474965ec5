"""Trainings that are killed, as by a power cut."""

import gc
import warnings

import pytest

from training.fitting import checkpoints


class Killed(BaseException):
    """Nothing in a training catches it."""


def kill_after(epochs, train):
    """Kill a training: so many epochs are whole, the next is not.

    Of the next its row in the curve is written, and a part of its checkpoint.

    Parameters
    ----------
    epochs : int
    train : callable
    """
    save = checkpoints.save

    def save_or_die(run, number, write):
        def write_a_part(folder):
            (folder / "model.keras").write_text("cut short")
            raise Killed
        save(run, number, write if number <= epochs else write_a_part)

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # who is killed closes no file
        patch.setattr(checkpoints, "save", save_or_die)
        try:
            train()
        except Killed:
            pass
        else:
            pytest.fail("It was not trained for so long.")
        gc.collect()
