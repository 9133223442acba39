"""What a model says of clips whose votes it did not learn from."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from pipelines.clipset import FOLD_SEED, ClipSet, corpus_clips, read_features
from pipelines.errors import NothingToDoError
from pipelines.feature_choice import chosen_features
from pipelines.fitting import fit, make_plan
from pipelines.predicting import predict_clips
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.training_choice import SOFT_LOSS, chosen_network, chosen_solver
from ser.training.folds import Split, join_groups, speaker_folds
from warehouse import Warehouse

FloatArray = npt.NDArray[np.float64]
FOLDS = 2
FEWEST_CLIPS = 2


def listens_by_ridge(settings: Settings) -> bool:
    """Return whether what the settings train in a round is solved for, which takes a moment.

    Raises:
        PipelineError: If the settings contradict each other.
    """
    network = chosen_network(settings, chosen_features(settings), "round")
    return chosen_solver(settings, network) == "ridge"


def soft_settings(settings: Settings) -> Settings:
    """Return settings whose loss learns posteriors as they are."""
    training = settings.training.model_copy(update={"loss": SOFT_LOSS, "resume": False})
    return settings.model_copy(update={"training": training})


def judge_by_ridge(
    store: Warehouse, settings: Settings, clips: ClipSet, *, penalty: float, scale: float
) -> FloatArray:
    """Let the light head judge each clip after learning from all others.

    Args:
        store: The warehouse.
        settings: Feature settings.
        clips: The N clips that have votes, and their posteriors.
        penalty: Of the ridge regression.
        scale: What scores are multiplied by to become logits.

    Returns:
        P(class), ``(N, C)``.

    Raises:
        NothingToDoError: If there are fewer than two clips, or one has no features.
    """
    from ser.encoders.kernel_ridge import (  # noqa: PLC0415 - these load torch
        leave_one_out_posterior,
    )
    from ser.encoders.ridge_model import layer_statistics  # noqa: PLC0415

    if len(clips.train) < FEWEST_CLIPS:
        raise NothingToDoError(
            f"{len(clips.train)} clip has votes, and no other to learn from what it sounds like; "
            "collect more answers"
        )
    name = chosen_features(settings).feature_set
    features = layer_statistics(read_features(store, name, clips.ids(clips.train)))
    targets = np.asarray(clips.targets[clips.train], np.float64)
    targets /= targets.sum(axis=1, keepdims=True)
    return leave_one_out_posterior(features, targets, penalty=penalty, scale=scale)


def judge_by_network(
    store: Warehouse, settings: Settings, progress: Progress, clips: ClipSet, corpus: str
) -> FloatArray:
    """Let networks judge the clips of speakers they did not hear, in two halves of the speakers.

    Args:
        store: The warehouse.
        settings: Network and training settings.
        progress: Where epochs are shown.
        clips: The N clips that have votes, and their posteriors.
        corpus: Corpus of the clips.

    Returns:
        P(class), ``(N, C)``.

    Raises:
        NothingToDoError: If the clips are of fewer than two speakers who share no session or
            audio, or one has no features.
    """
    nobody = np.empty(0, dtype=np.int64)
    origin: dict[str, str | None] = {
        "corpus": corpus, "labels": "aided", "round_id": None, "arm": None,
    }  # fmt: skip
    opinion = np.empty((len(clips.clip_ids), len(clips.classes)))
    chosen = soft_settings(settings)
    for fold in _deal(store, clips, corpus):
        part = replace(clips, train=fold.train, dev=nobody, test=nobody, kind="soft")
        plan = make_plan(chosen, part, "round", origin, store)
        model = fit(store, chosen, progress, part, plan)
        said = predict_clips(store, plan.config, model, clips.ids(fold.test))
        opinion[fold.test] = said.posterior
    return np.asarray(opinion[clips.train] / opinion[clips.train].sum(axis=1, keepdims=True))


def _deal(store: Warehouse, clips: ClipSet, corpus: str) -> list[Split]:
    """Return halves of the speakers, as positions of `clips`, always the same."""
    table = corpus_clips(store, corpus)
    row_of = {clip_id: row for row, clip_id in enumerate(table["clip_id"].to_pylist())}
    facts = table.take([row_of[clip_id] for clip_id in clips.ids(clips.train)])
    speakers = clips.speakers[clips.train].tolist()
    together = (facts["session"].to_pylist(), facts["audio"].to_pylist())
    apart = len(set(join_groups(speakers, *together).tolist())) if speakers else 0
    if apart < FOLDS:
        raise NothingToDoError(
            f"a network can only judge clips of speakers it did not hear, and the clips with votes "
            f"are of {apart} who share neither session nor audio; collect more answers, or set "
            "`rounds.aided` to `never`"
        )
    nobody = np.empty(0, dtype=np.int64)
    return [
        Split(clips.train[of.train], nobody, clips.train[of.test])
        for of in speaker_folds(speakers, FOLDS, seed=FOLD_SEED, together=together)
    ]
