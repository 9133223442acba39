"""What clips teach besides classes: mean ratings, and weights by how sure people are."""

import numpy as np
import pytest

from annotation.testing import fill_votes
from pipelines.aggregate import aggregate
from pipelines.clipset import INTENDED, ClipSet, select_clip_set
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.fitting import make_plan
from pipelines.lesson import certainty, read_lesson
from pipelines.models import load_weights, require_model
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.train import train
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from tests.pipelines.raters import TOLD, configured, rate
from warehouse import queries

SILENT = SilentProgress()


@pytest.fixture(scope="module")
def voted(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a corpus on whose clips people voted, and rated two of every three; for reading."""
    settings = borrow(ingested_once, tmp_path_factory.mktemp("rated"))
    rate(settings)
    return settings


@pytest.fixture(scope="module")
def run_id(voted: Settings) -> str:
    """Return the id of a consensus on these votes."""
    return aggregate(voted, SILENT, method="majority").runs[0].run_id


def select(settings: Settings, labels: str, **options) -> ClipSet:
    """Return the labelled clips."""
    with open_store(settings) as store:
        return select_clip_set(store, corpus="synthetic", labels=labels, **options)


def lesson_of(settings: Settings, clips: ClipSet, labels: str, rated=(), **config):
    """Read what the clips teach besides classes."""
    with open_store(settings) as store:
        return read_lesson(store, clips, {"corpus": "synthetic", "labels": labels, **config}, rated)


def test_certainty_is_one_minus_normalised_entropy() -> None:
    """Against the formula by hand: p = (3/4, 1/4, 0) over three classes."""
    found = certainty(np.array([[0.75, 0.25, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.0, 1.0, 0.0]]))
    by_hand = 1 + (0.75 * np.log(0.75) + 0.25 * np.log(0.25)) / np.log(3)
    np.testing.assert_allclose(found, [by_hand, 0.0, 1.0], atol=1e-12)


@pytest.mark.parametrize("kind", [None, "hard", "soft"])
def test_clips_people_agree_on_count_more(voted: Settings, run_id: str, kind) -> None:
    """Whatever becomes of the labels, weights follow the posterior of the run."""
    clips = select(voted, run_id, kind=kind)
    weights = lesson_of(voted, clips, run_id, clip_weights="certainty").weights
    with open_store(voted) as store:
        consensus = queries.select_consensus(store, run_id)
    assert clips.clip_ids == tuple(consensus["clip_id"].to_pylist())
    posterior = np.stack(consensus["posterior"].to_numpy())
    np.testing.assert_allclose(weights, certainty(posterior), atol=1e-6)


def test_clips_can_count_by_their_votes(voted: Settings, run_id: str) -> None:
    """Who was heard by more people counts more."""
    clips = select(voted, run_id)
    weights = lesson_of(voted, clips, run_id, clip_weights="votes").weights
    assert set(weights.tolist()) == {3.0, 4.0}
    np.testing.assert_array_equal(weights, clips.votes)


def test_intended_labels_have_no_weights(voted: Settings) -> None:
    """Nobody doubts a design; a setting that is on for runs leaves such models alone."""
    clips = select(voted, INTENDED)
    weighed = configured(voted, clip_weights="certainty")
    origin = {"corpus": "synthetic", "labels": INTENDED, "round_id": None, "arm": None}
    plans = [make_plan(place, clips, "round", origin) for place in (voted, weighed)]
    assert plans[0] == plans[1]
    assert lesson_of(voted, clips, INTENDED, clip_weights="votes").weights is None


def test_weights_change_the_model(voted: Settings, run_id: str, tmp_path) -> None:
    """Its name, its weights and what is recorded of it."""
    place = borrow(voted, tmp_path / "home")
    plain = train(place, SILENT, corpus="synthetic", labels=run_id)
    weighed = configured(place, clip_weights="certainty")
    sure = train(weighed, SILENT, corpus="synthetic", labels=run_id)
    with open_store(place) as store:
        rows = [require_model(store, one.model_id) for one in (plain, sure)]
    assert rows[0]["artifact_sha256"] != rows[1]["artifact_sha256"]
    assert "clip_weights" not in rows[0]["config"]
    assert rows[1]["config"]["clip_weights"] == "certainty"


def test_ratings_are_means_over_people(voted: Settings, run_id: str) -> None:
    """Clips nobody rated have none."""
    clips = select(voted, run_id)
    ratings = lesson_of(voted, clips, run_id, ("arousal",)).ratings
    expected = [
        np.nan if at % 3 == 0 else np.mean([at % 5 + who for who in range(len(TOLD[at % 4]))])
        for at in range(len(clips.clip_ids))
    ]
    np.testing.assert_allclose(ratings[:, 0], expected)


def test_a_dimension_nobody_rated_is_refused(voted: Settings, run_id: str) -> None:
    """The setting is named."""
    with pytest.raises(NothingToDoError, match=r"`training\.ratings` names `dominance`"):
        lesson_of(voted, select(voted, run_id), run_id, ("arousal", "dominance"))


def test_ratings_alone_need_a_name(ingested_once: Settings) -> None:
    """Without classes and ratings nothing is left to learn."""
    settings = configured(ingested_once, classes=False)
    origin = {"corpus": "synthetic", "labels": INTENDED, "round_id": None, "arm": None}
    with pytest.raises(PipelineError, match=r"`training\.classes` is false"):
        make_plan(settings, select(ingested_once, INTENDED), "round", origin)


@pytest.mark.parametrize("classes", [True, False], ids=["jointly", "alone"])
def test_ratings_are_learned(voted: Settings, run_id: str, tmp_path, classes: bool) -> None:
    """Beside the classes or in place of them; dev speakers judge either."""
    place = configured(borrow(voted, tmp_path / "home"), ratings="arousal,valence", classes=classes)
    held_out = {"test_speakers": ("SYNM01",), "dev_speakers": ("SYNF02",)}
    result = train(place, SILENT, corpus="synthetic", labels=run_id, **held_out)
    with open_store(place) as store:
        row = require_model(store, result.model_id)
    model = load_weights(place, row)
    assert model.parameters.ratings == ("arousal", "valence")
    assert bool(model.classes) == classes
    assert row["classes"] == list(model.classes)
    assert (result.dev_uar is not None) == classes


def test_other_ratings_are_another_model(voted: Settings, run_id: str, tmp_path) -> None:
    """New ratings of old clips are learned anew, though no label changed."""
    place = configured(borrow(voted, tmp_path / "home"), ratings="arousal")
    clips = select(place, run_id)
    origin = {"corpus": "synthetic", "labels": run_id, "round_id": None, "arm": None}
    heard = {"clip_id": [clips.clip_ids[clips.train[0]]], "annotator": ["late"]}
    rated = fill_votes({**heard, "vote_id": ["late"], "arousal": [9.0]})
    with open_store(place) as store:
        before = make_plan(place, clips, "round", origin, store).model_id
        store.commit({"votes": rated}, message="one more rating")
        assert make_plan(place, clips, "round", origin, store).model_id != before
