"""Which network the settings ask for, and how it is trained."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pipelines.choices import Recipe
from pipelines.errors import PipelineError
from pipelines.feature_choice import ENCODER_KIND, STATES_KIND
from pipelines.labels import Targets
from pipelines.settings import Settings
from ser.errors import ConfigurationError

if TYPE_CHECKING:
    from ser.audio.augment.record import Augmentation
    from ser.features.record import FeatureSet
    from ser.models.parameters import NetworkParameters
    from ser.pretraining.parameters import PretrainingParameters
    from ser.training.losses import LossName
    from ser.training.parameters import Semi, TrainingParameters

Preset = Literal["crnn", "compact", "cnn", "ensemble", "layers", "tail"]
# The only loss that learns how people disagree; the others learn the leading class.
SOFT_LOSS: "LossName" = "soft_label"
SELF_TRAINING: "Semi" = "self_training"
_OF_KIND: dict[str, Preset] = {ENCODER_KIND: "layers", STATES_KIND: "tail"}

NETWORK_SETTINGS = (
    "separable",
    "residual",
    "squeeze",
    "recurrent",
    "recurrent_size",
    "self_attention",
    "pooling",
    "heads",
    "with_deviation",
    "embedding_size",
    "members",
    "centred",
    "encoder_dropout",
    "dropout",
    "adapter_rank",
)
LISTED_SETTINGS = ("channels", "time_pools")
TRAINER_SETTINGS = (
    "epochs",
    "updates",
    "batch_size",
    "learning_rate",
    "weight_decay",
    "loss",
    "gamma",
    "balance",
    "label_smoothing",
    "schedule",
    "warmup",
    "clip_norm",
    "mixup",
    "ema",
    "patience",
    "precision",
    "semi",
    "semi_weight",
    "semi_threshold",
    "semi_ratio",
    "semi_balance",
    "domain",
    "domain_weight",
    "balance_groups",
    "tune_rate",
    "frozen_epochs",
    "unfreeze_every",
)
PRETRAINER_SETTINGS = (
    "negatives",
    "supervised",
    "temperature",
    "epochs",
    "updates",
    "batch_size",
    "learning_rate",
)
AUGMENTATION_SETTINGS = ("warp", "masks", "noise", "telephone", "low_pass", "gain", "mu_law")

# Of the layer that domains are brought nearer in, where a network has none of its own.
MOVED_SIZE = 64


def chosen_preset(settings: Settings, features: "FeatureSet", recipe: Recipe) -> Preset:
    """Return the network to start from.

    Args:
        settings: Network settings.
        features: What it reads; those of an encoder are made for `layers` or `tail`.
        recipe: What decides where nothing is set.

    Raises:
        PipelineError: If `layers` or `tail` shall read other features than an encoder's, `tail`
            be joined with words, or another network have a highest layer.
    """
    kind = str(features.parameters["kind"])
    preset = settings.network.preset
    if preset is None:
        # Words are joined to one network.
        several: Preset = "cnn" if settings.fusion.kind != "none" else "ensemble"
        other: Preset = "compact" if recipe == "round" else several
        preset = _OF_KIND.get(kind, other)
    wanted = {of: name for name, of in _OF_KIND.items()}.get(preset, kind)
    if wanted != kind:
        raise PipelineError(
            f"`network.preset` is `{preset}`, which reads features of a pretrained encoder, but "
            f"`features.kind` is `{kind}`; set it to `{wanted}` and `features.encoder` to a folder "
            "or an id, and compute them with `serloop features`"
        )
    if preset == "tail" and settings.fusion.kind != "none":
        raise PipelineError(
            f"`fusion.kind` is `{settings.fusion.kind}`, but words are not joined to an encoder "
            f"that learns; set `features.kind` to `{ENCODER_KIND}`, or `fusion.kind` to `none`"
        )
    if preset != "tail" and settings.network.top_layer is not None:
        raise PipelineError(
            f"`network.top_layer` is {settings.network.top_layer}, but the network is `{preset}`, "
            "which has no layers of an encoder; leave it unset, or set `features.kind` to "
            f"`{STATES_KIND}`"
        )
    return preset


def chosen_network(
    settings: Settings, features: "FeatureSet", recipe: Recipe
) -> "NetworkParameters":
    """Return the network that the settings ask for.

    Args:
        settings: Network settings, and the rated dimensions to learn.
        features: What it reads.
        recipe: What decides where nothing is set.

    Raises:
        PipelineError: If the settings contradict each other.
    """
    from ser.models.parameters import (  # noqa: PLC0415 - keeps help fast
        CNN,
        CNN_ENSEMBLE,
        COMPACT_CRNN,
        CRNN,
        LAYER_HEAD,
    )

    preset = chosen_preset(settings, features, recipe)
    bases = {
        "crnn": CRNN,
        "compact": COMPACT_CRNN,
        "cnn": CNN,
        "ensemble": CNN_ENSEMBLE,
        "layers": LAYER_HEAD,
    }
    given = settings.network.overrides(*NETWORK_SETTINGS)
    for name, text in settings.network.overrides(*LISTED_SETTINGS).items():
        given[name] = tuple(int(number) for number in text.split(","))
    if preset == "layers":
        given["layers"] = features.count_frames(1)
    if settings.training.ratings is not None:
        given["ratings"] = tuple(settings.training.ratings.split(","))
    try:
        base = _tail(settings, features) if preset == "tail" else bases[preset]
        if settings.training.domain not in {None, "none"} and not base.embedding_size:
            given.setdefault("embedding_size", MOVED_SIZE)
        return replace(base, **given)
    except ConfigurationError as error:
        raise PipelineError(f"settings `network.…` or `training.ratings`: {error}") from error


def chosen_solver(settings: Settings, network: "NetworkParameters") -> Literal["descent", "ridge"]:
    """Return how weights are found: step by step, or all at once.

    An encoder learns step by step, however its head begins (see `begins_solved`).

    Args:
        settings: Training settings.
        network: What is trained.

    Raises:
        PipelineError: If ridge regression is set and cannot learn what is asked, or what only it
            learns by is.
    """
    obstacles = {
        "the network is no `layers` or `tail` without a hidden layer": network.embedding_size > 0
        or not (network.layers or network.encoder),
        "`training.ratings` names ratings": bool(network.ratings),
        "`training.clip_weights` is set": settings.training.clip_weights != "none",
        "`training.semi` is set": settings.training.semi not in {None, "none", SELF_TRAINING},
        "`training.domain` is set": settings.training.domain not in {None, "none"},
        "`fusion.kind` is set": settings.fusion.kind != "none",
    }
    found = [obstacle for obstacle, is_there in obstacles.items() if is_there]
    if settings.training.solver == "ridge" and found:
        raise PipelineError(
            "`training.solver` is `ridge`, which learns one linear layer onto the classes from "
            f"clips that count alike, but {found[0]}; set it to `descent`"
        )
    if network.encoder:
        found.append("the network is `tail`")
    solver = "descent" if found else settings.training.solver or "ridge"
    if settings.training.semi == SELF_TRAINING and solver != "ridge":
        why = found[0] if found else "`training.solver` is `descent`"
        raise PipelineError(
            f"`training.semi` is `{SELF_TRAINING}`, by which heads learn that ridge regression "
            f"solves for, but {why}; change that, or set `training.semi` to `fixmatch`"
        )
    return solver


def chosen_training(
    settings: Settings, features: "FeatureSet", recipe: Recipe, kind: Targets | None
) -> "TrainingParameters":
    """Return how the settings ask to train.

    Args:
        settings: Training settings, which override the recipe's.
        features: What is learned from.
        recipe: What decides where nothing is set.
        kind: Whether labels were asked to be decided or not; None for neither.

    Raises:
        PipelineError: If the loss cannot learn the kind of targets that was asked for, settings
            contradict each other, or there is no such device.
    """
    from ser.devices import choose_device  # noqa: PLC0415 - these load torch
    from ser.training.parameters import (  # noqa: PLC0415
        FULL_TRAINING,
        HEAD_TRAINING,
        ROUND_TRAINING,
        SOLVED_TAIL_TRAINING,
        TAIL_TRAINING,
    )

    usual = ROUND_TRAINING if recipe == "round" else FULL_TRAINING
    preset = chosen_preset(settings, features, recipe)
    tail = SOLVED_TAIL_TRAINING if settings.training.solver == "ridge" else TAIL_TRAINING
    base = {"layers": HEAD_TRAINING, "tail": tail}.get(preset, usual)
    given = settings.training.overrides(*TRAINER_SETTINGS)
    try:
        if settings.training.device is not None:
            given["device"] = choose_device(settings.training.device)
        augmentation = chosen_augmentation(settings, features, base.augmentation)
        training = replace(base, augmentation=augmentation, **given)
    except ConfigurationError as error:
        raise PipelineError(f"settings `training.…`: {error}") from error
    return replace(training, loss=_fitting_loss(settings, kind, training.loss))


def begins_solved(settings: Settings, network: "NetworkParameters") -> bool:
    """Return whether a head above an encoder that learns begins as ridge regression leaves it.

    Args:
        settings: Training settings, which `chosen_solver` has found to fit.
        network: What is trained.
    """
    return bool(network.encoder) and settings.training.solver == "ridge"


def chosen_pretraining(
    settings: Settings, features: "FeatureSet", training: "TrainingParameters"
) -> "PretrainingParameters | None":
    """Return how the settings ask to pretrain; `None` where they do not.

    Args:
        settings: Pretraining settings.
        features: What is learned from.
        training: What follows, on the same device.

    Raises:
        PipelineError: If the features are no log-mel, which views are made of.
    """
    from ser.pretraining.parameters import PretrainingParameters  # noqa: PLC0415 - loads torch

    if settings.pretraining.objective == "none":
        return None
    if features.parameters["kind"] != "log_mel":
        raise PipelineError(
            f"`pretraining.objective` is `{settings.pretraining.objective}`, which varies log-mel "
            f"features, but `features.kind` is `{features.parameters['kind']}`; set one of both "
            "to another"
        )
    given = settings.pretraining.overrides(*PRETRAINER_SETTINGS)
    return PretrainingParameters(
        objective=settings.pretraining.objective, device=training.device, **given
    )


def chosen_augmentation(
    settings: Settings, features: "FeatureSet", base: "Augmentation"
) -> "Augmentation":
    """Return what the settings ask to vary while training.

    Args:
        settings: Training settings.
        features: What is learned from.
        base: What the recipe varies; only log-mel bands are warped.
    """
    if features.parameters["kind"] != "log_mel":
        base = replace(base, warp=0.0)
    factors = base.speed_factors if settings.training.speed_perturbation else ()
    drawn = settings.augmentation.overrides(*AUGMENTATION_SETTINGS)
    return replace(base, speed_factors=factors, **drawn)


def _tail(settings: Settings, features: "FeatureSet") -> "NetworkParameters":
    """Return the network above a layer of an encoder, up to the layer that was asked for."""
    from ser.encoders.layers import count_layers, describe_layers  # noqa: PLC0415 - these load torch
    from ser.models.parameters import TAIL_LAYERS, encoder_tail  # noqa: PLC0415

    described = describe_layers(str(features.parameters["model"]))
    bottom, last = int(features.parameters["layer"]), count_layers(described)
    top = settings.network.top_layer or min(bottom + TAIL_LAYERS, last)
    if not bottom < top <= last:
        raise PipelineError(
            f"`network.top_layer` must lie above `features.layers`, which is {bottom}, and be one "
            f"of the encoder's {last} layers, but is {top}"
        )
    return encoder_tail(described, bottom=bottom, top=top)


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
