"""A clip's label is explained vote by vote."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from annotation.aggregation import DawidSkene, HierarchicalDawidSkene, MajorityVote
from annotation.clips import explain_clip
from annotation.errors import VoteError
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix

CLASSES = ("calm", "joy")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def at(*minutes: int | None) -> list[datetime | None]:
    """Return times so many minutes after noon."""
    return [None if m is None else NOON + timedelta(minutes=m) for m in minutes]


def ledger(**columns):
    """Build ledger rows on clip x in order of their ids."""
    rows = len(next(iter(columns.values())))
    return fill_votes(
        {"clip_id": ["x"] * rows, "vote_id": [f"v{row}" for row in range(rows)], **columns}
    )


def majority_of(table):
    """Aggregate the rows that stand, without correction, by majority."""
    return {"majority": MajorityVote().aggregate(build_vote_matrix(table, CLASSES))}


def test_the_path_ends_where_the_aggregator_does() -> None:
    """The last step is the posterior that Dawid-Skene gives, up to its own tolerance."""
    votes = make_votes(["calm", "fear", "joy"], clips=60, annotators=6, accuracy=0.7, seed=2)
    fits = {
        "dawid_skene": DawidSkene(tolerance=1e-9).aggregate(votes.matrix()),
        "hierarchical": HierarchicalDawidSkene(prevalence="learnt").aggregate(votes.matrix()),
        "majority": MajorityVote().aggregate(votes.matrix()),
    }
    found = explain_clip("testing/000007", votes.table, fits)
    last = {step.aggregator: step.posterior for step in found.path}
    answers = {answer.aggregator: answer.posterior for answer in found.answers}
    assert list(last) == ["vote_shares", "dawid_skene", "hierarchical"]
    assert last["dawid_skene"] == pytest.approx(answers["dawid_skene"], abs=1e-6)
    assert last["vote_shares"] == pytest.approx(answers["majority"])
    gaps = {answer.aggregator: answer.path_gap for answer in found.answers}
    assert gaps["dawid_skene"] < 1e-6
    assert gaps["hierarchical"] == pytest.approx(
        np.abs(np.subtract(last["hierarchical"], answers["hierarchical"])).max()
    )
    assert np.isnan(gaps["majority"])


def test_votes_are_replayed_in_time() -> None:
    """Each step says whose vote moved the posterior, and to where."""
    table = ledger(
        label=["joy", "calm", "calm"], annotator=["ann", "ben", "cy"], cast_at=at(5, 1, None)
    )
    found = explain_clip("x", table, majority_of(table))
    assert [line.vote_id for line in found.votes] == ["v2", "v1", "v0"]
    steps = [(step.step, step.annotator, step.leading) for step in found.path]
    assert steps == [(0, None, None), (1, "cy", "calm"), (2, "ben", "calm"), (3, "ann", "calm")]
    assert found.path[-1].posterior == pytest.approx([2 / 3, 1 / 3])


def test_corrections_and_retractions_take_votes_away() -> None:
    """The ledger keeps what was withdrawn, and the path shows it coming and going."""
    table = ledger(
        label=["joy", "calm", None, None],
        annotator=["ann", "ann", "ann", "ben"],
        cast_at=at(0, 1, None, 3),
        supersedes=[None, "v0", "v1", None],
        is_retraction=[False, False, True, False],
    )
    found = explain_clip("x", table, majority_of(table.slice(0, 1)))
    states = [(line.vote_id, line.state) for line in found.votes]
    assert states == [
        ("v0", "superseded"),
        ("v1", "retracted"),
        ("v2", "retraction"),
        ("v3", "abstained"),
    ]
    assert [step.leading for step in found.path] == [None, "joy", "calm", None, None]
    assert found.reliability == ()


def test_evidence_says_whom_the_aggregator_believes() -> None:
    """A careful person's vote weighs more than a careless one's, and against is below zero."""
    skills = [0.95, 0.95, 0.95, 0.55, 0.55]
    votes = make_votes(CLASSES, clips=300, annotators=5, accuracy=skills, seed=3)
    fitted = DawidSkene().aggregate(votes.matrix())
    found = explain_clip(votes.clips[0], votes.table, {"dawid_skene": fitted})
    by_name = {line.annotator: line for line in found.reliability}
    label = found.answers[0].label
    for line in found.votes:
        evidence = by_name[line.annotator].evidence
        assert evidence > 0 if line.label == label else evidence < 0
    careful, careless = by_name["annotator-000"], by_name["annotator-004"]
    assert abs(careful.evidence) > abs(careless.evidence)
    assert careful.skill > careless.skill


def test_anonymous_counts_are_a_pool() -> None:
    """A count weighs as often as it says, under the name of its pool."""
    table = ledger(label=["joy", "calm"], count=[3, 1])
    found = explain_clip("x", table, majority_of(table))
    (line,) = found.reliability
    assert line.annotator == "anonymous:testing:audio"
    assert np.isnan(line.evidence)
    assert found.path[1].posterior == (0.0, 1.0)
    assert found.answers[0].posterior == (0.25, 0.75)


def test_every_part_renders_as_a_table() -> None:
    """What is printed and what is stored come from the same records."""
    table = ledger(label=["joy", "calm"], annotator=["ann", "ben"], cast_at=at(0, 1))
    found = explain_clip("x", table, majority_of(table))
    assert found.vote_table()["state"].to_pylist() == ["stands", "stands"]
    assert found.answer_table().to_pylist()[0]["label"] is None
    assert found.reliability_table().num_rows == 2
    assert found.path_table()["posterior"].to_pylist()[0] == [0.5, 0.5]


def test_a_clip_that_an_aggregator_does_not_have_is_told_without_it() -> None:
    """Only ratings and abstentions: there are rows, but no answer."""
    table = ledger(label=[None, None], annotator=["ann", "ben"], arousal=[3.0, None])
    found = explain_clip("x", table, majority_of(fill_votes({"clip_id": ["y"], "label": ["joy"]})))
    assert [line.state for line in found.votes] == ["rated", "abstained"]
    assert (found.answers, found.reliability) == ((), ())


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"clip_id": ["y"], "label": ["joy"]}, "clip `x` has no rows"),
        ({"label": ["joy", "joy"], "modality": ["audio", "video"]}, "mix the modality"),
        ({"label": ["joy", "joy"], "taxonomy": ["a", "b"]}, "mix the taxonomy"),
        ({"label": ["rage"]}, r"has the labels \['rage'\], none of the classes"),
    ],
    ids=["unknown", "modalities", "taxonomies", "label"],
)
def test_rows_that_cannot_be_explained_together_are_refused(columns, message: str) -> None:
    """The message names the clip and what does not fit."""
    sound = majority_of(ledger(label=["joy"]))
    with pytest.raises(VoteError, match=message):
        explain_clip("x", ledger(**columns), sound)


def test_aggregators_of_other_classes_are_refused() -> None:
    """Posteriors of two lists of classes cannot stand side by side."""
    table = ledger(label=["joy"])
    other = MajorityVote().aggregate(build_vote_matrix(table, ["joy"]))
    with pytest.raises(VoteError, match="must share one list of classes"):
        explain_clip("x", table, majority_of(table) | {"other": other})
