"""Things measured in turn, so that what else a machine does is the same for all of them."""

import statistics
import time


def in_turn(calls, rounds, times=1, warm_up=1):
    """What each call takes.

    Parameters
    ----------
    calls : dict of str to callable
    rounds : int
        In each of which all are called, one after the other.
    times : int
        How often each is called in a round.
    warm_up : int
        Rounds before those.

    Returns
    -------
    dict of str to list of float
        Seconds a call, of each round.
    """
    took = {name: [] for name in calls}
    for _ in range(warm_up + rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            for _ in range(times):
                call()
            took[name].append((time.perf_counter() - start) / times)
    return {name: seconds[warm_up:] for name, seconds in took.items()}


def ratio(numerators, denominators):
    """The median of the rounds' ratios."""
    return round(statistics.median(a / b for a, b in zip(numerators, denominators)), 3)


def milliseconds(seconds):
    """The median of seconds, in milliseconds."""
    return round(statistics.median(seconds) * 1000, 2)
