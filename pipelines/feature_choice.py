"""Which features the settings ask for."""

from typing import TYPE_CHECKING, Any

from pipelines.errors import PipelineError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from ser.features.record import FeatureSet

ENCODER_KIND = "encoder_statistics"
STATES_KIND = "encoder_states"
# Whatever takes a pretrained encoder to compute.
ENCODER_KINDS = (ENCODER_KIND, STATES_KIND)


def chosen_features(settings: Settings, kind: str | None = None, **given: Any) -> "FeatureSet":  # noqa: ANN401
    """Return the features that the settings ask for.

    Args:
        settings: Feature settings.
        kind: A key of `ser.features.registry.KINDS`; default: the settings' own.
        given: Parameters of that kind that override the settings.

    Raises:
        ConfigurationError: If the kind is unknown, or a parameter does not fit it.
        PipelineError: If an encoder's features are asked for and no encoder is named, or the
            states of more than one layer.
    """
    from ser.features.registry import build_features  # noqa: PLC0415 - keeps help fast

    chosen = settings.features
    is_same = kind in (None, chosen.kind)
    own = chosen.overrides("hop", "bands", "coefficients", "layers", "speeds") if is_same else {}
    name = kind or chosen.kind
    if name == STATES_KIND and "layers" in own:
        own["layer"] = _one_layer(own.pop("layers"))
    if name in ENCODER_KINDS and "model" not in given:
        own["model"] = name_encoder(settings)
    return build_features(name, **{**own, **given})


def name_encoder(settings: Settings) -> str:
    """Return the encoder of the settings: a folder among the models, a folder, or an id."""
    named = settings.features.encoder
    if named is None:
        raise PipelineError(
            "`features.encoder` is not set, so that nothing can compute the features of kind "
            f"`{settings.features.kind}`; set it to a folder, or to an id such as "
            "`openai/whisper-base`"
        )
    if settings.models is not None and (settings.models / named).is_dir():
        return str(settings.models / named)
    return named


def _one_layer(layers: str) -> int:
    if not layers.isdigit():
        raise PipelineError(
            f"`features.layers` is `{layers}`, but `{STATES_KIND}` are those of one layer, above "
            "which others learn; set it to a number such as `2`"
        )
    return int(layers)
