"""The mappings that come with the package fit the corpora that come with it."""

import pytest

from annotation.taxonomies import (
    BUILTIN,
    TaxonomyError,
    account,
    compile_mapping,
    find_mapping,
)
from annotation.taxonomies.builtin import SOURCES
from ser.corpora.registry import CORPORA


@pytest.mark.parametrize("key", BUILTIN, ids="-to-".join)
def test_built_in_mappings_fit_their_corpora(key: tuple[str, str]) -> None:
    """Each compiles against the classes the corpus reader really gives, in their order."""
    source, target = key
    taxonomies = [corpus.info.taxonomy for corpus in CORPORA.values()]
    (classes,) = [taxonomy.classes for taxonomy in taxonomies if taxonomy.name == source]
    assert SOURCES[source] == classes
    assert compile_mapping(BUILTIN[key], classes).mapping.target == target


def test_four_classes_are_the_fields_usual_ones() -> None:
    """Excitement joins happiness on IEMOCAP, calm joins neutral on RAVDESS, others are dropped."""
    iemocap = account(
        compile_mapping(find_mapping("iemocap-10", "emotion-4"), SOURCES["iemocap-10"])
    )
    assert iemocap.merged == (("happiness", ("excitement", "happiness")),)
    assert iemocap.dropped == ("disgust", "fear", "frustration", "other", "surprise")
    assert find_mapping("ravdess-8", "emotion-4").rule("calm") == "neutral"
    with pytest.raises(TaxonomyError, match="no mapping `x-1` → `emotion-4`"):
        find_mapping("x-1", "emotion-4")
    with pytest.raises(TaxonomyError, match="`bliss` has no rule"):
        find_mapping("urdu-4", "emotion-4").rule("bliss")
