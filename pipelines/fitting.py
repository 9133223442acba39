"""Fit: from a set of labelled clips and the settings to a trained network."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from annotation.taxonomies import describe_mapping
from pipelines.clipset import ClipSet, read_features, read_waveforms
from pipelines.errors import PipelineError
from pipelines.feature_choice import chosen_features
from pipelines.identity import code_version, digest
from pipelines.labels import Targets
from pipelines.progress import Progress
from pipelines.settings import Settings
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.audio.augment.record import Augmentation
    from ser.features.ragged import RaggedFeatures
    from ser.features.record import FeatureSet
    from ser.models.parameters import NetworkParameters
    from ser.models.trained import EpochSummary, TrainedModel
    from ser.training.losses import LossName
    from ser.training.parameters import TrainingParameters

# `full` trains to convergence on a labelled corpus, `round` in seconds on a growing label set.
Recipe = Literal["full", "round"]
TRAINER_SETTINGS = (
    "epochs",
    "updates",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "loss",
    "schedule",
)
# The only loss that learns how people disagree; the others learn the leading class.
SOFT_LOSS: "LossName" = "soft_label"
AUGMENTATION_SETTINGS = ("masks", "noise", "telephone", "low_pass", "gain", "mu_law")


@dataclass(frozen=True)
class Plan:
    """Everything a training run depends on, and the name that follows from it.

    Args:
        model_id: Corpus and a hash of the configuration, the targets and the code.
        config: What the model row records.
        features: The feature set.
        network: Sizes of the network.
        training: How it is trained.
    """

    model_id: str
    config: dict[str, Any]
    features: "FeatureSet"
    network: "NetworkParameters"
    training: "TrainingParameters"

    def artifact(self, settings: Settings) -> Path:
        """Return where the weights are kept."""
        return settings.artifacts / f"{self.model_id}.safetensors"


def make_plan(
    settings: Settings, clips: ClipSet, recipe: Recipe, origin: dict[str, str | None]
) -> Plan:
    """Name a training run by its content.

    Args:
        settings: Training and feature settings, which override the recipe's.
        clips: What is learned from.
        recipe: Network and training to start from.
        origin: `corpus`, `labels`, `round_id` and `arm`.

    Raises:
        PipelineError: If the loss cannot learn the kind of targets that was asked for.
    """
    from ser.models.parameters import COMPACT_CRNN, CRNN  # noqa: PLC0415 - keeps help fast
    from ser.training.parameters import ROUND_TRAINING, TrainingParameters  # noqa: PLC0415

    features = chosen_features(settings)
    network = COMPACT_CRNN if recipe == "round" else CRNN
    base = ROUND_TRAINING if recipe == "round" else TrainingParameters()
    training = replace(
        base,
        augmentation=chosen_augmentation(settings, base.augmentation),
        **settings.training.overrides(*TRAINER_SETTINGS),
    )
    training = replace(training, loss=_fitting_loss(settings, clips.kind, training.loss))
    config = {
        **origin,
        **_label_options(clips),
        "test_speakers": list(clips.test_speakers),
        "dev_speakers": list(clips.dev_speakers),
        "features": features.parameters,
        "network": asdict(network),
        "training": asdict(training),
        "seed": settings.training.seed,
        "clips": clips.ids(clips.train),
    }
    # The clips' labels are part of the name, so new votes on old clips make a new model.
    evidence = clips.targets[clips.train].tolist()
    model_id = f"{origin['corpus']}-{digest(config, evidence, code_version())}"
    return Plan(model_id, config, features, network, training)


def fit(
    store: Warehouse, settings: Settings, progress: Progress, clips: ClipSet, plan: Plan
) -> "TrainedModel":
    """Read the features of the training clips and train on them.

    Args:
        store: The warehouse.
        settings: Threads, speed copies and seed.
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
    train_ids = clips.ids(clips.train)
    features = read_features(store, plan.features.feature_set, train_ids)
    dev = None
    judged = clips.decided(clips.dev)
    if judged.size:
        dev_features = read_features(store, plan.features.feature_set, clips.ids(judged))
        dev = (dev_features, clips.targets[judged].argmax(axis=1))
    factors = plan.training.augmentation.speed_factors
    augmented = _speed_copies(store, progress, train_ids, plan.features, factors)
    epochs = plan.training.count_epochs(len(train_ids))
    with progress.track(f"train on {len(train_ids)} clips", epochs, "epochs") as advance:
        return train_classifier(
            features,
            clips.targets[clips.train],
            classes=clips.classes,
            feature_set=plan.features.feature_set,
            sample_rate=plan.features.sample_rate,
            augmented=augmented,
            log_mel=plan.features if isinstance(plan.features, LogMel) else None,
            dev=dev,
            model=plan.network,
            training=plan.training,
            seed=settings.training.seed,
            on_epoch=lambda epoch: advance(note=_describe(epoch)),
        )


def chosen_augmentation(settings: Settings, base: "Augmentation") -> "Augmentation":
    """Return what the settings ask to vary while training.

    Args:
        settings: Training settings.
        base: What the recipe varies.
    """
    factors = base.speed_factors if settings.training.speed_perturbation else ()
    drawn = settings.augmentation.overrides(*AUGMENTATION_SETTINGS)
    return replace(base, speed_factors=factors, **drawn)


def _label_options(clips: ClipSet) -> dict[str, Any]:
    """Return what was asked of the labels; nothing by default, so that older names stay."""
    options: dict[str, Any] = {}
    if clips.mapping is not None:
        options |= {"taxonomy": clips.taxonomy, "mapping": clips.mapping}
        options["rules"] = describe_mapping(clips.rules) if clips.rules else None
    if clips.kind is not None:
        options["targets"] = clips.kind
    return options


def _fitting_loss(settings: Settings, kind: Targets | None, loss: "LossName") -> "LossName":
    """Return the loss for hard or soft targets, or refuse the one that was set."""
    if kind == "soft" and settings.training.loss is None:
        return SOFT_LOSS
    if kind is not None and (kind == "soft") != (loss == SOFT_LOSS):
        other = "soft" if kind == "hard" else "hard"
        learned = "the posterior as it is" if kind == "hard" else "the decided label only"
        remedy = "set another loss" if kind == "hard" else f"set the loss `{SOFT_LOSS}`"
        raise PipelineError(
            f"`targets` is `{kind}`, but the loss `{loss}` learns {learned}; {remedy} "
            f"(`training.loss` or --loss), or ask for `{other}` targets"
        )
    return loss


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
    return f"loss {epoch.loss:.3f}{dev} {epoch.clips_per_s:.0f} clips/s"
