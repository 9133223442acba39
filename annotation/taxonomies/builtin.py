"""The mappings that come with the package: four classes for every corpus, and the two halves."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from annotation.taxonomies.errors import TaxonomyError
from annotation.taxonomies.mapping import TaxonomyMap

FOUR: Final = ("anger", "happiness", "neutral", "sadness")
"""What most corpora share; on IEMOCAP with excitement as happiness the field's usual task."""

SOURCES: Final = MappingProxyType(
    {
        "ravdess-8": (
            *("neutral", "calm", "happiness", "sadness"),
            *("anger", "fear", "disgust", "surprise"),
        ),
        "crema-d-6": ("anger", "disgust", "fear", "happiness", "neutral", "sadness"),
        "emodb-7": ("anger", "boredom", "disgust", "fear", "happiness", "neutral", "sadness"),
        "iemocap-10": (
            *("anger", "disgust", "excitement", "fear", "frustration"),
            *("happiness", "neutral", "other", "sadness", "surprise"),
        ),
        "urdu-4": ("anger", "happiness", "neutral", "sadness"),
    }
)
"""The label sets mapped from; a test compares them with the corpora's."""

_FOUR: Final = {name: name for name in FOUR} | {"calm": "neutral", "excitement": "happiness"}

# Categories as halves of the two dimensions after B. Schuller et al. (2010). Cross-corpus acoustic
# emotion recognition: variances and strategies. IEEE Trans. Affective Computing 1(2), 119-131;
# calm, excitement and frustration, which their corpora lack, by the same reading.
_AROUSAL: Final = {
    **dict.fromkeys(("boredom", "calm", "disgust", "neutral", "sadness"), "low"),
    **dict.fromkeys(
        ("anger", "excitement", "fear", "frustration", "happiness", "surprise"), "high"
    ),
}
_VALENCE: Final = {
    **dict.fromkeys(("anger", "boredom", "disgust", "fear", "frustration", "sadness"), "negative"),
    **dict.fromkeys(("calm", "excitement", "happiness", "neutral", "surprise"), "positive"),
}

_TARGETS: Final[Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]]] = {
    "emotion-4": (FOUR, _FOUR),
    "arousal-2": (("low", "high"), _AROUSAL),
    "valence-2": (("negative", "positive"), _VALENCE),
}

BUILTIN: Final = MappingProxyType(
    {
        (source, target): TaxonomyMap.of(
            source, target, classes, {label: rules.get(label) for label in labels}
        )
        for source, labels in SOURCES.items()
        for target, (classes, rules) in _TARGETS.items()
    }
)
"""Every mapping by the names of its source and target; labels without a counterpart are dropped."""


def find_mapping(source: str, target: str) -> TaxonomyMap:
    """Return a mapping that comes with the package.

    Args:
        source: Name of the taxonomy mapped from.
        target: `emotion-4`, `arousal-2` or `valence-2`.

    Raises:
        TaxonomyError: There is none.

    Example:
        >>> find_mapping("iemocap-10", "emotion-4").rule("excitement")
        'happiness'
    """
    found = BUILTIN.get((source, target))
    if found is None:
        known = sorted(f"{known_source} → {known_target}" for known_source, known_target in BUILTIN)
        msg = f"no mapping `{source}` → `{target}` comes with serloop; there are {known}"
        raise TaxonomyError(msg)
    return found
