"""The first screen answers three questions, and says no more than is known."""

from dataclasses import replace

import pytest

from pipelines.report.answers import write_answers, write_title
from pipelines.report.content import PairedDifference, ReportContent
from pipelines.report.testing import build_sample_content

SAMPLE = build_sample_content()


def progressed(low: float, high: float) -> ReportContent:
    """Return the sample with this interval around what the active arm gained."""
    difference = PairedDifference(uar=(low + high) / 2, low=low, high=high)
    scores = tuple(replace(score, difference=difference) for score in SAMPLE.changes.scores)
    return replace(SAMPLE, changes=replace(SAMPLE.changes, scores=scores))


def standing(**changes: object) -> ReportContent:
    """Return the sample with another registry."""
    return replace(SAMPLE, registry=replace(SAMPLE.registry, **changes))


def words(content: ReportContent, place: int) -> str:
    """Return one answer in plain words."""
    answer = write_answers(content)[place]
    text = " ".join((answer.short, *answer.sentences))
    return text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("low", "high", "short", "tone", "title"),
    [
        (0.01, 0.09, "Yes", "good", "Better than round 4"),
        (-0.09, -0.01, "No, it got worse", "bad", "Worse than round 4"),
        (-0.01, 0.09, "Not clearly", "open", "No clear change since round 4"),
        (float("nan"), float("nan"), "Not clearly", "open", "No clear change since round 4"),
    ],
    ids=["above", "below", "across", "undefined"],
)
def test_only_an_interval_beside_zero_is_progress(low, high, short, tone, title) -> None:
    """The paired interval decides, and the heading says the same."""
    content = progressed(low, high)
    answer = write_answers(content)[0]
    assert (answer.short, answer.tone) == (short, tone)
    assert write_title(content) == f"{title}, and refused"


def test_progress_has_its_figures() -> None:
    """Difference, interval, round and test speakers stand beside the answer."""
    assert "UAR +.05 [.01, .09] since round 4, on the same 4 test speakers." in words(
        progressed(0.01, 0.09), 0
    )


def test_ahead_by_more_votes_is_said() -> None:
    """The arms' difference comes with the votes that one of them saved."""
    last = SAMPLE.arm_points("active")[-1]
    curve = tuple(replace(point, votes=400) if point is last else point for point in SAMPLE.curve)
    difference = PairedDifference(uar=-0.1, low=-0.15, high=-0.05)
    content = replace(SAMPLE, curve=curve, difference=difference)
    assert "Against the random arm −.10 [−.15, −.05], with 20 fewer votes: no winner yet." in words(
        content, 0
    )


def test_models_on_other_clips_are_not_compared() -> None:
    """Without a paired difference both scores are told, and nobody is called better."""
    scores = tuple(replace(score, difference=None) for score in SAMPLE.changes.scores)
    content = replace(SAMPLE, changes=replace(SAMPLE.changes, scores=scores))
    assert "Nobody can say UAR .59 then, .62 now." in words(content, 0)
    assert write_title(content).startswith("Not comparable with round 4")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "Still round 3’s model UAR .58 [.52, .64]. This round’s model was refused: worse for"),
        ({"state": "waiting"}, "passed the gate and waits for a person’s approval"),
        ({"state": "candidate", "decision": None}, "The gate has not met this round’s model yet."),
        ({"champion": None, "decision": None}, "Nobody yet No model was promoted"),
    ],
    ids=["refused", "waiting", "unjudged", "nothing"],
)  # fmt: skip
def test_the_champion_and_why(changes, expected) -> None:
    """Who is in use, its score, and what became of this round's model."""
    assert expected in words(standing(**changes), 1)


@pytest.mark.parametrize(
    ("is_passed", "expected"),
    [(True, "It passed every check of the gate."), (False, "Promoted by hand: it must go out.")],
    ids=["gate", "person"],
)
def test_a_champion_by_hand_is_no_champion_of_the_gate(is_passed: bool, expected: str) -> None:
    """Somebody who overrode the gate is told with the reason given."""
    history = (replace(SAMPLE.registry.history[0], kind="promoted", reason="it must go out"),)
    content = standing(
        state="champion",
        champion=replace(SAMPLE.registry.champion, model_id=SAMPLE.registry.candidate),
        decision=replace(SAMPLE.registry.decision, is_passed=is_passed),
        history=history,
    )
    assert "This round’s model" in words(content, 1)
    assert expected in words(content, 1)
    assert write_title(content).endswith(", and champion")


def test_a_roll_back_is_told_with_its_reason() -> None:
    """A model that was champion and is no more is bad news, with the reason."""
    change = replace(SAMPLE.registry.history[0], kind="rolled_back", reason="too many complaints")
    content = standing(state="retired", history=(change,))
    assert "was rolled back: too many complaints." in words(content, 1)
    assert write_answers(content)[1].tone == "bad"


def test_many_failed_checks_are_counted() -> None:
    """Three are named; the section has them all."""
    check = SAMPLE.registry.decision.checks[0]
    failed = tuple(
        replace(check, check_name=name)
        for name in ("better", "noise", "gain=up", "age=30", "age=40")
    )
    content = standing(decision=replace(SAMPLE.registry.decision, checks=failed))
    assert (
        "not shown to be better, worse under noise, worse when louder and 2 more." in
        words(content, 1)
    )  # fmt: skip


def test_the_most_urgent_step_has_its_command() -> None:
    """The third answer is the first step, and names the second."""
    answer = write_answers(SAMPLE)[2]
    assert answer.step == SAMPLE.next_steps[0]
    assert answer.short == "Fetch the votes of this round from Label Studio"
    assert answer.sentences == (
        "Then aggregate, retrain, evaluate and ask about the next 24 clips.",
    )
    assert len(write_answers(replace(SAMPLE, next_steps=()))) == 2


def test_the_first_round_starts() -> None:
    """Without a round before there is no progress to tell."""
    content = build_sample_content(rounds=1)
    assert words(content, 0).startswith("It is a start The first model")
    assert words(replace(content, curve=()), 0) == "Not yet No model has been evaluated yet."
    assert write_title(replace(content, curve=(), registry=None)) == "No result"
