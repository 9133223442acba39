"""Planted faults are found, honest annotators left alone, and dirty rows never crash."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

from annotation.aggregation import Aggregator, DawidSkene, MajorityVote
from annotation.annotators import AnnotatorProfile, build_judgements, profile_annotators
from annotation.testing import fill_votes, make_votes
from annotation.votes import build_vote_matrix
from tests.annotation.annotators.faults import CLASSES, draw_group

SEEDS = range(8)


def profile(
    table: pa.Table, aggregator: Aggregator, gold: dict[str, str] | None = None
) -> list[AnnotatorProfile]:
    """Profile the annotators of a table against an aggregator's consensus."""
    consensus = aggregator.aggregate(build_vote_matrix(table, CLASSES))
    return profile_annotators(build_judgements(table, consensus), gold=gold)


@pytest.fixture(scope="module")
def advised() -> dict[str, Counter[tuple[str, str]]]:
    """Provide how often each kind of annotator got each advice, by aggregator."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    tables = [draw_group(seed, votes=400) for seed in SEEDS]
    for aggregator in (DawidSkene(), MajorityVote()):
        profiles = [one for table in tables for one in profile(table, aggregator)]
        found[aggregator.name] = Counter(
            (one.annotator.split("-")[0], one.recommendation) for one in profiles
        )
    return found


@pytest.mark.parametrize("aggregator", ["dawid_skene", "majority"])
def test_faults_are_found_and_honest_people_left_alone(
    advised: dict[str, Counter[tuple[str, str]]], aggregator: str
) -> None:
    """Of 56 faults at least 90 % are named, of 160 honest annotators at most 3 %."""
    counts = advised[aggregator]
    honest = counts["honest", "trust"] / (20 * len(SEEDS))
    trusted = sum(number for (_, advice), number in counts.items() if advice == "trust")
    missed = trusted - counts["honest", "trust"]
    found = 7 * len(SEEDS) - missed
    named = found + 20 * len(SEEDS) - counts["honest", "trust"]
    assert honest >= 0.97
    assert found / (7 * len(SEEDS)) >= 0.9
    assert found / named >= 0.9


@pytest.mark.parametrize("aggregator", ["dawid_skene", "majority"])
def test_each_fault_gets_its_advice(
    advised: dict[str, Counter[tuple[str, str]]], aggregator: str
) -> None:
    """One label for all is excluded, guessers acted on, swappers retrained, others watched."""
    counts, total = advised[aggregator], len(SEEDS)
    assert counts["constant", "exclude"] == total
    assert counts["guesser", "exclude"] + counts["guesser", "retrain"] >= 0.9 * total
    assert counts["swapper", "retrain"] >= 0.85 * total
    assert counts["liner", "watch"] >= 0.9 * total
    assert counts["hasty", "watch"] >= 0.9 * total
    assert counts["honest", "exclude"] == 0
    # One of the 160 drew a true accuracy of a third, where others have a half.
    assert counts["honest", "retrain"] <= 1


def test_skill_is_recovered() -> None:
    """At 200 votes each, measured skill correlates with the true accuracy at .95 or more."""
    accuracy = np.linspace(0.35, 0.95, 15).tolist()
    drawn = make_votes(
        CLASSES, clips=500, annotators=15, votes_per_clip=6, accuracy=accuracy, seed=4
    )
    for aggregator in (DawidSkene(), MajorityVote()):
        found = [one.skill for one in profile(drawn.table, aggregator)]
        assert np.corrcoef(found, accuracy)[0, 1] > 0.95


def test_the_evidence_is_told_in_words() -> None:
    """The swapped classes are named with their shares."""
    words = {one.annotator: " ".join(one.reasons) for one in profile(draw_group(1), DawidSkene())}
    assert "is called `" in words["swapper-023"]
    assert "do not depend on the clips" in words["constant-021"]
    assert "times `fear` in a row" in words["liner-022"]
    assert "robust deviations below the group" in words["hasty-026"]
    assert words["honest-000"].startswith("right in ")


def test_absurd_times_count_for_nothing() -> None:
    """Negative, zero, infinite, missing and endless times change no advice and are counted."""
    table = draw_group(2, faults=())
    plain = profile(table, DawidSkene())
    lead = table["lead_time_s"].to_pylist()
    lead[:7] = [-5.0, 0.0, float("inf"), float("nan"), None, 1e9, -float("inf")]
    column = table.schema.get_field_index("lead_time_s")
    dirty = table.set_column(column, table.schema.field(column), pa.array(lead, pa.float64()))
    spoilt = profile(dirty, DawidSkene())
    assert [one.recommendation for one in plain] == [one.recommendation for one in spoilt]
    first = min(one.annotator for one in plain)
    absurd = {one.annotator: one.absurd_times for one in spoilt}
    before = sum(value is not None and value < 0 for value in table["lead_time_s"].to_pylist()[:7])
    assert absurd[first] == {one.annotator: one.absurd_times for one in plain}[first] + 5 - before


def test_without_times_only_votes_speak() -> None:
    """A table without times yields no runs, trends or haste, and no complaint about them."""
    drawn = make_votes(CLASSES, clips=100, annotators=6, accuracy=0.8)
    found = profile(drawn.table, DawidSkene())
    assert {one.recommendation for one in found} == {"trust"}
    assert {one.longest_run for one in found} == {0}
    assert all(np.isnan([one.drift, one.fatigue, one.median_lead_s]).all() for one in found)


def test_few_votes_are_watched() -> None:
    """Someone with five votes cannot be judged yet."""
    drawn = make_votes(CLASSES, clips=5, annotators=4, accuracy=0.9)
    found = profile(drawn.table, MajorityVote())
    assert {one.recommendation for one in found} == {"watch"}
    assert found[0].reasons[0] == "votes that can be judged: 5, fewer than 20"


def test_a_lone_voter_is_not_judged() -> None:
    """Votes nobody else cast on the clip are evidence of nothing."""
    rows = {"clip_id": [f"{clip:02d}" for clip in range(40)], "annotator": ["kim"] * 40}
    table = fill_votes(rows | {"label": ["fear"] * 40})
    for aggregator in (DawidSkene(), MajorityVote()):
        found = profile(table, aggregator)[0]
        assert (found.votes, found.judged, found.recommendation) == (40, 0, "watch")
        assert np.isnan(found.skill)


def test_one_sort_of_clip_makes_nobody_a_spammer() -> None:
    """Sixty neutral clips, all called neutral, are good work."""
    drawn = make_votes(CLASSES, clips=200, annotators=8, accuracy=0.8, seed=1)
    kept = {clip for clip, name in zip(drawn.clips, drawn.truth, strict=True) if name == "neutral"}
    mask = [
        clip in kept or who != "annotator-003"
        for clip, who in zip(
            drawn.table["clip_id"].to_pylist(), drawn.table["annotator"].to_pylist(), strict=True
        )
    ]
    found = {
        one.annotator: one for one in profile(drawn.table.filter(pa.array(mask)), DawidSkene())
    }
    assert found["annotator-003"].recommendation == "trust"


def test_gold_clips_decide() -> None:
    """A perfect score trusts; none right where others have nearly all excludes."""
    table = draw_group(3, honest=10, faults=("guesser",), votes_per_clip=5)
    drawn = make_votes(CLASSES, clips=40, annotators=5, accuracy=[0.95] * 4 + [0.1], seed=2)
    gold = dict(zip(drawn.clips, drawn.truth, strict=True))
    both = pa.concat_tables([table, drawn.table]).drop_columns(["vote_id"])
    found = profile(both, DawidSkene(), gold)
    by_name = {one.annotator: one for one in found}
    assert by_name["annotator-004"].recommendation == "exclude"
    assert by_name["annotator-000"].gold_votes == 40
    assert by_name["annotator-000"].gold_low > 0.8
    assert np.isnan(by_name["honest-000"].gold_low)


def test_without_votes_there_are_no_profiles() -> None:
    """An empty table is nobody, and anonymous counts are nobody either."""
    for rows in ({"clip_id": []}, {"clip_id": ["a", "a"], "label": ["fear", "anger"]}):
        assert profile(fill_votes(rows), MajorityVote()) == []


def test_row_order_and_repeats_are_irrelevant() -> None:
    """Shuffled and duplicated rows give the same profiles."""
    table = draw_group(5, honest=6, faults=("liner",), votes_per_clip=4)
    consensus = DawidSkene().aggregate(build_vote_matrix(table, CLASSES))
    shuffled = table.take(np.random.default_rng(0).permutation(table.num_rows))
    again = pa.concat_tables([shuffled, table.slice(0, 100)])
    left, right = (profile_annotators(build_judgements(rows, consensus)) for rows in (table, again))
    assert [(one.skill, one.run_p, one.reasons) for one in left] == [
        (one.skill, one.run_p, one.reasons) for one in right
    ]
