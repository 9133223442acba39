"""Fit: from a set of labelled clips and the settings to a trained network."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from annotation.taxonomies import describe_mapping
from pipelines.choices import Recipe
from pipelines.clipset import INTENDED, ClipSet, read_features, read_waveforms
from pipelines.corpora_together import number_corpora
from pipelines.encoder_start import encoder_start, with_solved_head
from pipelines.errors import PipelineError
from pipelines.feature_choice import chosen_features
from pipelines.fusing import fit_fusion, fusion_options
from pipelines.fusion_choice import Fusing, chosen_fusion, sound_training
from pipelines.identity import code_version, digest
from pipelines.lesson import Lesson, read_lesson
from pipelines.models import TRAINING_SUFFIX
from pipelines.pretraining import pretrain_once
from pipelines.progress import Progress
from pipelines.settings import Settings
from pipelines.tracking import track_training
from pipelines.training_choice import (
    SOFT_LOSS,
    begins_solved,
    chosen_network,
    chosen_pretraining,
    chosen_solver,
    chosen_training,
)
from pipelines.unlabelled import Unlabelled, check_unlabelled, select_unlabelled
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet
    from ser.models.parameters import NetworkParameters
    from ser.models.trained import EpochSummary, TrainedModel
    from ser.pretraining.parameters import PretrainingParameters
    from ser.pretraining.pretrained import Pretrained
    from ser.training.dataset import DevClips
    from ser.training.parameters import TrainingParameters


@dataclass(frozen=True)
class Plan:
    """Everything a training run depends on, and the name that follows from it.

    Args:
        model_id: Corpus and a hash of the configuration, the targets and the code.
        config: What the model row records.
        features: The feature set.
        network: Sizes of the network.
        training: How it is trained.
        pretraining: How the weights it begins with are learned, if they are.
        fusing: How words are joined to the sound, if they are.
    """

    model_id: str
    config: dict[str, Any]
    features: "FeatureSet"
    network: "NetworkParameters"
    training: "TrainingParameters"
    pretraining: "PretrainingParameters | None" = None
    fusing: Fusing | None = None

    @property
    def learns_classes(self) -> bool:
        """Whether classes are learned, or ratings alone."""
        return bool(self.config.get("learns_classes", True))

    def artifact(self, settings: Settings) -> Path:
        """Return where the weights are kept."""
        return settings.artifacts / f"{self.model_id}.safetensors"

    def state(self, settings: Settings) -> Path:
        """Return where an unfinished training is kept, beside its weights to be."""
        return settings.artifacts / f"{self.model_id}{TRAINING_SUFFIX}"

    def fusion_state(self, settings: Settings) -> Path:
        """Return where an unfinished joining of words is kept, beside that of the sound."""
        return settings.artifacts / f"{self.model_id}.fusion{TRAINING_SUFFIX}"


def make_plan(
    settings: Settings,
    clips: ClipSet,
    recipe: Recipe,
    origin: dict[str, str | None],
    store: Warehouse | None = None,
) -> Plan:
    """Name a training run by its content.

    Args:
        settings: Network, training and feature settings, which override the recipe's.
        clips: What is learned from.
        recipe: Network and training to start from.
        origin: `corpus`, `labels`, `round_id` and `arm`.
        store: Where ratings are read from; needed if some are learned.

    Raises:
        PipelineError: If the loss cannot learn the kind of targets that was asked for, settings
            contradict each other, or there is nothing to learn.
        NothingToDoError: If nobody rated what is to be learned.
    """
    features = chosen_features(settings)
    network = chosen_network(settings, features, recipe)
    training = chosen_training(settings, features, recipe, clips.kind)
    fusing = chosen_fusion(settings, network, training)
    training = sound_training(settings, training, fusing)
    pretraining = chosen_pretraining(settings, features, training)
    is_solved = chosen_solver(settings, network) == "ridge"
    config = {
        **origin,
        **_label_options(clips),
        **_lesson_options(settings, origin, network.ratings),
        **({"solver": "ridge"} if is_solved else {}),
        **({"head": "ridge"} if begins_solved(settings, network) else {}),
        **_heard_options(settings, clips, origin, store, (training, pretraining)),
        "test_speakers": list(clips.test_speakers),
        "dev_speakers": list(clips.dev_speakers),
        "features": features.parameters,
        "network": asdict(network),
        "training": asdict(training),
        "seed": settings.training.seed,
        "clips": clips.ids(clips.train),
        **fusion_options(store, clips, fusing),
    }
    # The clips' labels are part of the name, so new votes on old clips make a new model.
    evidence: list[Any] = [clips.targets[clips.train].tolist()]
    if store is not None and network.ratings:
        ratings = read_lesson(store, clips, config, network.ratings).ratings
        evidence.append(np.nan_to_num(ratings, nan=-1.0)[clips.train].tolist())
    # Where an encoder lies is no part of what is computed with it.
    named = {**config, "features": features.feature_set}
    if fusing is not None:
        named["fusion"] = {**fusing.describe(), "text_model": fusing.text_set}
    model_id = f"{origin['corpus']}-{digest(named, evidence, code_version())}"
    return Plan(model_id, config, features, network, training, pretraining, fusing)


def fit(
    store: Warehouse, settings: Settings, progress: Progress, clips: ClipSet, plan: Plan
) -> "TrainedModel":
    """Read the features of the training clips and train on them.

    A training that was killed goes on where it was, if the settings let it keep its state, which
    is left for the caller to remove when the model is stored.

    Args:
        store: The warehouse.
        settings: Threads, seed, where the state is kept and where epochs are logged.
        progress: Where epochs are shown.
        clips: What to learn from.
        plan: Features, network and training.

    Returns:
        The trained model.
    """
    from ser.features.spectral import LogMel  # noqa: PLC0415 - these load torch
    from ser.threads import use_threads  # noqa: PLC0415
    from ser.training.loop import train_classifier  # noqa: PLC0415

    use_threads(settings.compute.threads)
    if plan.fusing is not None:
        hear = partial(fit, store, progress=progress, clips=clips, plan=replace(plan, fusing=None))
        state = plan.fusion_state(settings)
        return fit_fusion(store, settings, progress, clips, plan, state=state, hear=hear)
    if plan.config.get("solver") == "ridge":
        return _solve(store, settings, clips, plan)
    lesson = read_lesson(store, clips, plan.config, plan.network.ratings)
    train = clips.train if plan.learns_classes else clips.train[lesson.is_rated[clips.train]]
    train_ids = clips.ids(train)
    features = read_features(store, plan.features.feature_set, train_ids)
    dev = _read_dev(store, clips, plan, lesson)
    heard = None
    if "unlabelled" in plan.config:
        heard = _find_heard(store, clips, plan, plan.config["unlabelled"])
    pretrained = _pretrain(store, settings, progress, clips, plan)
    start, seed = encoder_start(plan.features, plan.network), settings.training.seed
    if plan.config.get("head") == "ridge":
        start = with_solved_head(start, features, clips, train, network=plan.network, seed=seed)
    factors = plan.training.augmentation.speed_factors
    augmented = _speed_copies(store, progress, train_ids, plan.features, factors)
    epochs = plan.training.count_epochs(len(train_ids))
    tracked = progress.track(f"train on {len(train_ids)} clips", epochs, "epochs")
    logged = track_training(settings, plan.model_id, plan.config)
    with tracked as advance, logged as log:

        def tell(epoch: "EpochSummary") -> None:
            advance(note=_describe(epoch))
            log(epoch)

        return train_classifier(
            features,
            clips.targets[train] if plan.learns_classes else np.empty((len(train), 0)),
            classes=clips.classes if plan.learns_classes else (),
            feature_set=plan.features.feature_set,
            sample_rate=plan.features.sample_rate,
            ratings=lesson.ratings[train] if plan.network.ratings else None,
            weights=None if lesson.weights is None else lesson.weights[train],
            augmented=augmented,
            log_mel=plan.features if isinstance(plan.features, LogMel) else None,
            dev=dev,
            groups=number_corpora(train_ids) if plan.training.balance_groups else None,
            unlabelled=None if heard is None else heard.read(store, plan.features.feature_set),
            initial=start if pretrained is None else pretrained.weights,
            model=plan.network,
            training=plan.training,
            seed=settings.training.seed,
            state=plan.state(settings) if settings.training.resume else None,
            on_epoch=tell,
        )


def _solve(store: Warehouse, settings: Settings, clips: ClipSet, plan: Plan) -> "TrainedModel":
    """Return the light head that ridge regression finds: soft targets keep clips that are tied."""
    from ser.encoders.ridge_model import train_ridge  # noqa: PLC0415 - loads torch

    is_soft = plan.training.loss == SOFT_LOSS
    train = clips.train if is_soft else clips.decided(clips.train)
    judged = clips.decided(clips.dev)
    name = plan.features.feature_set
    targets = clips.targets[train]
    return train_ridge(
        read_features(store, name, clips.ids(train)),
        targets if is_soft else targets.argmax(axis=1),
        clips.speakers[train].tolist(),
        classes=clips.classes,
        feature_set=name,
        sample_rate=plan.features.sample_rate,
        model=plan.network,
        dev=(
            (read_features(store, name, clips.ids(judged)), clips.targets[judged].argmax(axis=1))
            if judged.size
            else None
        ),
        beside=(
            _find_heard(store, clips, plan, plan.config["unlabelled"]).beside(
                store, name, clips.ids(train), plan.training
            )
            if "unlabelled" in plan.config
            else None
        ),
        seed=settings.training.seed,
    )


def _label_options(clips: ClipSet) -> dict[str, Any]:
    """Return what was asked of the labels; nothing by default, so that older names stay."""
    options: dict[str, Any] = {}
    if clips.mapping is not None:
        options |= {"taxonomy": clips.taxonomy, "mapping": clips.mapping}
        options["rules"] = describe_mapping(clips.rules) if clips.rules else None
    if clips.kind is not None:
        options["targets"] = clips.kind
    if clips.label_share is not None:
        options["label_share"] = clips.label_share
    if clips.also:
        options["also"] = {name: {"held_out": list(held)} for name, held in clips.also.items()}
    return options


def _lesson_options(
    settings: Settings, origin: dict[str, str | None], rated: Sequence[str]
) -> dict[str, Any]:
    """Return what is learned besides labels, and how clips are weighed; nothing by default."""
    options: dict[str, Any] = {}
    if settings.training.clip_weights != "none" and origin["labels"] != INTENDED:
        options["clip_weights"] = settings.training.clip_weights
    if not settings.training.classes:
        if not rated:
            raise PipelineError(
                "`training.classes` is false, so that nothing is left to learn; name rated "
                "dimensions in `training.ratings`, such as `arousal,valence`"
            )
        options["learns_classes"] = False
    return options


def _heard_options(
    settings: Settings,
    clips: ClipSet,
    origin: dict[str, str | None],
    store: Warehouse | None,
    learned: "tuple[TrainingParameters, PretrainingParameters | None]",
) -> dict[str, Any]:
    """Return what is heard without labels, and what for; nothing by default."""
    training, pretraining = learned
    other, corpus = settings.training.target_corpus, str(origin["corpus"])
    if training.domain != "none" and other in {None, corpus}:
        raise PipelineError(
            f"`training.domain` is `{training.domain}`, which brings another corpus nearer, but "
            "`training.target_corpus` names none; set it to the corpus to adapt to"
        )
    if other is not None and not training.needs_unlabelled:
        raise PipelineError(
            f"`training.target_corpus` is `{other}`, but nothing listens to it; set "
            "`training.domain` or `training.semi`, or unset it"
        )
    options: dict[str, Any] = {}
    if store is None:
        # Whoever only names a training has no clips to hear.
        return options
    if training.needs_unlabelled:
        options["unlabelled"] = select_unlabelled(store, clips, corpus, other).describe()
    if pretraining is not None:
        heard = select_unlabelled(store, clips, corpus, None).describe()
        options["pretraining"] = {**asdict(pretraining), "heard": heard}
    return options


def _find_heard(
    store: Warehouse, clips: ClipSet, plan: Plan, recorded: dict[str, Any]
) -> Unlabelled:
    """Return the clips that are heard without labels, the very ones that are recorded."""
    found = select_unlabelled(store, clips, plan.config["corpus"], recorded["corpus"])
    check_unlabelled(found, recorded)
    return found


def _pretrain(
    store: Warehouse, settings: Settings, progress: Progress, clips: ClipSet, plan: Plan
) -> "Pretrained | None":
    """Return the weights to begin with, if they are not fresh ones."""
    if plan.pretraining is None:
        return None
    return pretrain_once(
        store,
        settings,
        progress,
        heard=_find_heard(store, clips, plan, plan.config["pretraining"]["heard"]),
        clips=clips,
        features=plan.features,
        network=plan.network,
        pretraining=plan.pretraining,
        seed=settings.training.seed,
    )


def _read_dev(store: Warehouse, clips: ClipSet, plan: Plan, lesson: Lesson) -> "DevClips | None":
    """Return the dev clips by which epochs are judged, if there are any."""
    from ser.training.dataset import DevClips  # noqa: PLC0415 - loads torch

    if plan.learns_classes:
        judged = clips.decided(clips.dev)
    else:
        judged = clips.dev[lesson.is_rated[clips.dev]]
    if not judged.size:
        return None
    features = read_features(store, plan.features.feature_set, clips.ids(judged))
    labels = clips.targets[judged].argmax(axis=1) if plan.learns_classes else None
    return DevClips(features, labels, lesson.ratings[judged] if plan.network.ratings else None)


def _speed_copies(
    store: Warehouse,
    progress: Progress,
    clip_ids: Sequence[str],
    features: "FeatureSet",
    factors: Sequence[float],
) -> "list[RaggedFeatures]":
    """Return the features of the clips played slower and faster (Ko et al. 2015)."""
    if not factors:
        return []
    from ser.audio.augment.speed import speed_perturb  # noqa: PLC0415 - keeps help fast

    waveforms = read_waveforms(store, clip_ids)
    copies = []
    with progress.track("speed copies", len(factors), "copies") as advance:
        for factor in factors:
            copies.append(features.compute(speed_perturb(waveforms, factor)))
            advance()
    return copies


def _describe(epoch: "EpochSummary") -> str:
    dev = "" if epoch.dev_uar is None else f" dev UAR {epoch.dev_uar:.3f}"
    dev += "" if epoch.dev_ccc is None else f" dev CCC {epoch.dev_ccc:.3f}"
    return f"loss {epoch.loss:.3f}{dev} {epoch.clips_per_s:.0f} clips/s"
