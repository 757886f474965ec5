"""What is freed goes back to the system, so that a server's memory doesn't only grow."""

import ctypes
import gc

# Of glibc's malloc.h: parameters of mallopt.
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
LARGE = 2**20  # bytes, from which on a block is the system's own and goes back as it is freed
ARENAS = 2


def give_back():
    """Have glibc keep little of what is freed; does nothing where there is no glibc.

    By default it raises the size of blocks that it keeps to that of each large one that was freed,
    up to 32 MB, and has eight arenas a core: after some pictures of many megapixels in many threads
    a process holds gigabytes, most of them free. To be called before other threads start.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library, another system
        return
    mallopt(M_MMAP_THRESHOLD, LARGE)
    mallopt(M_ARENA_MAX, ARENAS)


def keep_what_is_there():
    """Have the garbage collector look only at what comes from now on.

    To be called when all is loaded. It then finds sooner, and in less time, what requests leave
    behind: an error's traceback may hold the picture of a bad file until it is found.
    """
    gc.collect()
    gc.freeze()
