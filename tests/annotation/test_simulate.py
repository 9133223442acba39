"""Simulated annotators: replayable, distinct per clip, and as skilled as asked."""

import numpy as np
import pyarrow.compute as pc
import pytest

from annotation.aggregation import DawidSkene
from annotation.confusion import confusion_for
from annotation.errors import AnnotationError
from annotation.simulate import SimulatedAnnotators
from annotation.votes import VOTE_SCHEMA, build_vote_matrix

CLASSES = ("anger", "happiness", "neutral", "sadness")


@pytest.fixture
def group() -> SimulatedAnnotators:
    """Provide twelve annotators."""
    return SimulatedAnnotators.recruit(12, CLASSES, seed=5)


def clips_of(size: int) -> tuple[list[str], list[str]]:
    """Return clip ids and what they sound like."""
    return [f"demo/{row:05d}" for row in range(size)], [CLASSES[row % 4] for row in range(size)]


def test_votes_have_the_ledger_shape(group: SimulatedAnnotators) -> None:
    """Rows fit the votes table, without wall-clock times, each clip by distinct annotators."""
    clips, truth = clips_of(30)
    table = group.answer(clips, truth, votes_per_clip=3, taxonomy="urdu-4")
    assert table.schema.equals(VOTE_SCHEMA)
    assert table.num_rows == 90
    assert len(set(table["vote_id"].to_pylist())) == 90
    assert table["cast_at"].null_count == table["lead_time_s"].null_count == 90
    pairs = zip(table["clip_id"].to_pylist(), table["annotator"].to_pylist(), strict=True)
    assert len(set(pairs)) == 90


def test_the_same_ask_gets_the_same_answer(group: SimulatedAnnotators) -> None:
    """A clip's votes do not depend on which other clips are asked or in what order."""
    clips, truth = clips_of(20)
    ask = {"votes_per_clip": 3, "taxonomy": "urdu-4"}
    whole = group.answer(clips, truth, duration_s=[2.0] * 20, **ask)
    again = SimulatedAnnotators.recruit(12, CLASSES, seed=5)
    part = again.answer(clips[15:4:-1], truth[15:4:-1], duration_s=[2.0] * 11, **ask)
    ids = part["vote_id"]
    kept = whole.filter(pc.is_in(whole["vote_id"], value_set=ids.combine_chunks()))
    assert kept.sort_by("vote_id").equals(part.sort_by("vote_id"))


def test_more_votes_add_annotators(group: SimulatedAnnotators) -> None:
    """Asking for two and then three more equals asking for five at once."""
    clips, truth = clips_of(10)
    whole = group.answer(clips, truth, votes_per_clip=5, taxonomy="t")
    first = group.answer(clips, truth, votes_per_clip=2, taxonomy="t")
    rest = group.answer(clips, truth, votes_per_clip=3, taxonomy="t", answered=[2] * 10)
    both = first["vote_id"].to_pylist() + rest["vote_id"].to_pylist()
    assert sorted(both) == sorted(whole["vote_id"].to_pylist())


def test_another_seed_gives_other_people() -> None:
    """Groups of different seeds share neither ids nor answers."""
    clips, truth = clips_of(50)
    left, right = (
        SimulatedAnnotators.recruit(4, CLASSES, seed=seed).answer(
            clips, truth, votes_per_clip=1, taxonomy="t"
        )
        for seed in (1, 2)
    )
    assert not set(left["annotator"].to_pylist()) & set(right["annotator"].to_pylist())
    assert left["label"] != right["label"]


def test_votes_follow_the_confusion() -> None:
    """Over many clips the shares of answers equal the base confusion."""
    group = SimulatedAnnotators.recruit(1, CLASSES, seed=0, skill_spread=0.0)
    clips, truth = clips_of(12_000)
    votes = group.answer(clips, truth, votes_per_clip=1, taxonomy="t")["label"].to_pylist()
    counts = np.zeros((4, 4))
    for heard, answer in zip(truth, votes, strict=True):
        counts[CLASSES.index(heard), CLASSES.index(answer)] += 1
    # Three standard errors of a share among 3,000 votes.
    np.testing.assert_allclose(counts / 3000, confusion_for(CLASSES), atol=0.028)


def test_a_given_base_is_used() -> None:
    """People without any confusion always answer what the clip sounds like."""
    group = SimulatedAnnotators.recruit(3, CLASSES, seed=0, base=np.eye(4))
    clips, truth = clips_of(8)
    table = group.answer(clips, truth, votes_per_clip=1, taxonomy="t")
    assert table["label"].to_pylist() == truth


def test_durations_of_another_length_are_refused(group: SimulatedAnnotators) -> None:
    """An empty list of durations is not the same as none."""
    with pytest.raises(AnnotationError, match=r"the lengths are \[0, 1\]"):
        group.answer(["a"], ["anger"], votes_per_clip=1, taxonomy="t", duration_s=[])


def test_skill_scatters_around_the_base() -> None:
    """Accuracies have the base's mean and the spread asked for, within sampling error."""
    group = SimulatedAnnotators.recruit(400, CLASSES, seed=3, skill_spread=0.08)
    accuracy = np.einsum("aii->a", group.confusion) / 4
    assert accuracy.mean() == pytest.approx(np.diag(confusion_for(CLASSES)).mean(), abs=0.012)
    assert accuracy.std() == pytest.approx(0.08, abs=0.01)
    np.testing.assert_allclose(group.confusion.sum(axis=2), 1, atol=1e-12)
    assert (group.confusion >= 0).all()


def test_lead_times_are_log_normal_around_the_duration(group: SimulatedAnnotators) -> None:
    """The median answer to a 4 s clip takes 1.5 · 4 + 3 = 9 s."""
    clips, truth = clips_of(2000)
    table = group.answer(clips, truth, votes_per_clip=2, taxonomy="t", duration_s=[4.0] * 2000)
    logs = np.log(table["lead_time_s"].to_numpy())
    assert np.median(logs) == pytest.approx(np.log(9.0), abs=0.03)
    assert logs.std() == pytest.approx(0.4, abs=0.02)


def test_dawid_skene_ranks_simulated_annotators() -> None:
    """The estimated skill orders simulated annotators as their true accuracy does."""
    classes = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
    group = SimulatedAnnotators.recruit(20, classes, seed=1, skill_spread=0.12)
    clips = [f"demo/{row}" for row in range(1500)]
    truth = [classes[row % 6] for row in range(1500)]
    table = group.answer(clips, truth, votes_per_clip=12, taxonomy="crema-d-6")
    estimate = DawidSkene().aggregate(build_vote_matrix(table, classes))
    accuracy = np.einsum("aii->a", group.confusion) / 6
    assert estimate.annotators == group.annotators
    assert np.corrcoef(estimate.skill, accuracy)[0, 1] > 0.9


def test_an_empty_ask_gives_no_votes(group: SimulatedAnnotators) -> None:
    """No clips give an empty table of the right shape."""
    table = group.answer([], [], votes_per_clip=2, taxonomy="t", duration_s=[])
    assert table.num_rows == 0
    assert table.schema.equals(VOTE_SCHEMA)


REFUSED = {
    "label": ((["a"], ["rage"], 1), "`truth` `rage` of clip `a` is none of"),
    "lengths": ((["a", "b"], ["anger"], 1), "but the lengths are"),
    "repeated": ((["a", "a"], ["anger"] * 2, 1), "for 1 distinct clips"),
    "too-many": ((["a"], ["anger"], 13), "13 are needed of 12; recruit more"),
    "none": ((["a"], ["anger"], 0), "`votes_per_clip` must be at least 1"),
}


@pytest.mark.parametrize(("ask", "message"), REFUSED.values(), ids=REFUSED)
def test_impossible_asks_are_refused(
    group: SimulatedAnnotators, ask: tuple[list[str], list[str], int], message: str
) -> None:
    """An ask the group cannot answer is refused with the reason."""
    clips, truth, votes = ask
    with pytest.raises(AnnotationError, match=message):
        group.answer(clips, truth, votes_per_clip=votes, taxonomy="t")


@pytest.mark.parametrize(
    ("size", "base", "message"),
    [
        (0, None, "`size` must be at least 1"),
        (1, np.ones((4, 4)), r"`base` must be \(4, 4\) with rows"),
        (1, np.eye(3), r"has shape \(3, 3\)"),
    ],
    ids=["size", "sums", "shape"],
)
def test_impossible_groups_are_refused(size: int, base: np.ndarray | None, message: str) -> None:
    """A group needs people and a confusion that is one."""
    with pytest.raises(AnnotationError, match=message):
        SimulatedAnnotators.recruit(size, CLASSES, seed=0, base=base)
