"""Memory of the processes that read documents, kept between readings rather than given back and asked for again."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""Parameters of `mallopt` (glibc, malloc.h)."""
KEPT = 512 << 20
"""Bytes at the end of the heap that stay with the process."""
LARGEST = 256 << 20
"""Bytes of a block from which it is asked of the kernel, and given back, alone."""


def keep_memory() -> None:
    """Let the networks' and pictures' large arrays be taken from memory that the process holds: otherwise the kernel
    clears tens of thousands of pages for each document, a tenth of the time that it takes. And one heap for all
    threads: with one each, the next reader's thread has none of what the last one gave back.

    To be called before threads start. Where the C library is not glibc nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)
        mallopt(_M_MMAP_THRESHOLD, LARGEST)
        mallopt(_M_TRIM_THRESHOLD, KEPT)
