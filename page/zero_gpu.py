"""ZeroGPU: hardware of the Hub that starts a Space only if one of its functions wants a GPU."""


def declare():
    """Have a function that wants a GPU where the Hub's package `spaces` is installed, else none.

    Nobody calls it, so no visitor's quota of GPU time is touched: the models need no GPU. But a
    free account gets no other hardware for a Space that computes.

    Source: `spaces` 0.51, `zero/__init__.py`: without a decorated function the start is not
    reported, and the Hub ends the Space.
    """
    try:
        import spaces
    except ImportError:
        return

    @spaces.GPU
    def nothing():
        """Do nothing."""
