"""A model comes to the gate: what is decided is stored, acted on once, and told with reasons."""

import json

import pytest

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.evaluate import evaluate
from pipelines.gate.gate import gate
from pipelines.operations_sections import GateSettings
from pipelines.progress import SilentProgress
from pipelines.registry.append import Change, append_change
from pipelines.registry.change import promote, refuse, rollback
from pipelines.registry.states import champion_of, read_line, read_states
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.gate.labelled import put_labels, read_clips, true_labels
from tests.pipelines.places import borrow
from warehouse import queries

SILENT = SilentProgress()
LINE = "synthetic"
# What anybody passes against a champion, as long as there are two test speakers.
LENIENT = GateSettings(
    false_promotion=0.5, margin=-1, calibration=1, group=1, robustness=1, approval="automatic"
)


@pytest.fixture(scope="module")
def trained_twice(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Train with two seeds, evaluate, and train a third on speakers that these are tested on."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("gated"))
    found = []
    for seed in (0, 1):
        training = settings.training.model_copy(update={"seed": seed})
        seeded = settings.model_copy(update={"training": training})
        model_id = train(seeded, SILENT, corpus=LINE).model_id
        evaluate(settings, SILENT, model_id=model_id)
        found.append(model_id)
    leaking = train(settings, SILENT, corpus=LINE, test_speakers=("SYNM05", "SYNF06")).model_id
    evaluate(settings, SILENT, model_id=leaking)
    return settings, *found, leaking


@pytest.fixture
def place(trained_twice, tmp_path):
    """Return a copy in which the first model is champion, and the names of the models."""
    lender, first, second, leaking = trained_twice
    settings = borrow(lender, tmp_path / "home")
    promote(settings, SILENT, model_id=first, force=True, reason="to begin with", actor="ann")
    return settings, first, second, leaking


def with_limits(settings: Settings, limits: GateSettings = LENIENT, **changed: object) -> Settings:
    """Return settings with other limits of the gate."""
    return settings.model_copy(update={"gate": limits.model_copy(update=changed)})


def test_what_passes_becomes_champion(place) -> None:
    """Decision, checks and change are there from one snapshot on."""
    settings, first, second, _ = place
    with open_store(settings) as store:
        before = store.snapshot
    found = gate(with_limits(settings), SILENT, model_id=second)
    assert (found.state, found.is_passed, found.champion_id) == ("promoted", True, first)
    with open_store(settings) as store:
        assert store.snapshot == before + 1
        assert champion_of(store, LINE) == second
        assert read_states(store)[first] == "retired"
        (row,) = queries.select_gates(store, line=LINE).to_pylist()
        checks = queries.select_gate_checks(store, found.gate_id)["check_name"].to_pylist()
    assert (row["clips"], row["speakers"], row["truth"]) == (12, 2, "intended")
    assert {"better", "calibration", "noise", "gain=up", "gain=down"} <= set(checks)
    assert json.loads(row["limits"])["margin"] == -1
    assert [event.name for event in found.events()] == ["serloop.gate.promoted"]


def test_what_fails_is_refused_with_the_reason(place) -> None:
    """The champion stays, and the reason is kept with the change."""
    settings, first, second, _ = place
    found = gate(settings, SILENT, model_id=second)
    assert (found.state, found.is_passed) == ("refused", False)
    assert "with 2 test speakers no p is below 0.25" in found.reason
    with open_store(settings) as store:
        last = read_line(store, LINE).transitions[-1]
    assert (last.kind, last.champion_id, last.actor) == ("refused", first, "gate")
    assert (last.gate_id, last.reason) == (found.gate_id, found.reason)


def test_nothing_is_decided_twice(place) -> None:
    """A second call returns what was decided, to the last figure, and changes nothing."""
    settings, _, second, _ = place
    first_time = gate(settings, SILENT, model_id=second)
    with open_store(settings) as store:
        before = store.snapshot
    again = gate(settings, SILENT, model_id=second)
    assert (again.gate_id, again.checks) == (first_time.gate_id, first_time.checks)
    assert (again.is_new, list(again.events())) == (False, [])
    with open_store(settings) as store:
        assert store.snapshot == before


def test_other_limits_are_another_decision(place) -> None:
    """What was refused by strict limits may pass lenient ones."""
    settings, _, second, _ = place
    strict = gate(settings, SILENT, model_id=second)
    lenient = gate(with_limits(settings), SILENT, model_id=second)
    assert strict.gate_id != lenient.gate_id
    assert (strict.state, lenient.state) == ("refused", "promoted")


def test_a_person_may_have_to_approve(place) -> None:
    """What passed waits; a promotion then rests on that decision, and is not undone by a call."""
    settings, first, second, _ = place
    human = with_limits(settings, approval="human")
    found = gate(human, SILENT, model_id=second)
    assert found.state == "waiting"
    with open_store(settings) as store:
        assert champion_of(store, LINE) == first
        assert read_states(store)[second] == "waiting"
    made = promote(human, SILENT, model_id=second, reason="sounds right", actor="ann")
    assert (made.champion_id, made.gate_id) == (second, found.gate_id)
    assert gate(human, SILENT, model_id=second).state == "promoted"


def test_a_person_may_refuse_what_waits(place) -> None:
    """It waits no more, and asking the gate again does not bring it back."""
    settings, _, second, _ = place
    human = with_limits(settings, approval="human")
    gate(human, SILENT, model_id=second)
    refuse(human, SILENT, model_id=second, reason="hums", actor="ann")
    assert gate(human, SILENT, model_id=second).state == "refused"


def test_a_promotion_without_a_decision_asks_the_gate(place) -> None:
    """It is refused with the reasons of the gate, or made by it."""
    settings, _, second, _ = place
    with pytest.raises(PipelineError, match=r"the gate refuses .*--force"):
        promote(settings, SILENT, model_id=second)
    made = promote(with_limits(settings), SILENT, model_id=second)
    assert (made.kind, made.champion_id, made.actor) == ("promoted", second, "gate")


def test_a_roll_back_stands(place) -> None:
    """Asking the gate once more does not put back what a person took away."""
    settings, first, second, _ = place
    lenient = with_limits(settings)
    gate(lenient, SILENT, model_id=second)
    rollback(settings, SILENT, line=LINE, reason="hums")
    assert not gate(lenient, SILENT, model_id=second).is_new
    with open_store(settings) as store:
        assert champion_of(store, LINE) == first


def test_what_one_learned_and_the_other_is_tested_on_is_refused(place) -> None:
    """Leakage is a reason of its own, stored as a decision; a figure would be worthless."""
    settings, _, _, leaking = place
    found = gate(with_limits(settings), SILENT, model_id=leaking)
    (check,) = found.checks
    assert (found.state, check.check_name, check.candidate) == ("refused", "comparable", None)
    assert "cannot be judged on clips that it learned from" in found.reason


def test_another_taxonomy_is_refused(place) -> None:
    """A candidate of other classes cannot be compared, and that is stored too."""
    settings, _, second, _ = place
    with open_store(settings) as store:
        model = next(
            row for row in queries.select_models(store).to_pylist() if row["model_id"] == second
        )
        other = {**model, "model_id": "other", "taxonomy": "synthetic-x"}
        rows = queries.select_models(store).schema
        store.commit({"models": rows.empty_table().from_pylist([other], rows)}, message="other")
    found = gate(settings, SILENT, model_id="other")
    assert (found.state, found.checks[0].check_name) == ("refused", "comparable")
    assert "compare models of one taxonomy" in found.reason


def test_without_evaluation_nothing_is_decided(place) -> None:
    """The message says what to run; no refusal is stored."""
    settings, _, _, _ = place
    training = settings.training.model_copy(update={"seed": 7})
    seeded = settings.model_copy(update={"training": training})
    fresh = train(seeded, SILENT, corpus=LINE).model_id
    with pytest.raises(NothingToDoError, match=f"serloop evaluate {fresh}"):
        gate(settings, SILENT, model_id=fresh)
    with open_store(settings) as store:
        assert queries.select_gates(store).num_rows == 0


def test_the_champion_meets_nobody(place) -> None:
    """Asked about itself, the gate says why it is champion."""
    settings, first, second, _ = place
    found = gate(settings, SILENT, model_id=first)
    assert (found.gate_id, found.state) == (None, "promoted")
    assert found.reason == "by word of ann: to begin with"
    promoted = gate(with_limits(settings), SILENT, model_id=second)
    assert gate(settings, SILENT, model_id=second).gate_id == promoted.gate_id


def test_the_first_champion_has_to_beat_guessing(trained_twice, tmp_path) -> None:
    """A model after two updates does not, and the line stays without a champion."""
    lender, first, _, _ = trained_twice
    settings = borrow(lender, tmp_path / "home")
    found = gate(settings, SILENT, model_id=first)
    assert (found.state, found.champion_id) == ("refused", None)
    assert "not shown to be better than guessing" in found.reason
    with open_store(settings) as store:
        assert champion_of(store, LINE) is None


def test_people_may_be_the_truth(place) -> None:
    """A consensus run judges both, on the clips it has a label of."""
    settings, _, second, _ = place
    labels = true_labels(read_clips(settings, LINE))
    tested = [name for name in labels if name.split("/")[1][:6] in {"SYNF04", "SYNM01"}][:6]
    put_labels(settings, LINE, "people", {name: labels[name] for name in tested})
    found = gate(settings, SILENT, model_id=second, truth="people")
    assert found.clips == 6
    assert found.gate_id != gate(settings, SILENT, model_id=second).gate_id


def test_a_champion_that_was_replaced_meanwhile_is_met_anew(
    place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decision against a former champion promotes nobody; the new one is met."""
    settings, first, second, _ = place
    from pipelines.gate import gate as stage

    decide = stage.decide

    def overtaken(store, *given, **named):
        decision = decide(store, *given, **named)
        if named["champion_id"] == first:
            with open_store(settings) as other:
                change = Change("promoted", "third", "third", None, "ann", "quicker")
                append_change(other, LINE, lambda _: change)
        return decision

    monkeypatch.setattr(stage, "decide", overtaken)
    with pytest.raises(PipelineError, match="no model `third`"):
        gate(with_limits(settings), SILENT, model_id=second)
    with open_store(settings) as store:
        assert champion_of(store, LINE) == "third"


def test_the_result_reads_well(place) -> None:
    """Rows for the terminal, JSON for a program, a sentence for a person."""
    settings, _, second, _ = place
    found = gate(settings, SILENT, model_id=second)
    assert found.rows()[0]["passed"] == "no"
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert document["sentence"] == found.sentence()
    assert found.sentence().startswith(f"`{second}` is refused in `{LINE}`: ")
    assert found.links() == []
