"""Fuse: train what joins the words of clips to their sound."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipelines.clipset import ClipSet, read_features
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.fusion_choice import Fusing
from pipelines.lesson import read_lesson
from pipelines.predicting import FUSION
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.tracking import track_training
from pipelines.words import Words, read_text, read_words
from warehouse import Warehouse

if TYPE_CHECKING:
    from pipelines.fitting import Plan
    from ser.fusion.dev import FusionDev
    from ser.fusion.model import FusedModel
    from ser.models.trained import EpochSummary, TrainedModel


def fusion_options(
    store: Warehouse | None, clips: ClipSet, fusing: Fusing | None
) -> dict[str, Any]:
    """Return what a model row records of the words; nothing where none are read.

    Args:
        store: Where they are read; `None` where a training is only named.
        clips: What is learned from, and who chooses the epoch.
        fusing: How they are read.

    Raises:
        NothingToDoError: If no clip to learn from has any.
    """
    if fusing is None:
        return {}
    options: dict[str, Any] = {FUSION: fusing.describe()}
    if store is not None:
        found = read_words(store, clips.ids(clips.train), fusing.sources, clips.classes)
        if not found.known:
            raise NothingToDoError(
                f"`fusion.words` is `{','.join(fusing.sources)}`, but no clip to learn from has "
                "such words; name other sources, or write them down with `serloop transcribe`"
            )
        options["words"] = {
            "sha256": _learned_words(store, clips, fusing).sha256,
            "known": found.known,
            "told": int(np.isfinite(found.told).all(axis=1).sum()) if clips.classes else 0,
        }
    return options


def fit_fusion(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    clips: ClipSet,
    plan: "Plan",
    *,
    state: Path,
    hear: "Callable[..., TrainedModel]",
) -> "FusedModel":
    """Train sound and words together, or the sound first and then what joins words to it.

    Args:
        store: The warehouse.
        settings: Threads, seed and where epochs are logged.
        progress: Where epochs are shown.
        clips: What to learn from.
        plan: Features, network and training; its `fusing` says how words are read.
        state: File that keeps what follows the sound, for a resume.
        hear: Trains the sound, or goes on with it, by `settings`.

    Raises:
        PipelineError: If the words are not those that the plan was made of.
    """
    from ser.fusion.train import train_fusion  # noqa: PLC0415 - these load torch
    from ser.threads import use_threads  # noqa: PLC0415

    fusing = plan.fusing
    if fusing is None:
        raise PipelineError("the plan reads no words; set `fusion.kind`")
    use_threads(settings.compute.threads)
    words = _learned_words(store, clips, fusing)
    _check_words(words, plan)
    sound = None if fusing.training is None else hear(settings=_unlogged(settings))
    ids, lesson = clips.ids(clips.train), read_lesson(store, clips, plan.config, ())
    training = fusing.training or plan.training
    told, epochs = words.told[: len(ids)], training.count_epochs(len(ids))
    tracked = progress.track(f"join words to {len(ids)} clips", epochs, "epochs")
    with tracked as advance, track_training(settings, plan.model_id, plan.config) as log:

        def tell(epoch: "EpochSummary") -> None:
            dev = "" if epoch.dev_uar is None else f" dev UAR {epoch.dev_uar:.3f}"
            advance(note=f"loss {epoch.loss:.3f}{dev}")
            log(epoch)

        return train_fusion(
            read_features(store, plan.features.feature_set, ids),
            read_text(plan.config[FUSION], words.texts[: len(ids)]),
            clips.targets[clips.train],
            classes=clips.classes,
            feature_set=plan.features.feature_set,
            text_set=fusing.text_set,
            sample_rate=plan.features.sample_rate,
            weights=None if lesson.weights is None else lesson.weights[clips.train],
            told=told if np.isfinite(told).any() else None,
            dev=_read_dev(store, clips, plan, words),
            sound=sound,
            model=plan.network if sound is None else None,
            fusion=fusing.parameters,
            training=training,
            seed=settings.training.seed,
            state=state if settings.training.resume else None,
            on_epoch=tell,
        )


def _unlogged(settings: Settings) -> Settings:
    """Return settings that log no epoch: what joins the words is logged under the same name."""
    training = settings.training.model_copy(update={"log_to": "none"})
    return settings.model_copy(update={"training": training})


def _learned_words(store: Warehouse, clips: ClipSet, fusing: Fusing) -> Words:
    """Return the words of the clips to learn from, then of those that choose the epoch."""
    ids = [*clips.ids(clips.train), *clips.ids(clips.decided(clips.dev))]
    return read_words(store, ids, fusing.sources, clips.classes)


def _check_words(words: Words, plan: "Plan") -> None:
    recorded = plan.config["words"]["sha256"]
    if recorded != words.sha256:
        raise PipelineError(
            f"model `{plan.model_id}` learned from words {recorded[:12]}, but now they are "
            f"{words.sha256[:12]}; train it again"
        )


def _read_dev(store: Warehouse, clips: ClipSet, plan: "Plan", words: Words) -> "FusionDev | None":
    from ser.fusion.dev import FusionDev  # noqa: PLC0415 - loads torch

    judged = clips.decided(clips.dev)
    if not judged.size:
        return None
    return FusionDev(
        read_features(store, plan.features.feature_set, clips.ids(judged)),
        read_text(plan.config[FUSION], words.texts[len(clips.train) :]),
        clips.targets[judged].argmax(axis=1),
    )
