"""The file that keeps a training: complete or absent, and never another's."""

import json
import multiprocessing
import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ser.errors import ArtifactError
from ser.training.schedule import build_optimiser
from ser.training.state import (
    TrainingState,
    fingerprint,
    load_state,
    named,
    optimiser_tensors,
    restore_optimiser,
    save_state,
)

FACTS = {"fingerprint": "f", "loss": 0.1 + 0.2, "order": {"state": 2**127 + 1}}


def make_state(number: int = 0, *, size: int = 8) -> TrainingState:
    """Return a state whose tensors and facts all say a number."""
    tensors = {"network.a": torch.full((size,), float(number)), "best.a": torch.ones(2, 3).T}
    return TrainingState(tensors, {**FACTS, "number": number})


def test_a_stored_state_is_read_back_as_it_was(tmp_path):
    """Tensors and facts, large integers and the last bit of a float included."""
    save_state(make_state(3), tmp_path / "new" / "state")
    found = load_state(tmp_path / "new" / "state", fingerprint="f")
    torch.testing.assert_close(dict(found.tensors), dict(make_state(3).tensors), rtol=0, atol=0)
    assert found.facts == {**FACTS, "number": 3}
    assert list(found.part("network")) == ["a"]


def test_parts_undo_names():
    """A part holds what was put in under its name."""
    tensors = {"a": torch.ones(1), "b.c": torch.zeros(1)}
    state = TrainingState({**named("one", tensors), **named("on", tensors)}, {})
    assert state.part("one") == tensors


def test_without_a_file_there_is_no_state(tmp_path):
    """The training begins."""
    assert load_state(tmp_path / "state", fingerprint="f") is None


def _save_for_ever(path: Path) -> None:
    for number in range(10**9):
        save_state(make_state(number % 100, size=500_000), path)


def test_whoever_is_killed_while_writing_leaves_a_whole_state(tmp_path):
    """SIGKILL at ten moments of a process that does nothing but write."""
    path = tmp_path / "state"
    for kill in range(10):
        process = multiprocessing.get_context("fork").Process(target=_save_for_ever, args=(path,))
        process.start()
        while not path.exists():
            time.sleep(0.001)
        time.sleep(0.005 * kill)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        state = load_state(path, fingerprint="f")
        assert (state.tensors["network.a"] == state.facts["number"]).all()


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 100, b"\x02\0\0\0\0\0\0\0{}"], ids=["empty", "zeros", "no facts"]
)
def test_what_is_no_state_is_refused(content, tmp_path):
    """The message names the file and the remedy."""
    (tmp_path / "state").write_bytes(content)
    with pytest.raises(ArtifactError, match=r"state` must be a training state.*remove it"):
        load_state(tmp_path / "state", fingerprint="f")


def test_the_state_of_another_training_is_refused(tmp_path):
    """Going on from it would make a model of two."""
    save_state(make_state(), tmp_path / "state")
    with pytest.raises(ArtifactError, match=r"other data, parameters or seed; remove it"):
        load_state(tmp_path / "state", fingerprint="g")


def test_a_fingerprint_tells_arrays_shapes_and_facts_apart():
    """Equal content gives the same one, in whatever memory order."""
    values = np.arange(6.0).reshape(2, 3)
    found = {
        fingerprint([values], 1),
        fingerprint([values.reshape(3, 2)], 1),
        fingerprint([values.astype(np.float32)], 1),
        fingerprint([values + 1], 1),
        fingerprint([values], 2),
    }
    assert len(found) == 5
    assert fingerprint([np.asfortranarray(values)], 1) in found


def test_a_restored_optimiser_makes_the_same_next_step():
    """Also for weights in channels-last memory, which a fused update walks through as they lie."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last) for _ in range(2)]
    layers[1].load_state_dict(layers[0].state_dict())
    maps = torch.randn(2, 3, 5, 5).contiguous(memory_format=torch.channels_last)
    first, second = (
        build_optimiser(layer, learning_rate=0.1, weight_decay=0.1) for layer in layers
    )

    def step(layer: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        optimiser.zero_grad()
        layer(maps).square().sum().backward()
        optimiser.step()

    step(layers[0], first)
    step(layers[0], first)
    stored = {name: tensor.contiguous() for name, tensor in optimiser_tensors(first).items()}
    layers[1].load_state_dict(layers[0].state_dict())
    restore_optimiser(second, stored)
    step(layers[0], first)
    step(layers[1], second)
    assert torch.equal(layers[0].weight, layers[1].weight)
    assert json.dumps(sorted(optimiser_tensors(second))) == json.dumps(sorted(stored))


def test_a_changed_weight_is_found_out(tmp_path):
    """One bit of one tensor is enough, though the file can be read."""
    path = tmp_path / "state"
    save_state(make_state(3), path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"must have the SHA-256 .* remove it to train from"):
        load_state(path, fingerprint="f")
