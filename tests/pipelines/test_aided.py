"""A consensus that listens to a model weighs votes with what the clips sound like."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from annotation.aggregation.model_aided import ModelAided
from pipelines.acquire import acquire
from pipelines.aggregate import aggregate
from pipelines.aided import AidedResult, aided, is_wanted
from pipelines.answer import answer
from pipelines.campaign_runs import AIDED, find_runs, read_labels
from pipelines.clipset import ClipSet, select_clip_set
from pipelines.convert import read_posterior
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.extract import extract
from pipelines.outside_opinion import judge_by_network, judge_by_ridge
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from tests.pipelines.encoders import with_encoder
from tests.pipelines.places import borrow
from warehouse import queries
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def answered_once(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory):
    """Return a campaign of 20 clips with two votes each, and features of a tiny encoder."""
    place = borrow(ingested_once, tmp_path_factory.mktemp("aided"))
    settings = with_encoder(place, tmp_path_factory.mktemp("models"))
    extract(settings, SILENT)
    rounds = settings.rounds.model_copy(update={"votes_per_clip": 2})
    settings = settings.model_copy(update={"rounds": rounds})
    acquire(settings, SILENT, corpus="synthetic", budget=20)
    answer(settings, SILENT, campaign="synthetic")
    run = aggregate(settings, SILENT, method="dawid_skene", campaign="synthetic", arm="seed")
    return settings, run.runs[0].run_id


@pytest.fixture
def answered(answered_once, tmp_path: Path) -> tuple[Settings, str]:
    """Return the same, free to change."""
    settings, run_id = answered_once
    place = {"catalog": borrow(settings, tmp_path / "home").warehouse.catalog}
    warehouse = settings.warehouse.model_copy(update=place)
    return settings.model_copy(update={"home": tmp_path, "warehouse": warehouse}), run_id


def listen(settings: Settings, run_id: str) -> AidedResult:
    """Let the settings' model be heard."""
    return aided(settings, SILENT, corpus="synthetic", run_id=run_id)


def by_network(settings: Settings) -> Settings:
    """Return settings of log-mel features and a network."""
    features = settings.features.model_copy(update={"kind": "log_mel", "encoder": None})
    return settings.model_copy(update={"features": features})


def read_clips(settings: Settings, run_id: str) -> ClipSet:
    """Return the labelled clips of a run."""
    with open_store(settings) as store:
        return select_clip_set(store, corpus="synthetic", labels=run_id)


def test_a_run_says_whom_it_listened_to(answered: tuple[Settings, str]) -> None:
    """Learner, repetitions, penalty and base run are among the parameters of a stored run."""
    settings, base = answered
    result = listen(settings, base)
    assert (result.learner, result.repetitions, result.clips, result.is_new) == (
        "ridge", 5, 20, True,
    )  # fmt: skip
    with open_store(settings) as store:
        (row,) = find_runs(store, "synthetic", "synthetic", "active")[1:]
        table = queries.select_consensus(store, result.run_id)
    told = row["parameters"]
    assert (row["run_id"], row["aggregator"]) == (result.run_id, AIDED)
    assert (told["base"], told["learner"], told["repetitions"]) == (base, "ridge", 5)
    assert told["start"] == "even"
    assert (told["penalty"], told["campaign"], told["arm"]) == (0.3, "synthetic", "seed")
    assert table["votes"].to_pylist() == [2] * 20
    assert ModelAided(opinion=np.ones((1, 1))).name == AIDED


def test_it_starts_from_votes_and_not_from_the_base_run(answered: tuple[Settings, str]) -> None:
    """Whatever method the votes were aggregated by, the model learns from the same posteriors."""
    settings, base = answered
    other = aggregate(settings, SILENT, method="soft_label", campaign="synthetic", arm="seed")
    heard = [listen(settings, run_id).run_id for run_id in (base, other.runs[0].run_id)]
    with open_store(settings) as store:
        before = [
            read_posterior(queries.select_consensus(store, run_id)["posterior"])
            for run_id in (base, other.runs[0].run_id)
        ]
        after = [
            read_posterior(queries.select_consensus(store, run_id)["posterior"]) for run_id in heard
        ]
    assert not np.allclose(*before)
    assert np.array_equal(*after)


def test_listening_again_gives_the_same_run(answered: tuple[Settings, str], tmp_path: Path) -> None:
    """Here nothing is done, and elsewhere the same is found, to the last digit."""
    settings, base = answered
    place = {"catalog": borrow(settings, tmp_path / "other").warehouse.catalog}
    warehouse = settings.warehouse.model_copy(update=place)
    elsewhere = settings.model_copy(update={"home": tmp_path / "other", "warehouse": warehouse})
    first = listen(settings, base)
    assert listen(settings, base) == replace(first, is_new=False)
    assert listen(elsewhere, base) == first
    with open_store(settings) as one, open_store(elsewhere) as other:
        rows = [queries.select_consensus(store, first.run_id) for store in (one, other)]
    assert rows[0].equals(rows[1])


def test_a_clip_is_judged_without_its_own_votes(answered_once) -> None:
    """Another label on a clip changes what the head says of others, not of the clip itself."""
    settings, base = answered_once
    clips = read_clips(settings, base)
    changed = clips.targets.copy()
    changed[clips.train[0]] = np.roll(changed[clips.train[0]], 1)
    with open_store(settings) as store:
        before, after = (
            judge_by_ridge(store, settings, one, penalty=0.3, scale=6.0)
            for one in (clips, replace(clips, targets=changed))
        )
    assert np.allclose(before[0], after[0])
    assert not np.allclose(before[1:], after[1:])


def test_a_network_judges_speakers_it_did_not_hear(answered_once) -> None:
    """Labels of a speaker change nothing of what is said of that speaker's clips."""
    settings, base = by_network(answered_once[0]), answered_once[1]
    clips = read_clips(settings, base)
    own = clips.train[clips.speakers[clips.train] == clips.speakers[clips.train[0]]]
    changed = clips.targets.copy()
    changed[own] = np.roll(changed[own], 1, axis=1)
    with open_store(settings) as store:
        before, after = (
            judge_by_network(store, settings, SILENT, one, "synthetic")
            for one in (clips, replace(clips, targets=changed))
        )
    is_own = np.isin(clips.train, own)
    assert np.allclose(before.sum(axis=1), 1)
    assert np.array_equal(before[is_own], after[is_own])
    assert not np.array_equal(before[~is_own], after[~is_own])


def test_a_network_is_heard_once(answered: tuple[Settings, str]) -> None:
    """It takes a training per half of the speakers."""
    settings, base = answered
    result = listen(by_network(settings), base)
    assert (result.learner, result.repetitions) == ("network", 1)
    assert not list(settings.artifacts.glob("*.training"))


@pytest.mark.parametrize(
    ("choice", "is_network", "wanted"),
    [("auto", False, True), ("auto", True, False), ("always", True, True),
     ("never", False, False)],
)  # fmt: skip
def test_who_is_listened_to_is_a_setting(answered_once, choice, is_network, wanted) -> None:
    """By default those for whom it takes a moment."""
    settings = by_network(answered_once[0]) if is_network else answered_once[0]
    rounds = settings.rounds.model_copy(update={"aided": choice})
    assert is_wanted(settings.model_copy(update={"rounds": rounds})) is wanted


def test_the_newest_run_of_equal_votes_is_the_one_that_listened(
    answered: tuple[Settings, str],
) -> None:
    """Labels that stand are those of the run that knows more."""
    settings, base = answered
    result = listen(settings, base)
    with open_store(settings) as store:
        assert find_runs(store, "synthetic", "synthetic", "random")[-1]["run_id"] == result.run_id
        labels = read_labels(store, "synthetic", "synthetic", ["active", "random"])
        table = queries.select_consensus(store, result.run_id)
        assert not find_runs(store, "other", "synthetic", "active")
    told = dict(zip(table["clip_id"].to_pylist(), table["label"].to_pylist(), strict=True))
    assert labels == {clip: (label, 2) for clip, label in told.items() if label is not None}


def test_votes_that_came_since_are_not_weighed(answered: tuple[Settings, str]) -> None:
    """The base run would not be about them."""
    settings, base = answered
    with open_store(settings) as store:
        clip_id = queries.select_consensus(store, base)["clip_id"][0].as_py()
        late = {"vote_id": ["late"], "clip_id": [clip_id], "label": ["anger"]}
        kind = {"taxonomy": ["synthetic-6"], "modality": ["audio"], "source": ["simulated"]}
        store.commit({"votes": make_rows("votes", **late, **kind)}, message="late")
    with pytest.raises(PipelineError, match=r"votes have changed since `dawid_skene-.*again"):
        listen(settings, base)


def test_a_run_of_the_past_is_refused(answered: tuple[Settings, str]) -> None:
    """Its votes are not those that stand."""
    settings, _ = answered
    with open_store(settings) as store:
        snapshot = store.snapshot
    past = aggregate(settings, SILENT, campaign="synthetic", snapshot=snapshot).runs[0].run_id
    with pytest.raises(PipelineError, match=r"was made with `snapshot`"):
        listen(settings, past)


def test_an_unknown_run_is_named(answered_once) -> None:
    """The message says where ids come from."""
    with pytest.raises(NothingToDoError, match=r"`nothing`; `serloop aggregate` prints the ids"):
        listen(answered_once[0], "nothing")


def test_one_speaker_cannot_be_judged_by_a_network(answered_once) -> None:
    """Nobody else is there to learn from."""
    settings, base = by_network(answered_once[0]), answered_once[1]
    clips = read_clips(settings, base)
    own = clips.train[clips.speakers[clips.train] == clips.speakers[clips.train[0]]]
    with open_store(settings) as store, pytest.raises(NothingToDoError, match="did not hear"):
        judge_by_network(store, settings, SILENT, replace(clips, train=own), "synthetic")


def test_the_result_is_a_row(answered: tuple[Settings, str]) -> None:
    """What a person wants to see, as values that JSON can write."""
    (row,) = listen(*answered).rows()
    assert json.loads(json.dumps(row))["is_new"] == "yes"
    assert 0 <= row["changed"] <= row["clips"]
