"""How far what an exported file says is from what PyTorch says, on real sound."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from pipelines.clipset import corpus_clips, read_waveforms
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.record import FeatureSet
    from ser.models.trained import TrainedModel

Waveform = npt.NDArray[np.float32]
Judge = Callable[[Any, Any], npt.NDArray[np.float32]]
CLIPS = 200
LARGEST_BATCH = 8
LARGEST_DIFFERENCE = 1e-4
SHORTEST = 160  # samples: a clip of one frame is a clip


@dataclass(frozen=True)
class Parity:
    """How equal two ways of judging are.

    Args:
        difference: Largest difference of a posterior.
        clips: Clips it was measured on.
        changed: Clips of which they name another class.
    """

    difference: float
    clips: int
    changed: int


def draw_cuts(
    store: Warehouse, model: Mapping[str, Any], *, clips: int = CLIPS, longest: int | None = None
) -> list[list[Waveform]]:
    """Return batches of random sizes of clips of a model's corpus, cut to random lengths.

    Args:
        store: The warehouse.
        model: A row from `require_model`.
        clips: How many in all; fewer clips are cut several times.
        longest: Samples of the longest cut; None for whole clips.
    """
    known = sorted(corpus_clips(store, model["config"]["corpus"])["clip_id"].to_pylist())
    rng = np.random.default_rng(0)
    drawn = rng.choice(len(known), size=min(clips, len(known)), replace=False)
    waveforms = read_waveforms(store, [known[position] for position in sorted(drawn)])
    cuts = []
    for position in range(clips):
        waveform = waveforms[position % len(waveforms)]
        limit = min(len(waveform), longest or len(waveform))
        samples = int(rng.integers(min(SHORTEST, limit), limit + 1))
        first = int(rng.integers(0, len(waveform) - samples + 1))
        cuts.append(waveform[first : first + samples])
    return list(_batches(cuts, rng))


def measure_parity(
    trained: "TrainedModel",
    features: "FeatureSet",
    judge: Judge,
    batches: Sequence[Sequence[Waveform]],
    *,
    hears: bool,
) -> Parity:
    """Compare what a file says about batches of clips with PyTorch.

    Args:
        trained: The model.
        features: The features that it reads.
        judge: The file, from `ser.export.runtime.open_model`.
        batches: From `draw_cuts`.
        hears: Whether the file hears waveforms; else it reads features.
    """
    from ser.export.runtime import pad_clips  # noqa: PLC0415 - keeps help fast
    from ser.inference.predictor import predict  # noqa: PLC0415 - loads torch

    largest, changed = 0.0, 0
    for batch in batches:
        frames = features.compute(batch)
        expected = predict(trained, frames).posterior
        found = judge(*pad_clips(batch if hears else list(frames)))
        largest = max(largest, float(np.abs(found - expected).max()))
        changed += int((found.argmax(axis=1) != expected.argmax(axis=1)).sum())
    return Parity(difference=largest, clips=sum(map(len, batches)), changed=changed)


def _batches(cuts: Sequence[Waveform], rng: np.random.Generator) -> Iterator[list[Waveform]]:
    start = 0
    while start < len(cuts):
        size = int(rng.integers(1, LARGEST_BATCH + 1))
        yield list(cuts[start : start + size])
        start += size
