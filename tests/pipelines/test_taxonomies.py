"""What is meant by a taxonomy on the command line, and what may be compared."""

from pathlib import Path

import pytest

from annotation.taxonomies import TaxonomyError, find_mapping
from annotation.taxonomies.builtin import BUILTIN, SOURCES
from pipelines.errors import PipelineError
from pipelines.taxonomies import check_comparable, choose_map, is_identity, load_mapping

URDU = SOURCES["urdu-4"]
TOML = """
source = "urdu-4"
target = "heat-2"
version = 3
classes = ["hot", "cold"]
drop = ["neutral"]
map = {anger = "hot", happiness = "hot", sadness = "cold"}
"""


@pytest.fixture
def heat(tmp_path: Path) -> str:
    """Return the path of a mapping of one's own."""
    path = tmp_path / "heat.toml"
    path.write_text(TOML, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("source", "target"), BUILTIN)
def test_targets_of_the_package_are_found_by_name(source: str, target: str) -> None:
    """Every corpus with a mapping reaches it, whatever order its classes come in."""
    compiled = choose_map(target, source, sorted(SOURCES[source]))
    assert compiled.mapping == find_mapping(source, target)
    assert not is_identity(compiled)


def test_a_file_is_a_mapping_too(heat: str) -> None:
    """Its target, version and rules are its own."""
    compiled = choose_map(heat, "urdu-4", URDU)
    assert (compiled.classes, compiled.mapping.version) == (("hot", "cold"), 3)


def test_what_is_there_already_is_left_alone(heat: str) -> None:
    """The source's own name changes nothing, and neither does a mapping that led there."""
    assert is_identity(choose_map("mine-2", "mine-2", ["a", "b"]))
    # Columns come in the order of the mapping, so that they mean the same everywhere.
    again = choose_map(heat, "heat-2", ["cold", "hot"])
    assert (again.classes, again.index.tolist()) == (("hot", "cold"), [1, 0])
    assert is_identity(again)


def test_what_is_not_there_is_answered_with_what_is(heat: str) -> None:
    """A typo lists the targets, a file of another corpus says which, a lost one its path."""
    with pytest.raises(TaxonomyError, match=r"`urdu-4` to `emo` .*`arousal-2`, `emotion-4`"):
        choose_map("emo", "urdu-4", URDU)
    with pytest.raises(TaxonomyError, match=r"`calls-2` to `emotion-4`.*\(none does\); write one"):
        choose_map("emotion-4", "calls-2", ["a", "b"])
    with pytest.raises(TaxonomyError, match=r"maps from `urdu-4`, but .* in `emodb-7`; write"):
        choose_map(heat, "emodb-7", SOURCES["emodb-7"])
    with pytest.raises(PipelineError, match=r"the mapping `no.toml` cannot be read"):
        choose_map("no.toml", "urdu-4", URDU)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("heat-2", "urdu-4", "a name of its own"),
        ("heat-2", "emotion-4", "means other classes already"),
        ("= 3", "= three", "heat.toml`: the mapping is no TOML"),
    ],
    ids=["source", "package", "broken"],
)
def test_a_file_that_would_be_mistaken_for_another_is_refused(
    heat: str, old: str, new: str, message: str
) -> None:
    """A name that means other classes would put figures side by side that have none in common."""
    Path(heat).write_text(TOML.replace(old, new), encoding="utf-8")
    with pytest.raises(TaxonomyError, match=message):
        load_mapping(heat)


ROW = {"model_id": "a", "taxonomy": "heat-2", "mapping": "m.v1", "classes": ["hot", "cold"]}


@pytest.mark.parametrize(
    "change",
    [{"taxonomy": "urdu-4"}, {"mapping": "m.v2"}, {"mapping": None}, {"classes": ["cold", "hot"]}],
    ids=["taxonomy", "version", "mapped", "order"],
)
def test_figures_in_different_classes_are_not_compared(change) -> None:
    """Not even where only the version of the mapping differs."""
    check_comparable([ROW, ROW | {"model_id": "b"}])
    with pytest.raises(PipelineError, match=r"`a` is in `m\.v1`, but `b` is in "):
        check_comparable([ROW, ROW | {"model_id": "b"} | change])
