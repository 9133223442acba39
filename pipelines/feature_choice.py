"""Which features the settings ask for."""

from typing import TYPE_CHECKING, Any

from pipelines.settings import Settings

if TYPE_CHECKING:
    from ser.features.record import FeatureSet


def chosen_features(settings: Settings, kind: str | None = None, **given: Any) -> "FeatureSet":  # noqa: ANN401
    """Return the features that the settings ask for.

    Args:
        settings: Feature settings.
        kind: A key of `ser.features.registry.KINDS`; default: the settings' own.
        given: Parameters of that kind that override the settings.

    Raises:
        ConfigurationError: If the kind is unknown, or a parameter does not fit it.
    """
    from ser.features.registry import build_features  # noqa: PLC0415 - keeps help fast

    chosen = settings.features
    is_same = kind in (None, chosen.kind)
    own = chosen.overrides("hop", "bands", "coefficients") if is_same else {}
    return build_features(kind or chosen.kind, **{**own, **given})
