"""Every kind of features by name, from the parameters someone gave or the warehouse kept."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any

from ser.encoders.states import EncoderStates
from ser.encoders.statistics import EncoderStatistics
from ser.errors import ConfigurationError
from ser.features.cepstral import Mfcc
from ser.features.egemaps import Egemaps
from ser.features.prosody import Prosody
from ser.features.record import FeatureSet, Parameter
from ser.features.spectral import LogMel

Kind = LogMel | Mfcc | Prosody | Egemaps | EncoderStatistics | EncoderStates
KINDS: Mapping[str, type[Kind]] = MappingProxyType(
    {
        "log_mel": LogMel,
        "mfcc": Mfcc,
        "prosody": Prosody,
        "egemaps": Egemaps,
        "encoder_statistics": EncoderStatistics,
        "encoder_states": EncoderStates,
    }
)


def build_features(kind: str = "log_mel", **parameters: Any) -> FeatureSet:  # noqa: ANN401
    """Return the feature set of a kind.

    Args:
        kind: A key of `KINDS`.
        parameters: Parameters of that kind that shall differ from its defaults.

    Raises:
        ConfigurationError: If the kind or a parameter is unknown, or a value does not fit.

    Example:
        >>> build_features("mfcc", coefficients=13).bands
        39
    """
    if kind not in KINDS:
        raise ConfigurationError(f"`kind` must be one of {', '.join(KINDS)}, but got `{kind}`")
    known = _parameters_of(kind)
    unknown = sorted(parameters.keys() - set(known))
    if unknown:
        raise ConfigurationError(
            f"`{kind}` has no parameter {', '.join(f'`{name}`' for name in unknown)}; it has "
            f"{', '.join(known)}"
        )
    return KINDS[kind](**parameters)


def rebuild_features(parameters: Mapping[str, Parameter]) -> FeatureSet:
    """Return the feature set whose `parameters` were stored.

    Args:
        parameters: What `FeatureSet.parameters` returned, through JSON and back.

    Raises:
        ConfigurationError: If this version of serloop cannot compute such features.

    Example:
        >>> rebuild_features(LogMel(hop=160).parameters) == LogMel(hop=160)
        True
    """
    kind = str(parameters.get("kind"))
    own = _parameters_of(kind) if kind in KINDS else ()
    rebuilt = build_features(kind, **{name: parameters[name] for name in own if name in parameters})
    if rebuilt.parameters != dict(parameters):
        differing = sorted(
            name
            for name in rebuilt.parameters.keys() | parameters.keys()
            if rebuilt.parameters.get(name) != parameters.get(name)
        )
        raise ConfigurationError(
            f"`parameters` of kind `{kind}` were stored by another version of serloop: "
            f"{', '.join(f'`{name}`' for name in differing)} cannot be honoured; compute the "
            "features again with this one"
        )
    return rebuilt


def _parameters_of(kind: str) -> tuple[str, ...]:
    return tuple(field.name for field in fields(KINDS[kind]))
