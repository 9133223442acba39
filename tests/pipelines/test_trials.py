"""One trial trains and judges on training speakers, and never chooses on those it judges."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipelines.clipset import ClipSet, corpus_clips, select_clip_set
from pipelines.errors import NothingToDoError
from pipelines.search_space import apply_values
from pipelines.settings import Settings
from pipelines.trials import (
    COMPLETE,
    FAILED,
    PRUNED,
    Trial,
    TrialJob,
    deal_inner_folds,
    median_means,
    run_trial,
)
from pipelines.workspace import open_store
from tests.pipelines.places import borrow

SPEAKERS = ("SYNM01", "SYNF02", "SYNM03", "SYNF04", "SYNM05", "SYNF06")


@pytest.fixture(scope="module")
def job(ingested_once: Settings, tmp_path_factory: pytest.TempPathFactory) -> TrialJob:
    """Return a trial of the settings as they are, over two inner folds."""
    with open_store(ingested_once) as store:
        clips = select_clip_set(
            store, corpus="synthetic", labels="intended", test_speakers=SPEAKERS[:2]
        )
        folds = deal_inner_folds(clips, corpus_clips(store, "synthetic"), 2)
        snapshot = store.snapshot
    return TrialJob(
        number=0,
        parameters={},
        settings=borrow(ingested_once, tmp_path_factory.mktemp("trial")),
        clips=clips,
        folds=folds,
        recipe="round",
        origin={"corpus": "synthetic", "labels": "intended", "round_id": None, "arm": None},
        snapshot=snapshot,
        medians=(),
        deadline=None,
    )


def speakers_of(clips: ClipSet, positions: np.ndarray) -> set[str]:
    """Return who speaks at these positions."""
    return set(clips.speakers[positions].tolist())


def test_inner_folds_deal_the_training_speakers_alone(job: TrialJob) -> None:
    """Each training speaker is judged once by those who never met them; test speakers never."""
    dev = [speakers_of(job.clips, fold.dev) for fold in job.folds]
    assert set.union(*dev) == set(SPEAKERS[2:])
    assert not set.intersection(*dev)
    for fold, judged in zip(job.folds, dev, strict=True):
        assert speakers_of(job.clips, fold.train) == set(SPEAKERS[2:]) - judged
        assert not fold.test.size


def test_fewer_speakers_make_fewer_folds(job: TrialJob, ingested_once: Settings) -> None:
    """Nobody is judged twice to fill up folds."""
    with open_store(ingested_once) as store:
        corpus = corpus_clips(store, "synthetic")
    assert len(deal_inner_folds(job.clips, corpus, 9)) == 4


def test_one_training_speaker_is_too_few(job: TrialJob, ingested_once: Settings) -> None:
    """Somebody must be left to be judged."""
    with open_store(ingested_once) as store:
        corpus = corpus_clips(store, "synthetic")
    alone = np.flatnonzero(job.clips.speakers == SPEAKERS[3])
    with pytest.raises(NothingToDoError, match=r"two training speakers .* but 1 are left"):
        deal_inner_folds(replace(job.clips, train=alone), corpus, 2)


def test_ties_cannot_judge(job: TrialJob, ingested_once: Settings) -> None:
    """A fold in which every clip is undecided has no UAR, so it is refused beforehand."""
    tied = replace(job.clips, targets=np.full_like(job.clips.targets, 1 / 6))
    with (
        open_store(ingested_once) as store,
        pytest.raises(NothingToDoError, match=r"no clip of the speakers .* has a leading class"),
    ):
        deal_inner_folds(tied, corpus_clips(store, "synthetic"), 2)


def test_a_trial_is_its_mean_over_folds_and_repeats(job: TrialJob) -> None:
    """Run twice it gives the same figures."""
    first, second = run_trial(job), run_trial(job)
    assert (first.state, len(first.fold_values)) == (COMPLETE, 2)
    assert first.objective == np.mean(first.fold_values)
    assert replace(second, seconds=first.seconds) == first


def test_a_hopeless_trial_is_given_up(job: TrialJob) -> None:
    """Below the median of earlier trials after the first fold, the second is not trained."""
    trial = run_trial(replace(job, medians=(1.1,)))
    assert (trial.state, len(trial.fold_values), trial.objective) == (PRUNED, 1, None)
    assert "below the median 1.100" in trial.reason


def test_values_that_contradict_each_other_fail_alone(job: TrialJob) -> None:
    """A setting that makes no network is a failed trial with a reason, not the end of a search."""
    odd = apply_values(job.settings, {"network.channels": "8,16"})
    trial = run_trial(replace(job, settings=odd))
    assert (trial.state, trial.fold_values, trial.objective) == (FAILED, (), None)
    assert "`channels` and `time_pools`" in trial.reason


def test_missing_features_end_a_search(job: TrialJob) -> None:
    """What is wrong with the warehouse is not blamed on a setting, and not stored."""
    other = job.settings.features.model_copy(update={"hop": 200})
    with pytest.raises(NothingToDoError, match=r"have no features"):
        run_trial(replace(job, settings=job.settings.model_copy(update={"features": other})))


def test_no_trial_begins_too_late(job: TrialJob, tmp_path: Path) -> None:
    """After the deadline nothing is trained, and nothing is said."""
    nowhere = job.settings.model_copy(update={"home": tmp_path})
    assert run_trial(replace(job, settings=nowhere, deadline=0.0)) is None


def test_medians_are_of_complete_trials() -> None:
    """The running mean after each fold but the last; too few trials tell nothing."""
    values = [(0.1, 0.3, 0.5), (0.2, 0.2, 0.2), (0.3, 0.1, 0.2), (0.5, 0.5, 0.5)]
    trials = [Trial(n, COMPLETE, {}, of, None, 1.0) for n, of in enumerate(values)]
    pruned = Trial(9, PRUNED, {}, (0.0,), "below", 1.0)
    assert median_means([*trials, pruned], 3) == pytest.approx((0.25, 0.2))
    assert median_means(trials[:3], 3) == ()
