"""Telling a model of a speaker, and hearing them with it."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from pipelines.baselines.evidence import find_strangers, read_known
from pipelines.baselines.find import load_baseline, read_told
from pipelines.baselines.make import baseline
from pipelines.baselines.recognise import recognise
from pipelines.cli import app
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.serving.load import OFF
from pipelines.train import train
from pipelines.workspace import open_store
from ser.errors import ArtifactError
from tests.pipelines.baselines.telling import make_known
from warehouse import queries

SILENT = SilentProgress()


@pytest.fixture
def sound(synthetic_root):
    """Return a file of the corpus."""
    return sorted(synthetic_root.rglob("*.wav"))[0]


def test_nobody_can_say_is_off(trained, sound):
    """Without models that never heard the training speakers, a baseline is stored and left off."""
    found = baseline(
        trained.settings,
        SILENT,
        speaker="sam",
        neutral=[str(sound)],
        model_id=trained.model_id,
    )
    assert (found.is_used, found.gain) == (False, None)
    assert "serloop crossvalidate" in found.sentence()
    with open_store(trained.settings) as store:
        (row,) = queries.select_baselines(store).to_pylist()
        assert read_told(store, trained.model_id).find("sam") is None
    assert row["method"] == "normalisation"
    assert load_baseline(trained.settings, row).shift is not None
    plain = recognise(trained.settings, SILENT, files=[sound], model_id=trained.model_id)
    known = recognise(
        trained.settings, SILENT, files=[sound], model_id=trained.model_id, speaker="sam"
    )
    assert known.baseline == OFF
    assert known.heard[0].posterior == plain.heard[0].posterior


def test_same_clips_are_told_once(trained, sound):
    """Telling the same again adds no row."""
    told = {"speaker": "sam", "labelled": [("anger", str(sound))], "model_id": trained.model_id}
    first = baseline(trained.settings, SILENT, **told)
    again = baseline(trained.settings, SILENT, **told)
    assert (first.is_new, again.is_new) == (True, False)
    assert again == replace(first, is_new=False)


def test_what_helps_is_heard(trained, sound):
    """A baseline that is on changes what is said of its speaker, and of nobody else."""
    model_id = trained.model_id
    name = make_known(trained.settings, model_id, "sam")
    plain = recognise(trained.settings, SILENT, files=[sound], model_id=model_id)
    known = recognise(trained.settings, SILENT, files=[sound], model_id=model_id, speaker="sam")
    assert known.baseline == name
    assert known.heard[0].posterior["anger"] > plain.heard[0].posterior["anger"]
    with pytest.raises(NothingToDoError, match=r"nothing of `eve` .*knows `sam`"):
        recognise(trained.settings, SILENT, files=[sound], model_id=model_id, speaker="eve")


def test_changed_numbers_are_refused(trained, sound):
    """A file of numbers that is not the recorded one is not used."""
    make_known(trained.settings, trained.model_id, "sam")
    (file,) = (trained.settings.artifacts / "baselines").iterdir()
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(ArtifactError, match="make it again with `serloop baseline sam`"):
        recognise(trained.settings, SILENT, files=[sound], model_id=trained.model_id, speaker="sam")


def test_models_of_other_folds_are_strangers(trained):
    """A model of the same recipe tells of the speakers it was kept from, and of nobody else."""
    settings = trained.settings
    with open_store(settings) as store:
        model = require_model(store, trained.model_id)
    held_out = sorted(set(model["config"]["test_speakers"]))
    with open_store(settings) as store:
        speakers = sorted(set(read_known(store, model).speakers.tolist()))
    train(settings, SILENT, corpus="synthetic", test_speakers=(speakers[0],))
    with open_store(settings) as store:
        weights = load_weights(settings, model)
        known = read_known(store, model)
        found = find_strangers(store, settings, model, weights, known)
    assert [of.speakers for of in found] == [(speakers[0],)]
    assert not set(held_out) & set(known.speakers.tolist())


def test_bad_input_is_named(trained, sound):
    """No clip, an unknown class, and what is neither file nor clip are refused by name."""
    told = {"speaker": "sam", "model_id": trained.model_id}
    with pytest.raises(PipelineError, match="nothing was said of `sam`"):
        baseline(trained.settings, SILENT, **told)
    with pytest.raises(PipelineError, match="has no class `glee`"):
        baseline(trained.settings, SILENT, **told, labelled=[("glee", str(sound))])
    with pytest.raises(PipelineError, match=r"`nowhere\.wav` is neither a file nor a clip"):
        baseline(trained.settings, SILENT, **told, neutral=["nowhere.wav"])


def test_verbs_print_json(trained, sound, monkeypatch):
    """Both verbs answer a program; a file that is no sound ends with 1."""
    monkeypatch.setenv("SERLOOP_WAREHOUSE__CATALOG", trained.settings.catalog)
    monkeypatch.setenv("SERLOOP_WAREHOUSE__DATA_PATH", trained.settings.data_path)
    place = ["--home", str(trained.settings.home), "--model", trained.model_id, "--json"]
    run = CliRunner().invoke
    made = run(app, ["baseline", "sam", "--neutral", str(sound), *place])
    assert json.loads(made.stdout)["is_used"] is False
    heard = json.loads(run(app, ["recognise", str(sound), *place]).stdout)["heard"]
    assert abs(sum(heard[0]["posterior"].values()) - 1) < 1e-5
    assert heard[0]["emotion"] in heard[0]["posterior"]
    assert run(app, ["recognise", __file__, *place]).exit_code == 1
    assert run(app, ["baseline", "sam", "--labelled", "anger", *place]).exit_code == 2
