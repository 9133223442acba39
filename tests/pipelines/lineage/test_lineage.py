"""Lineage tells what was recorded, checks what can be checked, and says what is unknown."""

import hashlib
import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipelines.commands.lineage import lineage as verb
from pipelines.errors import PipelineError
from pipelines.lineage.lineage import LineageResult, lineage
from pipelines.lineage.step import Step
from pipelines.progress import SilentProgress
from pipelines.registry.states import read_states
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.places import Campaign, borrow
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()
APP = typer.Typer()
APP.command()(verb)


def trace(settings: Settings, subject: str) -> LineageResult:
    """Run the stage."""
    return lineage(settings, SILENT, subject=subject)


def steps_of(found: LineageResult, kind: str) -> list[Step]:
    """Return the steps of one kind."""
    return [step for step in found.steps if step.kind == kind]


def find_model(settings: Settings, arm: str) -> dict[str, object]:
    """Return the model of an arm."""
    with open_store(settings) as store:
        models = queries.select_models(store).to_pylist()
    found: dict[str, object] = next(row for row in models if row["arm"] == arm)
    return found


def read_state(settings: Settings, model_id: str) -> str:
    """Return what the registry says of a model."""
    with open_store(settings) as store:
        return read_states(store)[model_id]


@pytest.fixture
def settings(campaign_once: Campaign, tmp_path: Path) -> Settings:
    """Return a campaign of two rounds, free to change."""
    return borrow(campaign_once.settings, tmp_path / "home")


def test_a_model_is_traced_from_its_sound_to_its_round(settings: Settings) -> None:
    """Every step is there, in order, and each is the one that was recorded."""
    model = find_model(settings, "active")
    found = trace(settings, model["model_id"])
    kinds = list(dict.fromkeys(step.kind for step in found.steps))
    expected = ["audio", "trim", "features", "votes", "consensus", "snapshot", "model"]
    assert kinds[:8] == [*expected, "evaluation"]
    assert kinds[-1] == "round"
    config = json.loads(model["config"])
    (votes,) = steps_of(found, "votes")
    assert votes.facts["clips"] == len(config["clips"])
    assert steps_of(found, "consensus")[-1].name == model["labels"]
    assert steps_of(found, "snapshot")[0].name == str(model["snapshot"])
    assert steps_of(found, "round")[0].name == model["round_id"]
    assert found.unknown == ("trim: found by",)


def test_the_hash_of_all_sound_can_be_computed_by_anybody(settings: Settings) -> None:
    """SHA-256 over the lines of what it learned from; files are as they were."""
    model = find_model(settings, "active")
    (audio,) = steps_of(trace(settings, model["model_id"]), "audio")
    learned = set(json.loads(model["config"])["clips"])
    with open_store(settings) as store:
        clips = queries.select_clips(store).to_pylist()
    lines = [f"{row['clip_id']} {row['audio_sha256']}\n" for row in clips]
    kept = "".join(line for line in lines if line.split()[0] in learned)
    assert audio.facts["sha256 of all"] == hashlib.sha256(kept.encode()).hexdigest()
    assert audio.facts["files"] == {"as it was": len(learned)}


def test_a_file_that_changed_since_is_told(settings: Settings) -> None:
    """The model learned from other bytes than lie there now."""
    model = find_model(settings, "active")
    first = json.loads(model["config"])["clips"][0]
    with open_store(settings) as store:
        clip = next(
            row for row in queries.select_clips(store).to_pylist() if row["clip_id"] == first
        )
        row = {"corpus": [clip["corpus"]], "path": [clip["path"]], "state": ["present"]}
        seen = make_rows("sources", **row, observation=[2], audio_sha256=["f" * 64])
        store.commit({"sources": seen}, message="changed")
    (audio,) = steps_of(trace(settings, model["model_id"]), "audio")
    assert audio.facts["files"]["changed since"] == 1
    assert steps_of(trace(settings, first), "audio")[0].facts["file"] == "changed since"


def test_weights_are_checked(settings: Settings) -> None:
    """As recorded, then not, then gone."""
    model = find_model(settings, "active")
    path = settings.artifacts / model["artifact"]

    def told() -> object:
        return steps_of(trace(settings, model["model_id"]), "model")[0].facts["weights file"]

    assert told() == "as recorded"
    path.write_bytes(b"others")
    assert told() == "not the one recorded"
    path.unlink()
    assert told() == "missing"


def test_what_became_of_a_model_is_told(settings: Settings) -> None:
    """Decisions with their reasons, changes of champion, and drift with its alarms."""
    model_id = find_model(settings, "active")["model_id"]
    checks = {"check_name": ["better", "noise"], "is_passed": [True, False]}
    rows = {
        "gates": make_rows("gates", gate_id=["gate-1"], line=["elsewhere"], model_id=[model_id]),
        "gate_checks": make_rows(
            "gate_checks", gate_id=["gate-1"] * 2, **checks, reason=["", "UAR falls by 0.2"]
        ),
        "transitions": make_rows(
            "transitions",
            line=["elsewhere"],
            number=[0],
            kind=["refused"],
            model_id=[model_id],
            gate_id=["gate-1"],
        ),
        "drifts": make_rows(
            "drifts",
            drift_id=["drift-1"] * 2,
            measure=["loudness", "snr"],
            model_id=[model_id] * 2,
            is_alarm=[True, False],
        ),
    }
    with open_store(settings) as store:
        store.commit(rows, message="decided")
    found = trace(settings, model_id)
    gate = next(step for step in steps_of(found, "gate") if step.name == "gate-1")
    assert (gate.facts["failed"], gate.facts["reasons"]) == (["noise"], ["UAR falls by 0.2"])
    state, *changes = steps_of(found, "registry")
    assert state.facts["state"] == read_state(settings, model_id)
    change = next(step for step in changes if step.name == "elsewhere 0")
    assert (change.facts["kind"], change.facts["gate"]) == ("refused", "gate-1")
    assert steps_of(found, "drift")[-1].facts["alarms"] == ["loudness"]


def test_a_model_of_a_snapshot_that_is_gone_says_what_is_unknown(settings: Settings) -> None:
    """Nothing is read off the present instead."""
    config = {"corpus": "synthetic", "clips": ["synthetic/x"], "labels": "gone-run"}
    config |= {"test_speakers": [], "dev_speakers": []}
    row = {"model_id": ["lost"], "snapshot": [9999], "config": [json.dumps(config)]}
    with open_store(settings) as store:
        store.commit({"models": make_rows("models", **row)}, message="lost")
    found = trace(settings, "lost")
    assert found.unknown == (
        "audio: sha256 of all",
        "audio: files",
        "trim: speech h",
        "features: parameters",
        "votes: votes",
        "consensus: run",
        "snapshot: committed",
    )
    assert steps_of(found, "model")[0].facts["weights file"] == "missing"


def test_a_clip_is_traced_to_every_model_that_learned_it(settings: Settings) -> None:
    """With each vote, what runs made of them, what models say of it, and why it was asked."""
    model = find_model(settings, "active")
    clip_id = json.loads(model["config"])["clips"][0]
    found = trace(settings, clip_id)
    with open_store(settings) as store:
        votes = queries.select_ledger(store, [clip_id])["vote_id"].to_pylist()
        runs = queries.select_clip_consensus(store, clip_id)["run_id"].to_pylist()
    assert [step.name for step in steps_of(found, "votes")] == votes
    assert [step.name for step in steps_of(found, "consensus")] == runs
    models = {step.name: step.facts for step in steps_of(found, "model")}
    assert models[model["model_id"]]["learned from it"] is True
    assert models[model["model_id"]]["snapshot"] == model["snapshot"]
    assert "test uar" in models[model["model_id"]]
    (asked, *_) = steps_of(found, "round")
    assert asked.facts["votes_received"] == len(votes)
    assert steps_of(found, "features")[0].name == model["feature_set"]


def test_what_is_neither_is_refused(settings: Settings) -> None:
    """It is named."""
    with pytest.raises(PipelineError, match="neither a model nor a clip `synthetic/404`"):
        trace(settings, "synthetic/404")


def test_the_verb_prints_a_table_or_json(settings: Settings) -> None:
    """JSON keeps hashes whole; the table cuts them and says what is unknown."""
    model_id = str(find_model(settings, "active")["model_id"])
    place = {
        "SERLOOP_WAREHOUSE__CATALOG": settings.catalog,
        "SERLOOP_WAREHOUSE__DATA_PATH": settings.data_path,
    }
    command = [model_id, "--home", str(settings.home)]
    table = CliRunner().invoke(APP, command, env=place)
    assert table.exit_code == 0
    assert "unknown: trim: found by" in table.stdout
    document = json.loads(CliRunner().invoke(APP, [*command, "--json"], env=place).stdout)
    assert document["model"] == model_id
    assert document["unknown"] == ["trim: found by"]
    whole = document["steps"][0]["facts"]["sha256 of all"]
    assert len(whole) == 64
    assert whole not in table.stdout
    assert whole[:12] in table.stdout
