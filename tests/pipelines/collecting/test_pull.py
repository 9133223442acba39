"""Answers that a campaign has received become votes of stable annotators."""

import json

from annotation.label_studio.users import annotator_of
from pipelines.settings import Settings
from tests.pipelines.collecting.asked_campaign import (
    CLIPS,
    read,
    table,
)
from tests.pipelines.collecting.conftest import KEY
from tests.pipelines.collecting.stand_in import StandIn

A = CLIPS[0]


def test_answers_become_votes_of_stable_annotators(asking: Settings, server: StandIn) -> None:
    """Number, address and lead time of the server become annotator and lead time of the ledger."""
    server.users[2] = "sim@simulated.serloop.example"
    task = server.ask({"clip_id": A})
    server.answer(task, "joy")
    server.answer(task, "calm", user=2)
    result = read(asking)
    assert (result.votes, result.added, result.is_full) == (2, 2, True)
    votes = table(asking, "select_effective_votes")
    assert {(row["annotator"], row["label"]) for row in votes} == {
        (annotator_of("ann@example.org"), "joy"),
        (annotator_of("sim@simulated.serloop.example"), "calm"),
    }
    assert {row["lead_time_s"] for row in votes} == {4.5}
    assert {row["source_ref"] for row in votes} == {f"{KEY}/1", f"{KEY}/2"}


def test_the_result_is_one_row_for_a_program(asking: Settings, server: StandIn) -> None:
    """Every cell can be written as JSON."""
    server.answer(server.ask({"clip_id": A}), "rage")
    (row,) = read(asking).rows()
    assert json.loads(json.dumps(row))["reasons"] == "1 unknown_choice"
