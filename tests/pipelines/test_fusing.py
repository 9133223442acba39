"""Words beside the sound, from training to judging: recorded, repeatable, missed without harm."""

import json
import re
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest

from pipelines.abstaining.calibration_clips import find_siblings
from pipelines.baselines.recognise import recognise
from pipelines.compressing.prune import prune
from pipelines.cross_validate import cross_validate
from pipelines.errors import PipelineError
from pipelines.evaluate import evaluate
from pipelines.exporting.export import export
from pipelines.fold_plan import Dealing
from pipelines.loop import run_round
from pipelines.models import load_weights, require_model
from pipelines.predicting import predict_clips
from pipelines.progress import SilentProgress
from pipelines.reproduce import reproduce
from pipelines.runner import DirectRunner
from pipelines.score import score
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from tests.pipelines.spoken import CORPUS, SPEAKERS, ingest_spoken, reading
from warehouse import queries

SILENT = SilentProgress()
KINDS = ("late", "concatenation", "attention")


@pytest.fixture(scope="module")
def spoken_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    """Ingest a corpus with words; for borrowing only."""
    root = tmp_path_factory.mktemp("spoken")
    return ingest_spoken(root), root / "encoders"


@pytest.fixture
def spoken(spoken_once: tuple[Settings, Path], tmp_path: Path) -> tuple[Settings, Path]:
    """Return settings of a place to write to, and the folder of text encoders."""
    settings, models = spoken_once
    return borrow(settings, tmp_path / "home"), models


def row_of(settings: Settings, model_id: str) -> dict:
    """Return the row of a model."""
    with open_store(settings) as store:
        return require_model(store, model_id)


@pytest.mark.parametrize("kind", KINDS)
def test_words_that_tell_the_emotion_are_read(spoken: tuple[Settings, Path], kind: str) -> None:
    """Trained, judged with and without words, and trained again to the last digit."""
    settings = reading(*spoken, kind=kind, epochs=80, learning_rate=0.01)
    model_id = train(settings, SILENT, corpus=CORPUS, **SPEAKERS).model_id
    found = evaluate(settings, SILENT, model_id=model_id)
    assert found.figure("uar").value > 0.9
    assert found.figure("uar/without_words").value < 0.6
    assert found.figure("uar/wrong_words").value < 0.6
    assert any("without words" in sentence for sentence in found.sentences())
    config = row_of(settings, model_id)["config"]
    assert (config["fusion"]["kind"], config["fusion"]["frozen_sound"]) == (kind, True)
    assert config["words"]["known"] == len(config["clips"])
    assert reproduce(settings, SILENT, model_id=model_id).is_equal


def test_sound_and_words_are_trained_at_once(spoken: tuple[Settings, Path]) -> None:
    """What needs copies of the sound is left out; the model comes back to the last digit."""
    settings = reading(*spoken, kind="attention", stages="joint")
    model_id = train(settings, SILENT, corpus=CORPUS, **SPEAKERS).model_id
    evaluate(settings, SILENT, model_id=model_id)
    config = row_of(settings, model_id)["config"]
    assert (config["fusion"]["training"], config["fusion"]["frozen_sound"]) == (None, False)
    assert (config["training"]["mixup"], config["training"]["augmentation"]["noise"]) == (0, 0)
    assert reproduce(settings, SILENT, model_id=model_id).is_equal


def test_the_same_words_make_the_same_model_and_others_another(
    spoken: tuple[Settings, Path],
) -> None:
    """What was learned from is a part of the name; where the encoder lies is not."""
    settings, models = spoken
    first = train(reading(settings, models), SILENT, corpus=CORPUS)
    again = train(reading(settings, models, text_model=str(models / "tiny")), SILENT, corpus=CORPUS)
    assert (again.model_id, again.is_new) == (first.model_id, False)
    plain = train(settings, SILENT, corpus=CORPUS)
    assert plain.model_id != first.model_id
    assert "fusion" not in row_of(settings, plain.model_id)["config"]
    assert "words" not in row_of(settings, plain.model_id)["config"]


def test_two_stages_without_words_are_the_sound_alone(spoken: tuple[Settings, Path]) -> None:
    """Removing every word gives what the model of the sound says, clip by clip."""
    settings, models = spoken
    network = settings.network.model_copy(update={"preset": "cnn"})
    settings = settings.model_copy(update={"network": network})
    alone = train(settings, SILENT, corpus=CORPUS, **SPEAKERS).model_id
    fused = reading(settings, models, kind="attention")
    both = train(fused, SILENT, corpus=CORPUS, **SPEAKERS).model_id
    rows = [row_of(settings, name) for name in (alone, both)]
    with open_store(settings) as store:
        clip_ids = rows[0]["config"]["clips"]
        said = [
            predict_clips(
                store,
                row["config"],
                load_weights(settings, row),
                clip_ids,
                texts=[None] * len(clip_ids),
            ).posterior
            for row in rows
        ]
    np.testing.assert_allclose(said[1], said[0], atol=1e-6)


def test_a_round_learns_from_what_was_heard_and_read(spoken: tuple[Settings, Path]) -> None:
    """Simulated people answer, both arms are learned from with words, and more is asked."""
    settings = reading(*spoken, epochs=2)
    run = DirectRunner(settings, SILENT)
    run_round(run, corpus=CORPUS, simulate=True, budget=30)
    done = run_round(run, corpus=CORPUS, simulate=True, budget=10)
    assert Path(done.report).is_file()
    with open_store(settings) as store:
        models = queries.select_models(store).to_pylist()
    assert models
    assert all(json.loads(row["config"])["fusion"]["kind"] == "late" for row in models)


def test_folds_and_passes_read_words_too(spoken: tuple[Settings, Path]) -> None:
    """A cross-validation judges each fold with words; dropout passes contradict each other."""
    settings = reading(*spoken, epochs=80, learning_rate=0.01)
    found = cross_validate(settings, SILENT, corpus=CORPUS, dealing=Dealing(3))
    assert found.scores[-1].uar > 0.8
    model_id = found.scores[0].model_id
    rounds = settings.rounds.model_copy(update={"dropout_passes": 3})
    other = train(reading(*spoken, epochs=3), SILENT, corpus=CORPUS).model_id
    passing = settings.model_copy(update={"rounds": rounds})
    assert score(passing, SILENT, model_id=other).passes == 3
    with open_store(settings) as store:
        said = queries.select_predictions(store, other)
        siblings = find_siblings(store, require_model(store, model_id))
    assert pc.max(said["disagreement"]).as_py() > 0
    others = sorted(of.model_id for of in found.scores[1:3])
    assert [row["model_id"] for row in siblings] == others


def test_a_file_is_judged_by_its_sound_and_that_is_said(
    spoken: tuple[Settings, Path], spoken_once: tuple[Settings, Path], caplog
) -> None:
    """What cannot do without the words is refused, with the setting to change."""
    settings = reading(*spoken, epochs=2)
    model_id = train(settings, SILENT, corpus=CORPUS, **SPEAKERS).model_id
    wave = next((spoken_once[1].parent / "corpus").rglob("SYNM05_anger_s01_t1.wav"))
    heard = recognise(settings, SILENT, files=[wave], model_id=model_id)
    assert f"`{model_id}` reads words as well; here it judges by the sound alone" in caplog.text
    assert abs(sum(heard.heard[0].posterior.values()) - 1) < 1e-5
    for refused, what in ((export, "be exported"), (prune, "be pruned")):
        with pytest.raises(PipelineError, match=f"{what}; train one with `fusion.kind` = `none`"):
            refused(settings, SILENT, model_id=model_id)
    with open_store(settings) as store:
        model = require_model(store, model_id)
        config = model["config"]
        changed = {**config, "fusion": {**config["fusion"], "text_set": "text_words-0"}}
        with pytest.raises(PipelineError, match="reads words as `text_words-0`, but"):
            predict_clips(store, changed, load_weights(settings, model), config["clips"][:2])


@pytest.mark.parametrize(
    ("section", "given", "message"),
    [
        ("network", {"preset": "ensemble"}, "`network.members` is above 1; set it to 1"),
        ("training", {"ratings": "arousal"}, "`training.ratings` names ratings; unset it"),
        ("training", {"classes": False}, "`training.classes` is false; unset it"),
        ("fusion", {"heads": 3}, "`heads` must be ≥ 1 and divide `size`, but got 3 and 16"),
        ("fusion", {"stages": "joint", "epochs": 2}, "`fusion.epochs` is of the second of `two`"),
    ],
)
def test_what_words_cannot_be_joined_to_is_refused(
    spoken_once: tuple[Settings, Path], section: str, given: dict, message: str
) -> None:
    """The message names the setting to change."""
    settings = reading(*spoken_once)
    changed = getattr(settings, section).model_copy(update=given)
    with pytest.raises(PipelineError, match=re.escape(message)):
        train(settings.model_copy(update={section: changed}), SILENT, corpus=CORPUS, **SPEAKERS)


@pytest.mark.parametrize(
    ("section", "given", "message"),
    [
        ("training", {"mixup": 0.3}, "`training.mixup` is set"),
        ("training", {"semi": "fixmatch"}, "`training.semi` is set"),
        ("augmentation", {"noise": 0.3}, "`augmentation.noise` is set"),
        ("pretraining", {"objective": "simclr"}, "`pretraining.objective` is set"),
    ],
)
def test_what_needs_copies_of_the_sound_goes_with_two_stages(
    spoken_once: tuple[Settings, Path], section: str, given: dict, message: str
) -> None:
    """It is refused where both are trained at once."""
    settings = reading(*spoken_once, stages="joint")
    changed = getattr(settings, section).model_copy(update=given)
    with pytest.raises(PipelineError, match=re.escape(message)):
        train(settings.model_copy(update={section: changed}), SILENT, corpus=CORPUS, **SPEAKERS)


def test_a_killed_training_goes_on_and_leaves_nothing_behind(
    spoken: tuple[Settings, Path],
) -> None:
    """Stopped while words are joined, it ends with the weights of one that was not."""
    settings = reading(*spoken, epochs=4)
    whole = train(settings, SILENT, corpus=CORPUS, **SPEAKERS)
    row = row_of(settings, whole.model_id)
    Path(whole.artifact).unlink()

    class StoppingProgress(SilentProgress):
        """Stop in the second epoch of what joins words to the sound."""

        @contextmanager
        def track(self, label, *_):
            told = []

            def advance(count=1, **_):
                told.append(count)
                if label.startswith("join words") and len(told) == 2:
                    raise KeyboardInterrupt

            yield advance

    with pytest.raises(KeyboardInterrupt):
        train(settings, StoppingProgress(), corpus=CORPUS, **SPEAKERS)
    states = sorted(path.name for path in settings.artifacts.glob("*.training"))
    assert states == [f"{whole.model_id}.fusion.training", f"{whole.model_id}.training"]
    again = train(settings, SILENT, corpus=CORPUS, **SPEAKERS)
    assert again.model_id == whole.model_id
    load_weights(settings, row)
    assert not list(settings.artifacts.glob("*.training"))
