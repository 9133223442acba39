"""How many cores one process takes."""

import torch


def use_threads(count: int) -> None:
    """Let torch use this many threads inside one operation, in the whole process.

    One thread per process and as many processes as cores is the fast way on a CPU: two threads
    that wait for a core which others use can be several times slower than one.

    Args:
        count: Threads, at least 1.

    Example:
        >>> use_threads(1)
        >>> torch.get_num_threads()
        1
    """
    torch.set_num_threads(count)
