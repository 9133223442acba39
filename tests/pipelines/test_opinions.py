"""Votes in force by taxonomy and modality, and what the corpus intended."""

import pytest

from pipelines.errors import NothingToDoError
from pipelines.opinions import classes_of, intended_labels, read_opinions
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse.testing import make_rows

# vote, label, taxonomy, modality, source, supersedes
VOTES = [
    ("a", "joy", "demo-2", "video", "paper", None),
    ("b", "joy", "demo-2", "audio", "paper", None),
    ("c", "calm", "demo-2", "audio", "paper", "b"),
    ("d", "joy", "demo-2", "audio", "intended", None),
    ("e", None, "none", "audio", "paper", None),
]


@pytest.fixture
def voted(settings: Settings) -> Settings:
    """Return a ledger with a correction, an intended label and a vote without label."""
    names = ("vote_id", "label", "taxonomy", "modality", "source", "supersedes")
    columns = dict(zip(names, map(list, zip(*VOTES, strict=True)), strict=True))
    rows = {
        "corpora": make_rows(
            "corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[["calm", "joy"]]
        ),
        "clips": make_rows(
            "clips",
            clip_id=["demo/a", "demo/b", "crema-d/1001_IEO_HAP_LO"],
            corpus=["demo", "demo", "crema-d"],
            intended=["joy", None, "fear"],
        ),
        "votes": make_rows("votes", clip_id=["demo/a"] * len(VOTES), **columns),
    }
    with open_store(settings) as store:
        store.commit(rows, message="votes")
    return settings


def test_what_stands_is_apart_by_taxonomy_and_modality(voted: Settings) -> None:
    """A corrected vote and an intended label are no opinions; classes come with labels only."""
    with open_store(voted) as store:
        found = read_opinions(store)
    assert [(one.taxonomy, one.modality, one.classes) for one in found] == [
        ("demo-2", "audio", ("calm", "joy")),
        ("demo-2", "video", ("calm", "joy")),
        ("none", "audio", ()),
    ]
    assert found[0].votes["vote_id"].to_pylist() == ["c"]


def test_nobody_is_said(voted: Settings) -> None:
    """The selection stands in the message."""
    with (
        open_store(voted) as store,
        pytest.raises(NothingToDoError, match="for corpus `x`, modality `audio`; bring votes in"),
    ):
        read_opinions(store, corpus="x", modality="audio")


def test_an_unknown_taxonomy_is_named(voted: Settings) -> None:
    """Labels whose class list is unknown cannot be put in order."""
    with (
        open_store(voted) as store,
        pytest.raises(NothingToDoError, match=r"taxonomy `other-3`.*belongs to no corpus"),
    ):
        classes_of(store, "other-3")


def test_intentions_are_read_from_clips_and_else_from_names(voted: Settings) -> None:
    """What was ingested counts first; an id that says nothing has no intention."""
    asked = ["demo/a", "demo/b", "demo/404", "crema-d/1001_IEO_HAP_LO"]
    asked += ["crema-d/1002_IEO_SAD_LO", "crema-d/odd"]
    with open_store(voted) as store:
        assert intended_labels(store, asked) == {
            "demo/a": "joy",
            "crema-d/1001_IEO_HAP_LO": "fear",
            "crema-d/1002_IEO_SAD_LO": "sadness",
        }
