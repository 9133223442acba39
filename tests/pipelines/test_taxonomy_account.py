"""What a mapping does, and what clips and votes in the warehouse lose by it."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from annotation.taxonomies import TaxonomyError
from annotation.taxonomies.builtin import BUILTIN, SOURCES
from annotation.testing import fill_votes
from pipelines.errors import PipelineError
from pipelines.settings import Settings
from pipelines.taxonomy_account import account_mapping, list_taxonomies
from pipelines.workspace import open_store
from ser.corpora import CORPORA
from warehouse.testing import make_rows

SPLIT = """
source = "urdu-4"
target = "heat-2"
version = 1
classes = ["hot", "cold"]
drop = ["neutral"]
map = {happiness = "hot", sadness = "cold"}
[split.anger]
column = "gender"
map = {female = "hot"}
drop = ["male"]
"""


@pytest.fixture
def spoken(settings: Settings) -> Settings:
    """Return a warehouse with four clips of a corpus and some votes on them and others."""
    clip_ids = ["urdu/0", "urdu/1", "urdu/2", "urdu/3"]
    votes = [
        ("urdu/0", "anger", 3, "paper"),
        ("urdu/1", "anger", 2, "paper"),
        ("urdu/2", "neutral", 4, "paper"),
        ("urdu/404", "anger", 5, "paper"),
        ("urdu/0", "anger", 9, "intended"),
    ]
    names = ("clip_id", "label", "count", "source")
    columns: dict[str, Sequence[object]] = dict(
        zip(names, map(list, zip(*votes, strict=True)), strict=True)
    )
    rows = {
        "corpora": make_rows(
            "corpora", corpus=["urdu"], taxonomy=["urdu-4"], classes=[list(SOURCES["urdu-4"])]
        ),
        "clips": make_rows(
            "clips",
            clip_id=clip_ids,
            corpus=["urdu"] * 4,
            intended=["anger", "anger", "neutral", None],
            gender=["female", "male", None, None],
        ),
        "votes": fill_votes({**columns, "taxonomy": ["urdu-4"] * len(votes)}),
    }
    with open_store(settings) as store:
        store.commit(rows, message="urdu")
    return settings


@pytest.fixture
def split(tmp_path: Path) -> str:
    """Return the path of a mapping that asks for a column of clips."""
    path = tmp_path / "heat.toml"
    path.write_text(SPLIT, encoding="utf-8")
    return str(path)


def test_every_mapping_is_listed_and_no_warehouse_is_made(settings: Settings) -> None:
    """Without a warehouse the list is that of the package."""
    found = list_taxonomies(settings)
    assert [row["mapping"] for row in found.rows()] == [one.name for one in BUILTIN.values()]
    assert found.corpora == ()
    assert not settings.home.exists()


def test_corpora_of_the_warehouse_say_where_they_lead(spoken: Settings) -> None:
    """A taxonomy of its own has no target in the package."""
    with open_store(spoken) as store:
        own = make_rows("corpora", corpus=["calls"], taxonomy=["calls-1"], classes=[["rage"]])
        store.commit({"corpora": own}, message="calls")
    calls, urdu = list_taxonomies(spoken).corpora
    assert (calls["taxonomy"], calls["targets"]) == ("calls-1", None)
    assert urdu["targets"] == "arousal-2, emotion-4, valence-2"
    assert list_taxonomies(spoken, source="calls-1").rows() == ()
    with pytest.raises(PipelineError, match=r"no taxonomy `call` is known; there are `calls-1`"):
        list_taxonomies(spoken, source="call")


def test_clips_and_votes_are_counted(spoken: Settings) -> None:
    """Whatever is voted on counts, but for intended labels in the guise of votes."""
    found = account_mapping(spoken, wanted="valence-2", source="urdu-4")
    rows = {row["label"]: row for row in found.rows()}
    assert (rows["anger"]["becomes"], rows["anger"]["clips"], rows["anger"]["votes"]) == (
        "negative", 2, 10,
    )  # fmt: skip
    clips, votes = found.loss_rows()
    assert (clips["all"], clips["dropped"], clips["merged"]) == (3, 0, 3)
    assert (votes["all"], votes["dropped"], votes["merged"]) == (14, 0, 14)
    assert "anger and sadness become negative" in found.record()["lost"]


def test_a_split_counts_each_clip_by_its_column(spoken: Settings, split: str) -> None:
    """A vote on a clip that is not there cannot be split, and is not counted."""
    found = account_mapping(spoken, wanted=split)
    rows = {row["label"]: row for row in found.rows()}
    assert rows["anger"]["becomes"] == "by gender: female → hot, male → dropped"
    clips, votes = found.loss_rows()
    assert (clips["all"], clips["dropped"]) == (3, 2)
    assert (votes["all"], votes["dropped"]) == (9, 6)
    json.dumps(found.record())


@pytest.mark.parametrize("source", sorted({source for source, _ in BUILTIN}))
def test_rules_need_no_warehouse(settings: Settings, source: str) -> None:
    """What is not counted is not shown as nothing."""
    found = account_mapping(settings, wanted="emotion-4", source=source)
    assert {row["label"] for row in found.rows()} == set(SOURCES[source])
    assert {row["clips"] for row in found.rows()} == {None}
    assert found.loss_rows() == []
    assert not settings.home.exists()


def test_a_file_of_a_taxonomy_nobody_knows_is_shown(settings: Settings, split: str) -> None:
    """The file's own labels are taken for the classes; without one there are none."""
    path = Path(split)
    path.write_text(SPLIT.replace("urdu-4", "calls-4"), encoding="utf-8")
    assert len(account_mapping(settings, wanted=split).rows()) == 4
    with pytest.raises(PipelineError, match=r"no taxonomy `calls-4` is known; there are `crema-d"):
        account_mapping(settings, wanted="emotion-4", source="calls-4")
    with pytest.raises(PipelineError, match="name the taxonomy to map to `emotion-4` from"):
        account_mapping(settings, wanted="emotion-4")


def test_a_label_outside_its_taxonomy_is_named(spoken: Settings) -> None:
    """Counting it nowhere would make the account wrong."""
    clip = make_rows("clips", clip_id=["urdu/9"], corpus=["urdu"], intended=["bliss"])
    with open_store(spoken) as store:
        store.commit({"clips": clip}, message="stray")
    with pytest.raises(PipelineError, match="label `bliss` is none of the classes"):
        account_mapping(spoken, wanted="emotion-4", source="urdu-4")


def test_every_corpus_that_is_read_is_known_without_a_warehouse(settings: Settings, split) -> None:
    """A mapping of one's own from a corpus serloop reads must rule all of its classes."""
    known = CORPORA["synthetic"].info.taxonomy
    path = Path(split)
    path.write_text(SPLIT.replace("urdu-4", known.name), encoding="utf-8")
    with pytest.raises(TaxonomyError, match=r"lacks \['disgust', 'fear'\]"):
        account_mapping(settings, wanted=split)
