"""Weights that trainings begin with: learned once from clips whose labels need not be known."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from pipelines.clipset import ClipSet
from pipelines.identity import code_version, digest
from pipelines.models import PRETRAINED_SUFFIX, TRAINING_SUFFIX
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.unlabelled import Unlabelled
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.record import FeatureSet
    from ser.models.parameters import NetworkParameters
    from ser.pretraining.loop import OnEpoch
    from ser.pretraining.parameters import PretrainingParameters
    from ser.pretraining.pretrained import Pretrained, PretrainingEpoch


def pretrain_once(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    *,
    heard: Unlabelled,
    clips: ClipSet,
    features: "FeatureSet",
    network: "NetworkParameters",
    pretraining: "PretrainingParameters",
    seed: int,
) -> "Pretrained":
    """Return weights that were pretrained on clips, computed where they are not kept yet.

    Of several processes under `torchrun`, one reads or computes them for all.

    Args:
        store: The warehouse.
        settings: Where weights are kept, and whether a killed pretraining goes on.
        progress: Where epochs are shown.
        heard: The clips.
        clips: Those of them whose labels are known, for the supervised part.
        features: The feature set.
        network: Sizes of the network.
        pretraining: How to pretrain.
        seed: Seed of weights, batches and views.
    """
    from ser.features.spectral import LogMel  # noqa: PLC0415 - these load torch
    from ser.pretraining.loop import pretrain  # noqa: PLC0415
    from ser.pretraining.pretrained import load_pretrained, save_pretrained  # noqa: PLC0415
    from ser.pretraining.together import pretrain_for_all  # noqa: PLC0415

    # What is rated is said by a layer that pretraining does not reach.
    network = replace(network, ratings=())
    labels = _known_labels(heard, clips) if pretraining.supervised else None
    told = None if labels is None else labels.tolist()
    sizes = (asdict(network), asdict(pretraining))
    path = _place(
        settings, heard.describe(), told, features.feature_set, *sizes, seed, code_version()
    )

    def make(tell: "OnEpoch") -> "Pretrained":
        if path.is_file():
            return load_pretrained(path)
        state = path.with_suffix(TRAINING_SUFFIX) if settings.training.resume else None
        with _show(progress, len(heard.clip_ids), pretraining, tell) as on_epoch:
            pretrained = pretrain(
                heard.read(store, features.feature_set),
                feature_set=features.feature_set,
                sample_rate=features.sample_rate,
                parameters=network,
                training=pretraining,
                labels=labels,
                speakers=heard.speakers,
                log_mel=features if isinstance(features, LogMel) else None,
                seed=seed,
                state=state,
                on_epoch=on_epoch,
            )
        save_pretrained(pretrained, path)
        path.with_suffix(TRAINING_SUFFIX).unlink(missing_ok=True)
        return pretrained

    return pretrain_for_all(make)


@contextmanager
def _show(
    progress: Progress, clips: int, pretraining: "PretrainingParameters", tell: "OnEpoch"
) -> "Iterator[OnEpoch]":
    """Show epochs, and tell of them."""
    epochs = pretraining.count_epochs(math.ceil(clips / pretraining.batch_size))
    with progress.track(f"pretrain on {clips} clips", epochs, "epochs") as advance:

        def show(epoch: "PretrainingEpoch") -> None:
            advance(note=f"loss {epoch.loss:.3f} {epoch.clips_per_s:.0f} clips/s")
            tell(epoch)

        yield show


def _place(settings: Settings, *facts: object) -> Path:
    return settings.artifacts / f"{digest(*facts)}{PRETRAINED_SUFFIX}"


def _known_labels(heard: Unlabelled, clips: ClipSet) -> npt.NDArray[np.int64] | None:
    """Return the class number of each clip, −1 where it may not be known; None without any."""
    decided = clips.decided(clips.train)
    classes = clips.targets[decided].argmax(axis=1).tolist()
    known = dict(zip(clips.ids(decided), classes, strict=True))
    labels = np.array([known.get(clip_id, -1) for clip_id in heard.clip_ids], dtype=np.int64)
    return labels if len(set(classes)) > 1 else None
