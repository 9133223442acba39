"""Which features the settings ask for."""

from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from ser.features.record import FeatureSet

ENCODER_KIND = "encoder_statistics"


def chosen_features(settings: Settings, kind: str | None = None, **given: Any) -> "FeatureSet":  # noqa: ANN401
    """Return the features that the settings ask for.

    Args:
        settings: Feature settings.
        kind: A key of `ser.features.registry.KINDS`; default: the settings' own.
        given: Parameters of that kind that override the settings.

    Raises:
        ConfigurationError: If the kind is unknown, or a parameter does not fit it.
        PipelineError: If an encoder's features are asked for and no encoder is named.
    """
    from ser.features.registry import build_features  # noqa: PLC0415 - keeps help fast

    chosen = settings.features
    is_same = kind in (None, chosen.kind)
    own = chosen.overrides("hop", "bands", "coefficients", "layers", "speeds") if is_same else {}
    name = kind or chosen.kind
    if name == ENCODER_KIND and "model" not in given:
        own["model"] = name_encoder(settings)
    return build_features(name, **{**own, **given})


def name_encoder(settings: Settings) -> str:
    """Return the encoder of the settings: a folder among the models, a folder, or an id."""
    named = settings.features.encoder
    if named is None:
        raise PipelineError(
            "`features.encoder` is not set, so that nothing can compute the features of kind "
            f"`{ENCODER_KIND}`; set it to a folder, or an id such as `openai/whisper-base`"
        )
    if settings.models is not None and (settings.models / named).is_dir():
        return str(settings.models / named)
    return named
