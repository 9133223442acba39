"""What a file does not say is taken from a person and from the warehouse."""

import pyarrow as pa
import pytest

from annotation.imports import RawTable
from pipelines.errors import PipelineError
from pipelines.vote_context import Known, Told, describe
from warehouse.testing import make_rows

CORPORA = make_rows(
    "corpora", corpus=["demo", "mute"], taxonomy=["demo-2", "mute-1"], classes=[["a", "b"], ["c"]]
)


def know(*clips: str) -> Known:
    """Return a warehouse with two corpora, one of them without audio."""
    corpora = [clip.split("/")[0] for clip in clips]
    return Known(CORPORA, make_rows("clips", clip_id=clips, corpus=corpora))


KNOWN = know("demo/a", "demo/b")


def name_clips(*names: str | None) -> RawTable:
    """Return a table of clip ids and nothing else."""
    return RawTable.of(pa.table({"clip_id": pa.array(names, pa.string())}))


def test_a_corpus_tells_its_taxonomy() -> None:
    """Who names the corpus need not name its classes."""
    source = describe("v.csv", Told(corpus="demo"), KNOWN, is_labelled=True)
    assert (source.name, source.taxonomy, source.classes) == ("v.csv", "demo-2", ("a", "b"))


def test_a_named_taxonomy_wins() -> None:
    """One corpus can be judged in another class list."""
    source = describe("v.csv", Told(corpus="demo", taxonomy="mute-1"), KNOWN, is_labelled=True)
    assert (source.taxonomy, source.classes) == ("mute-1", ("c",))


def test_ratings_need_no_taxonomy() -> None:
    """A rating is in no class."""
    source = describe("v.csv", Told(), KNOWN, is_labelled=False)
    assert (source.taxonomy, source.classes) == ("none", ())


@pytest.mark.parametrize(
    ("told", "message"),
    [
        (Told(), r"labels of `v\.csv` need their class list.*got `None`, of demo-2, mute-1"),
        (Told(taxonomy="demo-3"), "got `demo-3`, of demo-2, mute-1"),
        (Told(corpus="demos"), r"corpus `demos` is not in the warehouse .*demo, mute"),
    ],
    ids=["none", "unknown", "unknown-corpus"],
)
def test_labels_without_a_class_list_are_refused(told: Told, message: str) -> None:
    """The message names those there are."""
    with pytest.raises(PipelineError, match=message):
        describe("v.csv", told, KNOWN, is_labelled=True)


@pytest.mark.parametrize(
    ("names", "prefix"),
    [(("a", "b"), "demo/"), (("demo/a", "b"), ""), ((None,), "demo/")],
    ids=["native", "whole", "blank"],
)
def test_native_ids_get_the_corpus_before_them(names: tuple[str, ...], prefix: str) -> None:
    """Unless the table names whole ids already."""
    source = describe("v", Told(corpus="demo"), KNOWN, name_clips(*names), is_labelled=True)
    assert source.clip_prefix == prefix


def test_only_clips_of_the_named_corpus_are_known() -> None:
    """What is said of another corpus was not asked for."""
    known = know("demo/a", "mute/a")
    source = describe("v", Told(corpus="demo"), known, name_clips("a"), is_labelled=True)
    assert source.known_clips.to_pylist() == ["demo/a"]


def test_corpora_without_audio_are_believed() -> None:
    """Their votes may come before their clips; a corpus nobody knows is a mistake."""
    written = name_clips("demo/x", "mute/x", "demi/x", "x", None)
    source = describe("v", Told(taxonomy="demo-2"), KNOWN, written, is_labelled=True)
    assert source.known_clips.to_pylist() == ["demo/a", "demo/b", "mute/x"]


def test_without_any_clip_all_are_believed() -> None:
    """A new warehouse cannot tell."""
    empty = Known(CORPORA, KNOWN.clips.slice(0, 0))
    for told in (Told(taxonomy="demo-2"), Told(corpus="mute")):
        source = describe("v", told, empty, name_clips("x"), is_labelled=True)
        assert source.known_clips is None
