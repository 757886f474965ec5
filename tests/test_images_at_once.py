"""Pictures that are opened in several threads at the same time."""

import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from PIL import Image

from ensemble import images, open_picture
from tests.test_images import gradient, saved


@pytest.mark.parametrize("owner, step", [(Image, "open"), (images, "to_rgb")])
def test_pictures_opened_at_once_leave_the_warning_filters_as_they_were(monkeypatch, owner, step):
    """The first of two starts before the second and ends before it.

    `warnings.catch_warnings` would then put back, last, what the second met: the first's filters.
    """
    arrived, free, turns = (Event(), Event()), (Event(), Event()), iter((0, 1))
    whole = getattr(owner, step)

    def held(*arguments, **options):
        turn = next(turns)
        arrived[turn].set()
        assert free[turn].wait(20)
        return whole(*arguments, **options)

    monkeypatch.setattr(owner, step, held)
    data, before = saved(gradient(), "PNG"), list(warnings.filters)
    with ThreadPoolExecutor(2) as pool:
        pictures = []
        for turn in (0, 1):
            pictures.append(pool.submit(open_picture, data))
            assert arrived[turn].wait(20)
        for turn in (0, 1):
            free[turn].set()
            assert pictures[turn].result(20).rgb.shape == (40, 64, 3)
    assert warnings.filters == before
