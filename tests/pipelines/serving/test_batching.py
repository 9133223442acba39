"""Batches are of one model, in order, and an error reaches only whom it is about."""

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from pipelines.serving.batching import Batcher
from pipelines.serving.load import Loaded
from pipelines.serving.meters import Meters


class Loudest:
    """A recogniser that says how long a clip is, and refuses clips of one sample."""

    name, classes, sample_rate = "loudest", ("a", "b"), 16000

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.may_go = threading.Event()
        self.may_go.set()

    def judge(self, waveforms: Sequence[npt.NDArray[Any]]) -> npt.NDArray[np.float32]:
        """Return the length of each clip."""
        self.may_go.wait(10)
        self.batches.append([len(waveform) for waveform in waveforms])
        if any(len(waveform) == 1 for waveform in waveforms):
            raise ValueError("too short")
        return np.array([[len(waveform), 0] for waveform in waveforms], np.float32)


def loaded(recogniser: Loudest, name: str = "m") -> Loaded:
    """Return it as something that answers."""
    return Loaded(recogniser, None, name, "")


def clip(samples: int) -> npt.NDArray[np.int16]:
    """Return a clip of a length."""
    return np.zeros(samples, np.int16)


def batcher(**given: Any) -> Batcher:
    """Return a batcher of one thread that waits for others for a while."""
    options = {"most_clips": 4, "wait_s": 0.05, "judges": 1, "meters": Meters()}
    return Batcher(**{**options, **given})


def test_clips_are_answered_in_order_and_in_batches() -> None:
    """Ten clips make batches of at most four, and each gets its own answer."""
    recogniser, own = Loudest(), batcher()
    futures = own.submit(loaded(recogniser), [clip(n) for n in range(2, 12)])
    assert [future.result(10)[0] for future in futures] == list(range(2, 12))
    assert [len(batch) for batch in recogniser.batches] == [4, 4, 2]
    own.close()


def test_a_batch_is_of_one_model() -> None:
    """Clips for two models are not mixed."""
    one, other, own = Loudest(), Loudest(), batcher()
    futures = [
        *own.submit(loaded(one), [clip(2)]),
        *own.submit(loaded(other, "n"), [clip(3)]),
    ]
    assert [future.result(10)[0] for future in futures] == [2, 3]
    assert (one.batches, other.batches) == ([[2]], [[3]])
    own.close()


def test_what_waits_for_the_same_recogniser_is_judged_together() -> None:
    """Callers in turns of two voices make a batch of each, and get their own answers in order."""
    one, other, own = Loudest(), Loudest(), batcher(most_clips=8, wait_s=0.5)
    turns = [(one, 2), (other, 3), (one, 4), (other, 5), (one, 6)]
    futures = [own.submit(loaded(judge), [clip(samples)])[0] for judge, samples in turns]
    assert [future.result(10)[0] for future in futures] == [2, 3, 4, 5, 6]
    assert (one.batches, other.batches) == ([[2, 4, 6]], [[3, 5]])
    own.close()


def test_an_error_reaches_whom_it_is_about() -> None:
    """Of a batch that fails, those that can be judged are."""
    own = batcher()
    good, bad = own.submit(loaded(Loudest()), [clip(2), clip(1)])
    assert good.result(10)[0] == 2
    with pytest.raises(ValueError, match="too short"):
        bad.result(10)
    own.close()


def test_who_left_is_not_judged() -> None:
    """A future that was cancelled while it waited costs nothing."""
    recogniser, own = Loudest(), batcher(most_clips=1)
    recogniser.may_go.clear()
    first, second = own.submit(loaded(recogniser), [clip(2), clip(3)])
    while not first.running():
        pass
    assert second.cancel()
    recogniser.may_go.set()
    own.close()
    assert recogniser.batches == [[2]]


def test_closing_judges_what_waits_and_takes_nothing_more() -> None:
    """No answer is lost at the end, and nobody waits for one that never comes."""
    own = batcher(wait_s=60)
    futures = own.submit(loaded(Loudest()), [clip(2), clip(3)])
    own.close()
    assert [future.result(0)[0] for future in futures] == [2, 3]
    with pytest.raises(RuntimeError, match="closed"):
        own.submit(loaded(Loudest()), [clip(2)])
