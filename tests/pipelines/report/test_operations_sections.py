"""The sections about what changed, the gate, groups, cost, drift and the next round."""

import math
import re
from dataclasses import replace

import pytest

from pipelines.report.content import ReportContent
from pipelines.report.cost import Cost
from pipelines.report.drift import list_alarms
from pipelines.report.render import HISTORY_SHOWN, render_report
from pipelines.report.scores import find_worst
from pipelines.report.testing import build_sample_content
from pipelines.report.testing_operations import build_sample_drift, build_sample_groups

SAMPLE = build_sample_content()


def section(content: ReportContent, name: str) -> str:
    """Return the words of one section."""
    page = render_report(content)
    found = page[page.index(f'id="{name}"') :]
    found = re.sub(r"<svg.*?</svg>", " ", found[: found.index("</section>")], flags=re.S)
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))
    return words.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ").replace(" ,", ",")


def test_what_changed_is_told_with_intervals() -> None:
    """Scores, votes, clips, flipped labels, champion and settings stand side by side."""
    text = section(SAMPLE, "h-changes")
    for expected in (
        "UAR active .59 .62 +.03 [−.03, .09]",
        "Votes 520 620 +100",
        "Labelled clips 200 240 +40",
        "Labels that changed 2 of 200",
        "Champion round 3, as before",
        "training.epochs 40 60",
        "synthetic/s04-fear-03-1 sadness fear 3 → 5",
        "synthetic/s09-anger-02-0 tie anger 4 → 5",
    ):
        assert expected in text


def test_a_new_champion_is_told_beside_the_former() -> None:
    """Where the champion changed both rounds name theirs."""
    changes = replace(SAMPLE.changes, champions=(None, "round 5"), settings=())
    text = section(replace(SAMPLE, changes=changes), "h-changes")
    assert "Champion none round 5" in text
    assert "trained with the same settings and code" in text


def test_the_gate_gives_reasons() -> None:
    """Who met whom on what, each check with its figures, and in words what failed."""
    text = section(SAMPLE, "h-gate")
    for expected in (
        "crnn-5f3a9c0d12e4 met the champion crnn-active-3 on 144 clips of 4 speakers",
        "3 of 4 checks passed",
        "gender=female: UAR 0.540 against 0.620 of the champion",
        "gender female ✗ no .54 .62 −.08 [−.12, −.04] −.05 72",
        "calibration ✓ yes .08 .07 +.01 [−.03, .05] +.05 144",
        "Decided 2026-05-04 06:07 UTC, judged by intended emotions.",
        "refused round 5 · gate · 2026-05-04 06:07 UTC",
        "serloop rollback morning",
    ):
        assert expected in text


def test_a_first_candidate_is_held_to_chance() -> None:
    """Without a champion the column says so, and has the level of guessing."""
    decision = SAMPLE.registry.decision
    checks = tuple(replace(check, champion=None) for check in decision.checks)
    first = replace(decision, champion_id=None, checks=checks)
    text = section(replace(SAMPLE, registry=replace(SAMPLE.registry, decision=first)), "h-gate")
    assert "met no champion and was held to chance" in text
    assert "Candidate Chance Difference" in text
    assert "gender female ✗ no .54 .17" in text


def test_a_check_without_figures_says_why() -> None:
    """A group too small to be judged has its reason in place of numbers, set as code."""
    decision = SAMPLE.registry.decision
    check = replace(decision.checks[1], difference=None, reason="`age=30` is not judged <5 clips>")
    small = replace(decision, checks=(check,))
    page = render_report(replace(SAMPLE, registry=replace(SAMPLE.registry, decision=small)))
    assert "<code>age=30</code> is not judged &lt;5 clips&gt;" in page


def test_an_absent_gate_is_offered() -> None:
    """Without a decision the section names the command, and has no table."""
    text = section(replace(SAMPLE, registry=replace(SAMPLE.registry, decision=None)), "h-gate")
    assert "serloop gate crnn-5f3a9c0d12e4" in text
    assert "Candidate" not in text


def test_a_long_history_is_folded() -> None:
    """Six changes are shown, the others can be unfolded."""
    history = SAMPLE.registry.history * 4
    text = section(replace(SAMPLE, registry=replace(SAMPLE.registry, history=history)), "h-gate")
    assert f"{len(history) - HISTORY_SHOWN} earlier changes" in text


def test_classes_and_groups_have_intervals() -> None:
    """Recall per class, UAR per group, and who is heard worst."""
    text = section(SAMPLE, "h-errors")
    assert "anger .71 [.57, .83]" in text
    assert "It hears gender female worst: UAR .54 [.45, .62]." in text
    assert "gender male .69 [.60, .77]" in text


def test_scores_of_older_models_are_drawn_from_the_counts() -> None:
    """Without recorded intervals the bars of recall take their place."""
    page = render_report(replace(SAMPLE, class_scores=(), group_scores=()))
    assert "Recall per class" in page
    assert "Recall per class" not in render_report(SAMPLE)
    assert "By group" not in page


def test_the_worst_of_one_group_is_nobody() -> None:
    """Only two known scores make one the lowest."""
    female, male = build_sample_groups()
    assert find_worst([female, male]) == female
    assert find_worst([male]) is None
    assert find_worst([replace(female, uar=math.nan), male]) is None


def test_cost_is_told_in_peoples_time() -> None:
    """Votes, hours in this round and so far, pace, and the bound on training."""
    text = section(SAMPLE, "h-people")
    for expected in (
        "Votes this round 100",
        "Time this round 14 min",
        "Time so far 1.4 h",
        "A vote takes 8.1 s",
        "Training this round ≤ 38 s",
    ):
        assert expected in text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"seconds_per_vote": math.nan}, "No vote says how long it took."),
        ({"timed": 0.5}, "50 % say how long they took"),
        ({"training_s": math.nan}, "Training this round 44 epochs"),
    ],
    ids=["no-times", "some-times", "no-moments"],
)
def test_unknown_cost_is_said(changes: dict[str, float], expected: str) -> None:
    """Where no time is known none is told."""
    text = section(replace(SAMPLE, cost=replace(SAMPLE.cost, **changes)), "h-people")
    assert expected in text
    assert "nan" not in text


def test_cost_in_hours() -> None:
    """Hours are votes by the time of one."""
    cost = Cost(
        votes=900, round_votes=450, seconds_per_vote=8.0, timed=1.0, epochs=1, training_s=1.0
    )
    assert (cost.hours, cost.round_hours) == (2.0, 1.0)


def test_the_next_round_says_why_it_asks() -> None:
    """Number, ways of choosing, what is open, and each clip's reason; no vote is shown."""
    text = section(SAMPLE, "h-following")
    assert "Round 6 asks" in text
    assert "8 clips by worth : 6 chosen for what their answers would teach, 2 at random" in text
    assert "72 votes to go, about 10 min of people’s time" in text
    assert "synthetic/n03-sadness-03-0 active model hesitates" in text
    assert "Waiting for votes" not in text


def test_a_round_that_is_answered_has_nothing_open() -> None:
    """When every vote is in the page says so; unknown times are not told."""
    done = replace(SAMPLE.following, open_votes=0)
    assert "Every vote is in." in section(replace(SAMPLE, following=done), "h-following")
    untimed = replace(SAMPLE.following, open_hours=math.nan)
    text = section(replace(SAMPLE, following=untimed), "h-following")
    assert "72 votes to go ." in text


def test_drift_alarms_come_with_what_was_found() -> None:
    """What differs is named, and each measure has distance, limit, p and words."""
    text = section(SAMPLE, "h-drift")
    assert (
        "96 clips of synthetic against 240 that crnn-active-3 learned from: loudness differs"
        in (text)
    )
    assert "loudness 6.1 LU louder in the median ✗ yes 6.10 1.50 0.002" in text


def test_drift_that_was_not_measured_or_not_found() -> None:
    """The section says which of both it is."""
    assert "Not measured: serloop drift crnn-5f3a9c0d12e4" in section(
        replace(SAMPLE, drifts=()), "h-drift"
    )
    check = build_sample_drift()
    calm = replace(check, measures=check.measures[1:])
    assert "no alarm" in section(replace(SAMPLE, drifts=(calm,)), "h-drift")


def test_an_alarm_of_two_checks_is_named_once() -> None:
    """The list of alarms keeps their order."""
    assert list_alarms([build_sample_drift(), build_sample_drift()]) == ["loudness"]


def test_every_entry_of_the_contents_leads_somewhere() -> None:
    """Links lead to headings that are on the page, whatever sections it has."""
    bare = replace(SAMPLE, changes=None, registry=None, following=None, outlook=None, pool=None)
    for content in (SAMPLE, bare):
        page = render_report(content)
        answers = set(re.findall(r'<h2><a href="#([^"]+)"', page))
        nav = page[page.index('<nav class="contents"') : page.index("</nav>")]
        headings = set(re.findall(r'<h2 id="([^"]+)"', page))
        assert set(re.findall(r'href="#([^"]+)"', nav)) == headings
        assert answers <= headings
