"""Whether and how the settings ask to read words beside the sound."""

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError
from pipelines.settings import Settings
from ser.errors import ConfigurationError

if TYPE_CHECKING:
    from ser.fusion.parameters import FusionParameters
    from ser.models.parameters import NetworkParameters
    from ser.training.parameters import TrainingParameters

FUSION_SETTINGS = ("drop_words", "drop_sound", "wrong_words", "side_loss", "size", "heads")
STAGE_SETTINGS = ("epochs", "learning_rate")
# What the second stage takes over from the first: what is learned, and where.
SHARED_SETTINGS = ("loss", "gamma", "balance", "device")
JOINT = "joint"


@dataclass(frozen=True)
class Fusing:
    """How words are read and joined to the sound.

    Args:
        parameters: Sizes and choices of the fusion.
        sources: Whose words, the first that has any for a clip.
        text_model: The text encoder: a folder or a name.
        text_set: Name of the text features, which follows from what the encoder holds.
        training: How the second stage is trained; `None` where sound and words are trained at once.
    """

    parameters: "FusionParameters"
    sources: tuple[str, ...]
    text_model: str
    text_set: str
    training: "TrainingParameters | None"

    def describe(self) -> dict[str, Any]:
        """Return what a model row records."""
        return {
            **asdict(self.parameters),
            "words": list(self.sources),
            "text_model": self.text_model,
            "text_set": self.text_set,
            "training": None if self.training is None else asdict(self.training),
        }


def chosen_fusion(
    settings: Settings, network: "NetworkParameters", training: "TrainingParameters"
) -> Fusing | None:
    """Return how the settings ask to join sound and words; `None` where they do not.

    Args:
        settings: Fusion settings.
        network: The network of the sound.
        training: How it is trained.

    Raises:
        PipelineError: If words cannot be joined to what is asked of the sound, or settings
            contradict each other.
        ConfigurationError: If there is no such text encoder, or the extra is not installed.
    """
    from ser.fusion.parameters import FUSION_TRAINING, FusionParameters  # noqa: PLC0415 - torch
    from ser.text.features import TextFeatures  # noqa: PLC0415 - keeps help fast

    chosen = settings.fusion
    if chosen.kind == "none":
        return None
    is_joint = chosen.stages == JOINT
    _refuse_obstacles(settings, network, is_joint=is_joint)
    try:
        parameters = FusionParameters(
            kind=chosen.kind, frozen_sound=not is_joint, **chosen.overrides(*FUSION_SETTINGS)
        )
    except ConfigurationError as error:
        raise PipelineError(f"settings `fusion.…`: {error}") from error
    named = _name_encoder(settings)
    text = TextFeatures() if named is None else TextFeatures(named)
    shared = {name: getattr(training, name) for name in SHARED_SETTINGS}
    own = chosen.overrides(*STAGE_SETTINGS)
    return Fusing(
        parameters=parameters,
        sources=tuple(dict.fromkeys(chosen.words.split(","))),
        text_model=text.model,
        text_set=text.text_set,
        training=None if is_joint else replace(FUSION_TRAINING, **shared, **own),
    )


def sound_training(
    settings: Settings, training: "TrainingParameters", fusing: Fusing | None
) -> "TrainingParameters":
    """Return how the sound is trained; beside words at once, without copies of it.

    Args:
        settings: What was set, and is refused where words at once cannot have it.
        training: How it would be trained alone.
        fusing: How words are joined to it.

    Raises:
        PipelineError: If something was set that needs copies of the sound.
    """
    if fusing is None or fusing.training is not None:
        return training
    from ser.audio.augment.record import EFFECTS  # noqa: PLC0415 - loads torch

    asked = [f"augmentation.{name}" for name in EFFECTS if getattr(settings.augmentation, name)]
    asked += ["training.mixup"] if settings.training.mixup else []
    if asked:
        raise PipelineError(
            f"`fusion.stages` is `{JOINT}`, which hears each clip as it is, but `{asked[0]}` is "
            "set; unset it, or set `fusion.stages` to `two`"
        )
    silent: dict[str, Any] = dict.fromkeys(EFFECTS, 0.0)
    augmentation = replace(training.augmentation, speed_factors=(), **silent)
    return replace(training, augmentation=augmentation, mixup=0.0)


def _name_encoder(settings: Settings) -> str | None:
    named = settings.fusion.text_model
    if named is not None and settings.models is not None and (settings.models / named).is_dir():
        return str(settings.models / named)
    return named


def _refuse_obstacles(settings: Settings, network: "NetworkParameters", *, is_joint: bool) -> None:
    obstacles = {
        "`network.members` is above 1; set it to 1, or `network.preset` to `cnn`": (
            network.members > 1
        ),
        "`training.ratings` names ratings; unset it": bool(network.ratings),
        "`training.classes` is false; unset it": not settings.training.classes,
    }
    if is_joint:
        obstacles |= {
            f"`{name}` is set, which goes with `fusion.stages` = `two`": is_there
            for name, is_there in {
                "training.semi": settings.training.semi not in {None, "none"},
                "training.domain": settings.training.domain not in {None, "none"},
                "training.balance_groups": bool(settings.training.balance_groups),
                "pretraining.objective": settings.pretraining.objective != "none",
            }.items()
        }
        obstacles |= {
            f"`fusion.{name}` is of the second of `two` stages; set `training.{name}`": bool(
                getattr(settings.fusion, name)
            )
            for name in STAGE_SETTINGS
        }
    found = [obstacle for obstacle, is_there in obstacles.items() if is_there]
    if found:
        raise PipelineError(
            f"`fusion.kind` is `{settings.fusion.kind}`, which joins words to one network that "
            f"names classes, but {found[0]}"
        )
