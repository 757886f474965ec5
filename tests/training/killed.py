"""Trainings that are killed, as by a power cut."""

from contextlib import contextmanager

import pytest

from training.fitting import checkpoints


class Killed(BaseException):
    """Nothing in a training catches it."""


@contextmanager
def killed_after(epochs):
    """Kill what is trained inside: so many epochs are whole, the next is not.

    Of the next its row in the curve is written, and a part of its checkpoint.
    """
    save = checkpoints.save

    def save_or_die(run, number, write):
        def write_a_part(folder):
            (folder / "model.keras").write_text("cut short")
            raise Killed
        save(run, number, write if number <= epochs else write_a_part)

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
        patch.setattr(checkpoints, "save", save_or_die)
        yield
