"""A device is what is there, never what is wished for."""

import pytest
import torch

from ser.devices import choose_device
from ser.errors import ConfigurationError


@pytest.mark.parametrize(("has_gpu", "expected"), [(True, "cuda"), (False, "cpu")])
def test_auto_takes_a_gpu_where_there_is_one(monkeypatch, has_gpu: bool, expected: str) -> None:
    """And the CPU elsewhere."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_gpu)
    assert choose_device("auto") == expected


def test_a_missing_gpu_is_refused(monkeypatch) -> None:
    """A training that was to take minutes would take hours."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigurationError, match=r"`device` is `cuda:1`.*finds no GPU"):
        choose_device("cuda:1")
