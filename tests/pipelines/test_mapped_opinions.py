"""Votes of several corpora become votes in one taxonomy, with an account of what is lost."""

from pathlib import Path

import pytest

from annotation.taxonomies import TaxonomyError
from annotation.taxonomies.builtin import SOURCES
from annotation.testing import fill_votes
from pipelines.aggregate import AggregateResult, aggregate
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
FOUR = ["anger", "happiness", "neutral", "sadness"]
# clip, annotator, label, taxonomy
VOTES = [
    ("crema-d/a", "ann", "happiness", "crema-d-6"),
    ("crema-d/a", "ben", "fear", "crema-d-6"),
    ("crema-d/b", "ben", "disgust", "crema-d-6"),
    ("iemocap/a", "ann", "excitement", "iemocap-10"),
    ("iemocap/b", "ann", "frustration", "iemocap-10"),
    ("iemocap/b", "cy", "anger", "iemocap-10"),
    ("own/a", "ann", "calm", "own-2"),
]
FILE = """
source = "own-2"
target = "emotion-4"
version = 3
classes = ["anger", "happiness", "neutral", "sadness"]
map = {calm = "neutral", hot = "anger", glad = "happiness", low = "sadness"}
"""
OWN = ["calm", "glad", "hot", "low"]


@pytest.fixture(scope="module")
def voted_once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return votes in three taxonomies, one of them nobody has a mapping of."""
    settings = Settings(home=tmp_path_factory.mktemp("voted"))
    clips, annotators, labels, taxonomies = zip(*VOTES, strict=True)
    votes = fill_votes(
        {"clip_id": clips, "annotator": annotators, "label": labels, "taxonomy": taxonomies}
    )
    corpora = make_rows(
        "corpora",
        corpus=["crema-d", "iemocap", "own"],
        taxonomy=["crema-d-6", "iemocap-10", "own-2"],
        classes=[list(SOURCES["crema-d-6"]), list(SOURCES["iemocap-10"]), OWN],
    )
    with open_store(settings) as store:
        store.commit({"corpora": corpora, "votes": votes}, message="votes")
    return settings


@pytest.fixture(scope="module")
def mapped(voted_once: Settings) -> AggregateResult:
    """Aggregate them in the package's four classes."""
    return aggregate(voted_once, SILENT, method="dawid_skene", taxonomy="emotion-4")


def test_corpora_are_aggregated_together(voted_once: Settings, mapped: AggregateResult) -> None:
    """One run in the target's classes holds clips of both, and knows people by all they said."""
    (run,) = mapped.runs
    with open_store(voted_once) as store:
        clips = queries.select_consensus(store, run.run_id).to_pylist()
        annotators = queries.select_annotators(store, run.run_id).to_pylist()
        (row,) = queries.select_consensus_runs(store).to_pylist()
    labels = {clip["clip_id"]: clip["label"] for clip in clips}
    assert labels == {"crema-d/a": "happiness", "iemocap/a": "happiness", "iemocap/b": "anger"}
    assert {one["annotator"]: one["votes"] for one in annotators} == {"ann": 2, "cy": 1}
    assert (row["taxonomy"], row["classes"]) == ("emotion-4", FOUR)
    names = row["mapping"].split(", ")
    assert [name.partition(".v")[0] for name in names] == [
        "crema-d-6.emotion-4",
        "iemocap-10.emotion-4",
    ]


def test_what_is_lost_is_counted(mapped: AggregateResult) -> None:
    """Votes for dropped labels, clips without any left, and votes without a mapping."""
    (row,) = mapped.rows()
    assert (row["votes"], row["dropped"]) == (3, 3)
    account = "\n".join(mapped.account())
    assert "disgust is dropped; fear is dropped; 2 of 3 votes are dropped" in account
    assert "1 clips have no vote left" in account
    assert "1 votes in own-2 have no mapping and are left out" in account


def test_a_file_joins_the_mappings_of_the_package(voted_once: Settings, tmp_path: Path) -> None:
    """A mapping of one's own to a target of the package brings its corpus in."""
    file = tmp_path / "own.toml"
    file.write_text(FILE, encoding="utf-8")
    found = aggregate(voted_once, SILENT, method="majority", taxonomy=str(file))
    (run,) = found.runs
    assert (run.clips, run.votes, found.left_out) == (4, 4, ())
    assert run.mapping is not None
    assert "own-2.emotion-4.v3." in run.mapping


def test_votes_in_the_target_itself_join_in(voted_once: Settings, tmp_path: Path) -> None:
    """They lose nothing and name no mapping."""
    settings = borrow(voted_once, tmp_path / "home")
    corpus = make_rows("corpora", corpus=["four"], taxonomy=["emotion-4"], classes=[FOUR])
    vote = fill_votes(
        {"clip_id": ["four/a"], "label": ["sadness"], "taxonomy": ["emotion-4"], "vote_id": ["f"]}
    )
    with open_store(settings) as store:
        store.commit({"corpora": corpus, "votes": vote}, message="four")
    (run,) = aggregate(settings, SILENT, method="majority", taxonomy="emotion-4").runs
    assert run.clips == 4
    assert "emotion-4.emotion-4" not in str(run.mapping)


def test_the_target_by_another_meaning_is_refused(voted_once: Settings, tmp_path: Path) -> None:
    """A corpus that calls other classes by the target's name cannot join."""
    settings = borrow(voted_once, tmp_path / "home")
    corpus = make_rows("corpora", corpus=["odd"], taxonomy=["emotion-4"], classes=[["a", "b"]])
    vote = fill_votes(
        {"clip_id": ["odd/a"], "label": ["a"], "taxonomy": ["emotion-4"], "vote_id": ["o"]}
    )
    with open_store(settings) as store:
        store.commit({"corpora": corpus, "votes": vote}, message="odd")
    with pytest.raises(TaxonomyError, match=r"`emotion-4` means different classes.*\['a', 'b'\]"):
        aggregate(settings, SILENT, taxonomy="emotion-4")


def test_a_target_nobody_maps_to_is_refused(voted_once: Settings) -> None:
    """The message names what people voted in."""
    with pytest.raises(TaxonomyError, match=r"`nope`.*`crema-d-6`, `iemocap-10`, `own-2`"):
        aggregate(voted_once, SILENT, taxonomy="nope")


def test_labels_split_by_a_column_of_their_clips(voted_once: Settings, tmp_path: Path) -> None:
    """What the clip says of itself decides where its label goes."""
    settings = borrow(voted_once, tmp_path / "home")
    clip = make_rows("clips", clip_id=["own/a"], corpus=["own"], gender=["female"])
    with open_store(settings) as store:
        store.commit({"clips": clip}, message="clip")
    file = tmp_path / "split.toml"
    file.write_text(
        'source = "own-2"\ntarget = "who-2"\nversion = 1\nclasses = ["her", "him"]\n'
        'drop = ["glad", "hot", "low"]\n'
        '[split.calm]\ncolumn = "gender"\nmap = {female = "her", male = "him"}\n',
        encoding="utf-8",
    )
    (run,) = aggregate(settings, SILENT, method="majority", taxonomy=str(file)).runs
    with open_store(settings) as store:
        (row,) = queries.select_consensus(store, run.run_id).to_pylist()
    assert (row["clip_id"], row["label"]) == ("own/a", "her")
