"""Clips that come in are compared with those a model knows, and an alarm says what differs."""

import json

import pytest
import typer
from typer.testing import CliRunner

from pipelines.commands.drift import drift as verb
from pipelines.drift.drift import DriftResult, drift
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.progress import SilentProgress
from pipelines.workspace import open_store
from tests.pipelines.drift.calls import amplify, write_calls
from tests.pipelines.drift.conftest import Calls
from warehouse import queries

SILENT = SilentProgress()
MEASURES = ["loudness", "snr", "duration", "features", "classes", "embedding"]
APP = typer.Typer()
APP.command()(verb)


def measure(calls: Calls, corpus: str | None = None) -> DriftResult:
    """Run the stage."""
    return drift(calls.settings, SILENT, model_id=calls.model_id, corpus=corpus)


def stored(calls: Calls) -> list[dict[str, object]]:
    """Return the rows of `drifts`."""
    with open_store(calls.settings) as store:
        rows: list[dict[str, object]] = queries.select_drifts(store).to_pylist()
    return rows


def test_nothing_came_in(calls: Calls) -> None:
    """It is no error, and nothing is kept."""
    found = measure(calls)
    assert (found.rows(), found.events(), stored(calls)) == ([], [], [])
    assert "no clip came into `calls` since" in found.sentence()


def test_new_speakers_of_the_same_kind_are_no_drift(calls: Calls) -> None:
    """Every measure is kept with its threshold, and none is beyond it."""
    calls.come()
    found = measure(calls)
    assert [of.measure for of in found.measures] == MEASURES
    assert found.alarms == ()
    assert found.events() == []
    assert found.incoming_clips == 48
    assert all(of.value <= of.threshold for of in found.measures)
    rows = {row["measure"]: row for row in stored(calls)}
    assert sorted(rows) == sorted(MEASURES)
    assert rows["loudness"]["value"] == found.measures[0].value
    assert rows["loudness"]["reference_clips"] == found.measures[0].reference_clips


def test_measuring_again_keeps_nothing_twice(calls: Calls) -> None:
    """Equal clips give equal numbers under an equal name."""
    calls.come()
    first, again = measure(calls), measure(calls)
    assert (first.drift_id, first.measures) == (again.drift_id, again.measures)
    assert len(stored(calls)) == len(MEASURES)


def test_louder_calls_raise_an_alarm_that_says_so(calls: Calls) -> None:
    """The event names the model and every measure that is beyond, with what was found."""
    calls.come(gain=6.0)
    found = measure(calls)
    alarms = {of.measure: of for of in found.alarms}
    assert {"loudness", "features"} <= set(alarms)
    assert "duration" not in alarms
    assert alarms["loudness"].value > 10
    (event,) = found.events()
    assert event.name == "serloop.drift.alarm"
    assert event.resource == f"serloop.model.{calls.model_id}"
    assert set(event.payload["alarms"]) == set(alarms)
    assert "mean level" in event.payload["alarms"]["loudness"]
    assert "are unlike those that" in found.sentence()
    assert {row["measure"] for row in stored(calls) if row["is_alarm"]} == set(alarms)


def test_a_few_new_speakers_can_raise_no_alarm_and_that_is_told(calls: Calls) -> None:
    """However far they are: one of twelve is the farthest anyway."""
    calls.come(gain=6.0, callers=1)
    found = measure(calls)
    assert found.alarms == ()
    assert "1 speakers against 11 are too few for any alarm" in found.measures[0].detail


def test_a_file_that_changed_came_in(calls: Calls) -> None:
    """Its new revision is compared with what the model learned, the old one included."""
    path = sorted(calls.root.glob("*.wav"))[0]
    amplify(path, path, 3.0)
    calls.ingest("calls")
    found = measure(calls)
    assert found.incoming_clips == 1
    assert found.measures[0].incoming_clips == 1


def test_another_corpus_is_compared_as_a_whole(calls: Calls) -> None:
    """Also with clips that were there before the model."""
    write_calls(calls.root.parent / "others", calls.source, calls.others)
    other = Calls(calls.settings, calls.model_id, calls.root.parent / "others", calls.source, [])
    other.ingest("others")
    found = measure(calls, "others")
    assert (found.corpus, found.incoming_clips) == ("others", 48)
    assert found.drift_id == measure(calls, "others").drift_id


def test_clips_without_features_are_compared_by_sound_alone(calls: Calls) -> None:
    """What is not measured is told with the remedy; once it can be, it is kept beside."""
    calls.come(has_features=False)
    found = measure(calls)
    assert [of.measure for of in found.measures] == MEASURES[:3]
    assert [name for name, _ in found.unmeasured] == MEASURES[3:]
    assert "48 of 48 clips have no features" in found.sentence()
    calls.ingest("calls")
    assert measure(calls).drift_id != found.drift_id
    assert len(stored(calls)) == 3 + len(MEASURES)


def test_an_unknown_corpus_is_refused(calls: Calls) -> None:
    """It is named."""
    with pytest.raises(NothingToDoError, match="corpus `nothing` has no clips"):
        measure(calls, "nothing")


def test_an_unknown_model_is_refused(calls: Calls) -> None:
    """It is named."""
    with pytest.raises(PipelineError, match="no model `nobody`"):
        drift(calls.settings, SILENT, model_id="nobody")


def test_the_verb_prints_a_table_or_json(calls: Calls) -> None:
    """The document has every measure, and says what the sentence says."""
    calls.come()
    command = [calls.model_id, "--home", str(calls.settings.home)]
    place = {
        "SERLOOP_WAREHOUSE__CATALOG": calls.settings.catalog,
        "SERLOOP_WAREHOUSE__DATA_PATH": calls.settings.data_path,
    }
    table = CliRunner().invoke(APP, command, env=place)
    assert table.exit_code == 0
    assert "not unlike those" in table.stdout
    document = json.loads(CliRunner().invoke(APP, [*command, "--json"], env=place).stdout)
    assert [of["measure"] for of in document["measures"]] == MEASURES
    assert document["sentence"] in " ".join(table.stdout.split("\n"))
