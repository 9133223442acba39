"""Labels are suspected by models that did not learn from them, and by nobody else."""

import json
from pathlib import Path

import numpy as np
import pytest

from annotation.taxonomies import TaxonomyError
from annotation.testing import fill_votes
from pipelines.aggregate import aggregate
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.suspects import suspects
from pipelines.workspace import open_store
from tests.pipelines.places import borrow
from warehouse.testing import make_rows

SILENT = SilentProgress()
CLASSES = ["calm", "joy"]
COUNT = 200
FLIPPED = range(0, COUNT, 20)
CLIPS = [f"demo/{number:03d}" for number in range(COUNT)]
TRUTH = np.arange(COUNT) % 2
GIVEN = np.where(np.isin(np.arange(COUNT), FLIPPED), 1 - TRUTH, TRUTH)
FIRST, SECOND = CLIPS[: COUNT // 2], CLIPS[COUNT // 2 :]


def posteriors(ids: list[str], *, sure: float = 0.8) -> list[list[float]]:
    """Return what a model that hears the truth says."""
    right = [TRUTH[int(clip_id[-3:])] for clip_id in ids]
    return [[1 - sure, sure] if label else [sure, 1 - sure] for label in right]


def add_model(store, model_id: str, learned, judged, *, dev=(), sure=0.8, **columns) -> None:
    """Record a model that learned from some clips and judged some."""
    config = {"corpus": "demo", "clips": list(learned), "dev_speakers": list(dev)}
    taxonomy, classes = columns.get("taxonomy", "demo-2"), columns.get("classes", CLASSES)
    rows = {"model_id": [model_id], "taxonomy": [taxonomy], "classes": [classes]}
    predicted = {"model_id": [model_id] * len(judged), "clip_id": judged}
    predicted |= {"posterior": posteriors(judged, sure=sure)} if judged else {}
    tables = {"models": make_rows("models", **rows, config=[json.dumps(config)])}
    if judged:
        tables["predictions"] = make_rows("predictions", **predicted)
    store.commit(tables, message=model_id)


@pytest.fixture(scope="module")
def judged_once(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return a corpus of 200 clips, ten labelled wrongly, and two models that learned a half."""
    settings = Settings(home=tmp_path_factory.mktemp("judged"))
    with open_store(settings) as store:
        rows = {
            "corpora": make_rows(
                "corpora", corpus=["demo"], taxonomy=["demo-2"], classes=[CLASSES]
            ),
            "clips": make_rows(
                "clips",
                clip_id=CLIPS,
                corpus=["demo"] * COUNT,
                speaker=[f"speaker-{number // 20}" for number in range(COUNT)],
                intended=[CLASSES[label] for label in GIVEN],
            ),
            # Clip 101 is clip 1 under another name.
            "duplicates": make_rows(
                "duplicates", clip_id=["demo/001"], other_id=["demo/101"], kind=["near"]
            ),
        }
        store.commit(rows, message="demo")
        add_model(store, "one", FIRST, CLIPS)
        add_model(store, "two", SECOND, FIRST)
    return settings


@pytest.fixture
def judged(judged_once: Settings, tmp_path: Path) -> Settings:
    """Return it, free to change."""
    return borrow(judged_once, tmp_path / "home")


def test_two_folds_find_the_flipped_labels_of_a_corpus(judged_once: Settings) -> None:
    """Each judges what the other learned from, and all ten are found."""
    found = suspects(judged_once, SILENT, model_ids=["one", "two"])
    wrong = {CLIPS[number] for number in FLIPPED}
    assert {suspect.label.clip_id for suspect in found.suspects} == wrong
    assert all(row["suggested"] != row["given"] for row in found.rows())
    # The copy was heard by the model that would judge it, and so was what it is a copy of.
    assert (found.judged, found.unpredicted, found.unlabelled) == (COUNT - 2, 2, 0)


def test_what_a_model_learned_is_not_judged_by_it(judged_once: Settings) -> None:
    """Its predictions of training clips and of their copies do not count."""
    found = suspects(judged_once, SILENT, model_ids=["one"])
    assert (found.judged, found.unpredicted) == (COUNT // 2 - 1, COUNT // 2 + 1)
    assert {suspect.label.clip_id for suspect in found.suspects} <= set(SECOND)


def test_the_speakers_an_epoch_was_chosen_on_are_not_judged(judged: Settings) -> None:
    """Their labels decided which weights were kept."""
    with open_store(judged) as store:
        add_model(store, "tuned", FIRST, SECOND, dev=["speaker-5", "speaker-6"])
    assert suspects(judged, SILENT, model_ids=["tuned"]).judged == COUNT // 2 - 40


def test_several_judges_of_one_clip_are_averaged(judged: Settings) -> None:
    """The probabilities are the mean of those of all models that did not learn the clip."""
    with open_store(judged) as store:
        add_model(store, "surer", FIRST, SECOND, sure=0.9)
    row = suspects(judged, SILENT, model_ids=["one", "surer"]).rows()[0]
    assert row["models"] == 2
    assert row["p_suggested"] == pytest.approx(0.85)
    assert row["margin"] == pytest.approx(-0.7)


def test_a_limit_shortens_the_list_and_not_the_count(judged_once: Settings) -> None:
    """The sentence says how many there are."""
    found = suspects(judged_once, SILENT, model_ids=["one", "two"], limit=3)
    assert (len(found.rows()), found.suspected) == (3, 10)
    assert "10 labels are suspected" in found.sentence()
    assert "3 shown. Models agree with 95% of the labels" in found.sentence()
    json.dumps(found.document())


def test_labels_of_a_consensus_are_judged_with_their_votes(judged: Settings) -> None:
    """Ties are left out, and what people heard is shown beside the suspicion."""
    heard = {
        "clip_id": [CLIPS[0]] * 3 + [CLIPS[1]] * 2 + CLIPS[2:],
        "annotator": ["ann", "ben", "cy", "ann", "ben"] + ["ann"] * (COUNT - 2),
        "label": ["joy", "joy", "calm", "joy", "calm"] + [CLASSES[n] for n in TRUTH[2:]],
    }
    votes = fill_votes(heard | {"taxonomy": ["demo-2"] * (COUNT + 3)})
    with open_store(judged) as store:
        store.commit({"votes": votes}, message="votes")
    (run,) = aggregate(judged, SILENT, method="majority").runs
    found = suspects(judged, SILENT, model_ids=["one", "two"], labels=run.run_id)
    (row,) = found.rows()
    assert (row["clip_id"], row["given"], row["votes"]) == (CLIPS[0], "joy", "joy 2, calm 1")
    assert (found.labels, found.unlabelled) == (run.run_id, 1)


def test_models_of_other_classes_are_refused(judged: Settings) -> None:
    """Posteriors of other classes cannot be averaged; both are named."""
    with open_store(judged) as store:
        add_model(store, "turned", SECOND, FIRST, classes=["joy", "calm"])
    with pytest.raises(PipelineError, match=r"`one` predicts \['calm', 'joy'\].*`turned`"):
        suspects(judged, SILENT, model_ids=["one", "turned"])


def test_labels_that_do_not_lead_to_the_models_classes_are_refused(judged: Settings) -> None:
    """No mapping is made up."""
    with open_store(judged) as store:
        add_model(store, "other", FIRST, SECOND, taxonomy="other-2")
    with pytest.raises(TaxonomyError, match=r"`demo-2` to `other-2`"):
        suspects(judged, SILENT, model_ids=["other"])


@pytest.mark.parametrize(
    ("judges", "message"),
    [([], r"`new` has predicted no clip; run `serloop evaluate new`"), (FIRST, "it learned from")],
    ids=["none", "training-clips"],
)
def test_a_model_without_a_word_of_its_own_is_told_what_to_do(
    judged: Settings, judges: list[str], message: str
) -> None:
    """Without predictions, or with those of training clips only, nothing can be said."""
    with open_store(judged) as store:
        add_model(store, "new", FIRST, judges)
    with pytest.raises(NothingToDoError, match=message):
        suspects(judged, SILENT, model_ids=["new"])


def test_a_trained_model_judges_its_test_speakers(trained_once) -> None:
    """What `train` and `evaluate` record is what is read: a fifth of the speakers is judged."""
    found = suspects(trained_once.settings, SILENT, model_ids=[trained_once.model_id])
    assert (found.judged, found.unpredicted) == (12, 24)
