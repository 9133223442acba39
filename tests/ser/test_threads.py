"""Threads of a process."""

import torch

from ser.threads import use_threads


def test_the_count_holds_for_the_whole_process():
    """Whatever was set before, the last call counts."""
    before = torch.get_num_threads()
    use_threads(2)
    assert torch.get_num_threads() == 2
    use_threads(before)
