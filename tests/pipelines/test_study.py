"""A study is named by its content, and its proposals depend on earlier generations alone."""

from dataclasses import replace

import pytest

from pipelines.clipset import corpus_clips, select_clip_set
from pipelines.errors import PipelineError
from pipelines.search_space import Choices, Range
from pipelines.settings import Settings
from pipelines.study import GENERATION, Study, plan_study, read_trials, store_trial
from pipelines.trials import COMPLETE, FAILED, Trial, deal_inner_folds
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse import queries

SPACE = {
    "network.channels": Choices(("8,16,32,48", "16,32,48,64")),
    "network.dropout": Range(0.0, 0.5),
    "training.learning_rate": Range(1e-4, 1e-2, log=True),
}
ORIGIN = {"corpus": "synthetic", "labels": "intended", "round_id": None, "arm": None}


def plan(settings: Settings, **changes) -> Study:
    """Plan a study of the synthetic corpus."""
    with open_store(settings) as store:
        clips = changes.pop("clips", None)
        if clips is None:
            test = changes.pop("test_speakers", ())
            clips = select_clip_set(
                store, corpus="synthetic", labels="intended", test_speakers=test
            )
        folds = deal_inner_folds(clips, corpus_clips(store, "synthetic"), changes.pop("folds", 2))
        given = {"space": SPACE, "recipe": "round", "prunes": False} | changes
        return plan_study(store, settings, clips=clips, folds=folds, origin=dict(ORIGIN), **given)


@pytest.fixture(scope="module")
def study(ingested_once: Settings) -> Study:
    """Return a study of the settings as they are."""
    return plan(ingested_once)


def finish(study: Study, done: dict[int, Trial], start: int, count: int) -> dict[int, Trial]:
    """Pretend that the trials of a generation were run."""
    return done | {
        job.number: Trial(job.number, COMPLETE, job.parameters, (0.5, 0.01 * job.number), None, 1.0)
        for job in study.generation(done, start, count, None)
    }


OTHERS = {
    "space": {"space": {"network.dropout": Range(0.0, 0.4)}},
    "folds": {"folds": 3},
    "recipe": {"recipe": "full"},
    "prunes": {"prunes": True},
    "test-speakers": {"test_speakers": ("SYNM01",)},
}


@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS)
def test_whatever_trials_share_is_in_the_name(
    study: Study, ingested_once: Settings, changes: dict
) -> None:
    """Trials of different searches are never mixed."""
    assert plan(ingested_once, **dict(changes)).name != study.name


def test_other_settings_are_another_study(study: Study, ingested_once: Settings) -> None:
    """The seed and every setting that is not searched count; processes do not."""
    training = ingested_once.training.model_copy(update={"seed": 1})
    assert plan(ingested_once.model_copy(update={"training": training})).name != study.name
    compute = ingested_once.compute.model_copy(update={"processes": 7})
    assert plan(ingested_once.model_copy(update={"compute": compute})).name == study.name


def test_nobody_held_out_is_refused(study: Study, ingested_once: Settings) -> None:
    """Without test speakers nothing could judge what the search finds."""
    with pytest.raises(PipelineError, match=r"needs speakers whom no trial meets.*--test-speakers"):
        plan(ingested_once, clips=replace(study.clips, test_speakers=()))


def test_a_search_without_classes_is_refused(ingested_once: Settings) -> None:
    """UAR needs classes."""
    training = ingested_once.training.model_copy(update={"classes": False})
    with pytest.raises(PipelineError, match=r"`training.classes` is false"):
        plan(ingested_once.model_copy(update={"training": training}))


def test_what_is_set_already_is_tried_first(study: Study) -> None:
    """Trial 0 has the values in force, whether they were set or are the recipe's own."""
    first, *_ = study.generation({}, 0, 1, None)
    assert first.parameters == {
        "network.channels": "8,16,32,48",
        "network.dropout": 0.2,
        "training.learning_rate": 1e-3,
    }
    assert first.settings.network.channels == "8,16,32,48"
    assert not first.settings.training.resume


def test_a_generation_learns_from_those_before_it_alone(study: Study) -> None:
    """Whatever of a generation is done when a search dies, the rest is proposed as it was."""
    done = finish(study, {}, 0, GENERATION)
    whole = finish(study, done, GENERATION, 2 * GENERATION)
    for lost in range(GENERATION, 2 * GENERATION):
        rest = {number: trial for number, trial in whole.items() if number != lost}
        (job,) = study.generation(rest, GENERATION, 2 * GENERATION, None)
        assert (job.number, job.parameters) == (lost, whole[lost].parameters)


def test_more_trials_continue_a_shorter_search(study: Study) -> None:
    """A search that ended within a generation goes on as one that was planned longer."""
    short = finish(study, {}, 0, 2)
    assert finish(study, short, 0, GENERATION) == finish(study, {}, 0, GENERATION)


def test_a_stored_trial_is_read_as_it_was(study: Study, ingested: Settings) -> None:
    """Values survive to the last digit; another run's copy of the same trial is no conflict."""
    values = {"network.channels": "8,16", "network.dropout": 0.1 + 0.2, "training.mixup": 1e-17}
    trials = {
        0: Trial(0, COMPLETE, values, (1 / 3, 0.25), None, 1.5),
        3: Trial(3, FAILED, values, (), "it diverged", 0.5),
    }
    with open_store(ingested) as store:
        for trial in trials.values():
            store_trial(store, study, trial)
        store_trial(store, study, replace(trials[0], seconds=9.0))
        assert read_trials(store, study) == trials
        assert read_trials(store, replace(study, name="other")) == {}
        assert store.check() == []


def test_the_row_says_what_the_study_was(study: Study, ingested_once: Settings, tmp_path) -> None:
    """Speakers, space and settings are recorded with every trial."""
    settings = borrow(ingested_once, tmp_path / "other")
    with open_store(settings) as store:
        store_trial(store, study, Trial(0, COMPLETE, {}, (0.5,), None, 1.0))
        (row,) = queries.select_trials(store).to_pylist()
    assert row["trial_id"] == f"{study.name}/0"
    assert row["snapshot"] == study.snapshot
    for word in ("inner_folds", "test_speakers", "SYNF", '"low": 0.0001', '"updates": 2'):
        assert word in row["config"]
