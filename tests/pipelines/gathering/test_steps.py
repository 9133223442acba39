"""What to do next is ordered by how long it can wait."""

import math
from dataclasses import replace

import pytest

from pipelines.gathering.steps import list_steps
from pipelines.report.following import NextRound
from pipelines.report.registry import Registry
from pipelines.report.testing import build_sample_outlook
from pipelines.report.testing_operations import build_sample_drift

CANDIDATE = Registry(line="calls", candidate="m1", state="candidate")


def commands(**changes: object) -> list[str]:
    """Return the commands for a campaign in which nothing is to be done but to go on."""
    given = {
        "registry": replace(CANDIDATE, state="champion"),
        "following": None,
        "outlook": None,
        "drifts": (),
        **changes,
    }
    return [step.command for step in list_steps("ravdess", "calls", **given)]


def following(open_votes: int) -> NextRound:
    """Return a round with so many votes missing."""
    return NextRound(
        number=2, strategy="worth", open_votes=open_votes, open_hours=math.nan, asks=()
    )


def test_approval_comes_first() -> None:
    """A candidate that waits for a person stands before drift and the next round."""
    waiting = replace(CANDIDATE, state="waiting")
    found = commands(registry=waiting, drifts=(build_sample_drift(),), following=following(3))
    assert found == [
        "serloop promote m1",
        "serloop drift crnn-active-3",
        "serloop round ravdess --campaign calls --answers export.json",
    ]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (None, ["--tasks tasks.json", "--answers export.json"]),
        (following(3), ["--answers export.json"]),
        (following(0), [""]),
    ],
    ids=["not-asked", "open", "answered"],
)
def test_the_round_goes_on_where_it_stands(asked: NextRound | None, expected: list[str]) -> None:
    """Ask what is not asked, wait for what is open, learn from what is in."""
    start = "serloop round ravdess --campaign calls"
    assert commands(following=asked) == [f"{start} {rest}".strip() for rest in expected]


def test_a_model_that_met_no_gate_is_sent_there() -> None:
    """The gate is offered until it has decided."""
    assert commands(registry=CANDIDATE)[-1] == "serloop gate m1"
    assert "serloop gate m1" not in commands()


def test_stopping_is_offered_only_when_most_criteria_say_so() -> None:
    """One of three criteria is no reason to stop."""
    outlook = build_sample_outlook(4)
    assert "serloop plan calls" not in commands(outlook=outlook)
    advice = replace(outlook.advice, words="Consider stopping: 2 of 3 criteria say so.")
    assert "serloop plan calls" in commands(outlook=replace(outlook, advice=advice))
