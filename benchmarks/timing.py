"""Things measured in turn, so that what else a machine does is the same for all of them."""

import statistics
import time


def in_turn(calls, rounds, times=1):
    """What each call takes.

    Parameters
    ----------
    calls : dict of str to callable
    rounds : int
        In each of which all are called, one after the other, after one that warms up.
    times : int
        How often each is called in a round.

    Returns
    -------
    dict of str to list of float
        Seconds a call, of each round.
    """
    took = {name: [] for name in calls}
    for _ in range(rounds + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(times):
                call()
            took[name].append((time.perf_counter() - start) / times)
    return {name: seconds[1:] for name, seconds in took.items()}


def ratio(numerators, denominators):
    """The median of the rounds' ratios."""
    return round(statistics.median(a / b for a, b in zip(numerators, denominators)), 3)


def milliseconds(seconds):
    """The median of seconds, in milliseconds."""
    return round(statistics.median(seconds) * 1000, 2)
