"""A model is judged on clips, speakers and sounds that it did not learn from, in its classes."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pytest

from pipelines.clipset import corpus_clips
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.evaluate import evaluate
from pipelines.judged import read_judgement, require_unheard, select_judged
from pipelines.models import require_model
from pipelines.progress import SilentProgress
from pipelines.workspace import open_store
from ser.errors import LeakageError
from warehouse import Warehouse, queries
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture
def store(trained) -> Iterator[Warehouse]:
    """Open a warehouse with a trained model, free to change."""
    with open_store(trained.settings) as opened:
        yield opened


@pytest.fixture
def model(store: Warehouse, trained) -> dict[str, object]:
    """Return the row of the model."""
    return require_model(store, trained.model_id)


def test_the_test_part_is_who_was_held_out(store: Warehouse, model) -> None:
    """Clips, speakers, labels and facts are aligned, and sum to one."""
    found = select_judged(store, model, truth="intended")
    assert set(found.speakers) == set(model["config"]["test_speakers"])
    assert not set(found.clip_ids) & set(model["config"]["clips"])
    np.testing.assert_array_equal(found.targets.sum(axis=1), 1.0)
    rows = {row["clip_id"]: row for row in queries.select_clips(store).to_pylist()}
    intended = [rows[clip_id]["intended"] for clip_id in found.clip_ids]
    assert [found.classes[label] for label in found.labels] == intended
    genders = [rows[clip_id]["gender"] for clip_id in found.clip_ids]
    assert found.facts["gender"].to_pylist() == genders


def test_a_model_of_ratings_alone_is_refused(store: Warehouse, model) -> None:
    """Labels say nothing about it; where ratings count, its clips come without classes."""
    rater = {**model, "classes": []}
    with pytest.raises(PipelineError, match=r"predicts ratings alone.*`serloop evaluate"):
        select_judged(store, rater, truth="intended")
    found = select_judged(store, rater, truth="intended", with_ratings=True)
    assert found.clip_ids == select_judged(store, model, truth="intended").clip_ids
    assert (found.classes, found.targets.shape) == ((), (12, 0))
    assert found.is_decided.all()


def test_a_model_without_a_dev_part_has_none_to_judge(store: Warehouse, model) -> None:
    """The message says that there are no such speakers."""
    with pytest.raises(NothingToDoError, match=r"dev speakers \(none\)"):
        select_judged(store, model, truth="intended", part="dev")


@pytest.mark.parametrize("kind", ["clip", "speaker", "audio"])
def test_what_was_learned_from_is_refused(store: Warehouse, model, kind: str) -> None:
    """The clips a configuration lists count, and whatever shares a voice or sound with them."""
    clips = corpus_clips(store, "synthetic")
    position = clips["clip_id"].to_pylist().index(model["config"]["clips"][0])
    learned = clips.slice(position, 1)
    changes = {
        "clip": {},
        "speaker": {"clip_id": "other/1", "audio": "other/1"},
        "audio": {"clip_id": "other/1", "speaker": "nobody-else"},
    }
    row = pa.Table.from_pylist([{**learned.to_pylist()[0], **changes[kind]}], learned.schema)
    with pytest.raises(LeakageError, match=f"`{model['model_id']}` cannot be judged on"):
        require_unheard(store, model, row)


def test_a_stranger_may_be_judged(store: Warehouse, model) -> None:
    """Another clip of another speaker with another sound is no leak."""
    row = {**corpus_clips(store, "synthetic").to_pylist()[0]}
    row |= {"clip_id": "other/1", "speaker": "nobody-else", "audio": "other/1"}
    require_unheard(store, model, pa.Table.from_pylist([row]))


def test_predictions_come_in_the_order_of_the_clips(store: Warehouse, model) -> None:
    """What was stored is found by clip, and clips without a prediction are left out."""
    found = select_judged(store, model, truth="intended")
    clips, posterior = read_judgement(store, model, found)
    assert clips.clip_ids == found.clip_ids
    stored = queries.select_predictions(store, model["model_id"]).to_pylist()
    by_clip = {row["clip_id"]: row["posterior"] for row in stored}
    assert posterior.tolist() == [by_clip[clip_id] for clip_id in clips.clip_ids]


def test_a_model_that_was_not_evaluated_is_said(store: Warehouse, model) -> None:
    """The message names the verb that predicts."""
    found = select_judged(store, model, truth="intended")
    with pytest.raises(NothingToDoError, match=r"run `serloop evaluate other`"):
        read_judgement(store, {**model, "model_id": "other"}, found)


@pytest.fixture
def calls(store: Warehouse) -> Warehouse:
    """Add a corpus of other people whose clips have the features of those there are."""
    clips = queries.select_clips(store, corpus="synthetic").to_pylist()
    info = queries.select_corpora(store).to_pylist()[0]
    ids = {row["clip_id"]: f"calls/{row['native_id']}" for row in clips}
    for row in clips:
        row |= {
            "clip_id": ids[row["clip_id"]],
            "corpus": "calls",
            "speaker": f"caller-{row['speaker']}",
            "audio_sha256": f"{row['audio_sha256'][::-1]}",
        }
    # Nobody knows who speaks the last one.
    clips[-1]["speaker"] = None
    columns = {name: [row[name] for row in clips] for name in clips[0]}
    (feature_set,) = {row["feature_set"] for row in queries.select_models(store).to_pylist()}
    features = queries.select_features(store, feature_set, sorted(ids)).to_pylist()
    for row in features:
        row |= {"clip_id": ids[row["clip_id"]], "feature_set": feature_set}
    rows = {
        "corpora": make_rows(
            "corpora", **{name: [info[name]] for name in info} | {"corpus": ["calls"]}
        ),
        "clips": make_rows("clips", **columns),
        "features": make_rows("features", **{n: [row[n] for row in features] for n in features[0]}),
    }
    store.commit(rows, message="calls")
    return store


def test_another_corpus_is_judged_whole(calls: Warehouse, model) -> None:
    """Every clip of a known speaker counts, whoever was held out at home."""
    found = select_judged(calls, model, truth="intended", corpus="calls")
    assert len(found.clip_ids) == 35
    assert all(name.startswith("caller-SYN") for name in found.speakers)


def test_ratings_need_no_mapping_to_another_corpus(calls: Warehouse, model) -> None:
    """Whatever its classes are called, for a model of ratings alone has none."""
    rater = {**model, "classes": [], "taxonomy": "mood-2", "mapping": None}
    found = select_judged(calls, rater, truth="intended", corpus="calls", with_ratings=True)
    assert len(found.clip_ids) == 35


def test_a_cross_corpus_judgement_is_kept_apart(calls: Warehouse, trained) -> None:
    """It has a row of its own, and its predictions do not join those of the pool."""
    before = queries.select_predictions(calls, trained.model_id).num_rows
    result = evaluate(trained.settings, SILENT, model_id=trained.model_id, corpus="calls")
    assert result.evaluation_id == f"{trained.model_id}/test/intended/calls"
    rows = queries.select_evaluations(calls).to_pylist()
    assert {row["corpus"]: row["clips"] for row in rows} == {None: 12, "calls": 35}
    assert queries.select_predictions(calls, trained.model_id).num_rows == before


def test_a_shared_speaker_is_refused(calls: Warehouse, model) -> None:
    """One person in both corpora was learned from already."""
    (learned,) = {
        row["speaker"]
        for row in queries.select_clips(calls, corpus="synthetic").to_pylist()
        if row["clip_id"] == model["config"]["clips"][0]
    }
    known = {"clip_id": ["calls/known"], "corpus": ["calls"], "speaker": [learned]}
    calls.commit({"clips": make_rows("clips", **known, intended=["anger"])}, message="known")
    with pytest.raises(LeakageError, match=f"speaker `{learned}`"):
        select_judged(calls, model, truth="intended", corpus="calls")


def test_shared_audio_is_refused(calls: Warehouse, model) -> None:
    """The same recording under another name in another corpus was learned from already."""
    learned = model["config"]["clips"][0]
    pair = {"clip_id": [f"calls/{learned.partition('/')[2]}"], "other_id": [learned]}
    link = make_rows("duplicates", **pair, kind=["near"], similarity=[0.95])
    calls.commit({"duplicates": link}, message="link")
    with pytest.raises(LeakageError, match="the same audio"):
        select_judged(calls, model, truth="intended", corpus="calls")


def test_another_corpus_has_no_dev_part(calls: Warehouse, model) -> None:
    """Dev speakers are of the corpus the model learned from."""
    with pytest.raises(PipelineError, match="corpus `calls` has no dev"):
        select_judged(calls, model, truth="intended", part="dev", corpus="calls")
