"""Every check passes on a sound lake and finds its own defect in a damaged one."""

import re
from pathlib import Path

import pytest

from warehouse import FailedCheck, Warehouse
from warehouse.schemas import TABLES
from warehouse.statements import list_statements, load_statement
from warehouse.testing import build_warehouse, make_rows

_GHOST = {"clip_id": ["toy/ghost"]}
_DEFECTS = {
    "ask_on_unknown_clip": ("asks", {"ask_id": ["bad"], "round_id": ["round"], **_GHOST}),
    "ask_without_round": ("asks", {"ask_id": ["lost"], "clip_id": ["toy/000"]}),
    "annotator_without_run": ("annotators", {"run_id": ["lost"]}),
    "clip_of_unknown_corpus": ("clips", {"clip_id": ["lost/1"], "corpus": ["lost"]}),
    "clip_without_waveform": ("clips", {"clip_id": ["toy/silent"], "corpus": ["toy"]}),
    "waveform_without_clip": ("waveforms", {**_GHOST, "samples": [0]}),
    "waveform_of_wrong_size": ("waveforms", {"clip_id": ["toy/000"], "revision": [9]}),
    "features_without_clip": ("features", {**_GHOST, "feature_set": ["toy-mel"]}),
    "features_of_unknown_set": ("features", {"feature_set": ["lost"], "clip_id": ["toy/000"]}),
    "features_of_wrong_size": ("features", {"clip_id": ["toy/000"], "frames": [3]}),
    "transcript_without_clip": ("transcripts", {**_GHOST, "source": ["file:lost.csv"]}),
    "clip_without_source": ("clips", {"clip_id": ["toy/lost"], "audio_sha256": ["unseen"]}),
    "duplicate_of_unknown_clip": ("duplicates", {"clip_id": ["toy/0"], "other_id": ["toy/gone"]}),
    "source_observed_out_of_order": ("sources", {"path": ["late.wav"], "observation": [3]}),
    "speech_outside_source": ("clips", {"clip_id": ["toy/odd"], "speech_end_s": [9.0]}),
    "vote_label_not_in_taxonomy": (
        "votes",
        {"vote_id": ["odd"], "taxonomy": ["toy-3"], "label": ["joy"]},
    ),
    "vote_supersedes_unknown": ("votes", {"vote_id": ["later"], "supersedes": ["lost"]}),
    "retraction_of_nothing": ("votes", {"vote_id": ["vain"], "is_retraction": [True]}),
    "vote_without_positive_count": ("votes", {"vote_id": ["none"], "count": [0]}),
    "consensus_without_run": ("consensus", {"run_id": ["lost"]}),
    "consensus_posterior_not_normalised": (
        "consensus",
        {"run_id": ["run"], **_GHOST, "posterior": [[0.5, 0.25, float("nan")]]},
    ),
    "evaluation_without_model": ("evaluations", {"evaluation_id": ["lost"]}),
    "gate_check_without_gate": ("gate_checks", {"gate_id": ["lost"]}),
    "transition_of_unknown_model": ("transitions", {"model_id": ["nobody"], "line": ["toy"]}),
    "artifact_of_unknown_model": ("bundles", {"model_id": ["nobody"]}),
    "metric_without_evaluation": ("metrics", {"evaluation_id": ["stray"]}),
    "trial_objective_not_mean_of_folds": (
        "trials",
        {"trial_id": ["study/1"], "state": ["complete"], "objective": [0.5]},
    ),
    "prediction_without_model": ("predictions", {"model_id": ["lost"]}),
    "prediction_posterior_not_normalised": (
        "predictions",
        {"model_id": ["model"], **_GHOST, "posterior": [[0.5, 0.5]]},
    ),
    "duplicate_key": ("rounds", {"round_id": ["round"]}),
}


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FailedCheck]:
    """Return the failed checks of a lake with one defect for each."""
    root: Path = tmp_path_factory.mktemp("damaged")
    with build_warehouse(root) as warehouse:
        for table, columns in _DEFECTS.values():
            rows = make_rows(table, **columns)
            # Past the commit, which would refuse or skip some of them.
            warehouse._connection.from_arrow(rows).insert_into(f"lake.main.{table}")
        return {check.name: check for check in warehouse.check()}


def test_sound_lake_passes(toy: Warehouse) -> None:
    """A lake without defects has no failed check."""
    assert toy.check() == []


@pytest.mark.parametrize("name", list_statements("checks"))
def test_check_finds_its_defect(failed: dict[str, FailedCheck], name: str) -> None:
    """The offending row is among the evidence, and the check says why it matters."""
    table, columns = _DEFECTS[name]
    evidence = failed[name].rows.to_pylist()
    offender = next(value[0] for value in columns.values())
    assert any(offender in (str(value) for value in row.values()) for row in evidence), table
    assert failed[name].purpose.endswith(".")


def test_every_key_is_checked() -> None:
    """A table that came later is not left out."""
    checked = set(re.findall(r"'(\w+)' AS table_name", load_statement("checks", "duplicate_key")))
    assert checked == {name for name, table in TABLES.items() if table.key}
