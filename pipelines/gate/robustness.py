"""What becomes of a candidate and the champion when the same clips are noisy, loud or soft.

Both hear the very same perturbed clips, so the comparison is paired as that of the clean ones is.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np
import numpy.typing as npt

from pipelines.clipset import read_waveforms
from pipelines.gate.checks import compare_limit, uar_statistics
from pipelines.gate.evidence import Evidence
from pipelines.gate.records import Check
from pipelines.hearing import hear
from pipelines.models import load_weights
from pipelines.operations_sections import GateSettings
from pipelines.predicting import predict_clips
from pipelines.progress import Progress
from pipelines.settings import Settings
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.record import FeatureSet
    from ser.models.trained import TrainedModel

Waveforms = Sequence[npt.NDArray[Any]]
# Folder under home.
KEPT = "heard"
Condition = Callable[[Waveforms, Sequence[str]], Waveforms]


def check_robustness(
    store: Warehouse, settings: Settings, progress: Progress, evidence: Evidence
) -> list[Check]:
    """Hold the UAR of the candidate under noise and gain to that of the champion under the same.

    Pink noise is added at `gate.noise_db`, the same to a clip whenever it is tried; the level is
    raised and lowered by `gate.gain_db`, and clipped as a converter would. Features are computed
    anew from what is heard then.

    Args:
        store: Where waveforms are.
        settings: Limits of the gate, and where weights are.
        progress: Where progress is shown.
        evidence: The clips and the models; without a champion, guessing takes its place.

    Returns:
        The checks `noise`, `gain=up` and `gain=down`.

    Raises:
        NothingToDoError: If a clip has no waveform.
        ArtifactError: If weights are missing, or are not those that were recorded.
        ConfigurationError: If this version cannot compute the features of a model.
    """
    from ser.threads import use_threads  # noqa: PLC0415 - loads torch

    use_threads(settings.compute.threads)
    clip_ids = evidence.clips.clip_ids
    trained = [load_weights(settings, dict(model)) for model in evidence.models]
    conditions = _conditions(settings.gate, trained[0].sample_rate)
    said = {
        name: [np.empty((len(clip_ids), len(evidence.clips.classes))) for _ in trained]
        for name in conditions
    }
    total = len(clip_ids) * len(conditions)
    with progress.track("try noise and gain", total, "clips") as advance:
        for part in _batches(len(clip_ids), settings.compute.batch_clips):
            names = clip_ids[part]
            heard = read_waveforms(store, names)
            for name, condition in conditions.items():
                perturbed = condition(heard, names)
                pairs = [*zip(evidence.models, trained, strict=True)]
                posteriors = _judge(store, pairs, names, perturbed, settings.home / KEPT)
                for whole, posterior in zip(said[name], posteriors, strict=True):
                    whole[part] = posterior
                advance(len(names))
    return [_compare(name, evidence, found, settings.gate) for name, found in said.items()]


def _conditions(limits: GateSettings, sample_rate: int) -> dict[str, Condition]:
    from ser.audio.augment.probe import with_gain, with_noise  # noqa: PLC0415 - loads torch

    def noise(heard: Waveforms, names: Sequence[str]) -> Waveforms:
        seeds = [crc32(name.encode()) for name in names]
        return with_noise(heard, seeds, snr_db=limits.noise_db, sample_rate=sample_rate)

    def gain(by: float) -> Condition:
        return lambda heard, _: with_gain(heard, gain_db=by)

    return {"noise": noise, "gain=up": gain(limits.gain_db), "gain=down": gain(-limits.gain_db)}


def _judge(
    store: Warehouse,
    models: "Sequence[tuple[Mapping[str, Any], TrainedModel]]",
    names: Sequence[str],
    heard: Waveforms,
    kept: Path,
) -> Iterator[npt.NDArray[np.float32]]:
    """Yield what each model says; features that both read are computed once."""
    computed = {
        name: hear(kept, features, heard)
        for name, features in _features_of([model for model, _ in models]).items()
    }
    for model, weights in models:
        features = computed[model["feature_set"]]
        yield predict_clips(store, model["config"], weights, names, features=features).posterior


def _features_of(models: Sequence[Mapping[str, Any]]) -> "dict[str, FeatureSet]":
    from ser.features.registry import rebuild_features  # noqa: PLC0415 - keeps help fast

    return {model["feature_set"]: rebuild_features(model["config"]["features"]) for model in models}


def _compare(
    name: str, evidence: Evidence, said: Sequence[npt.NDArray[np.floating]], limits: GateSettings
) -> Check:
    tried = replace(
        evidence, said=said[0], reference=None if evidence.champion is None else said[1]
    )
    labels = evidence.clips.labels
    return compare_limit(
        name,
        uar_statistics(tried),
        evidence.clips.speakers,
        guessing=1 / len(np.unique(labels)),
        limit=limits.robustness,
        limits=limits,
    )


def _batches(clips: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, clips, size)]
