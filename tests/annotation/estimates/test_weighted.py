"""Means over the pool are right on average whichever clips the active arm goes for."""

import numpy as np
import pytest

from annotation.errors import AnnotationError
from annotation.estimates import (
    Arms,
    assisted_mean,
    corrected_mean,
    naive_mean,
    stratified_mean,
    uniform_mean,
)
from tests.annotation.estimates.campaigns import (
    Pool,
    make_pool,
    mask_of,
    replay,
    run_campaign,
    standard_errors,
)

TIMES = 600
# 600 intervals of 95 % hit 95 ± 0.9 % of the time; three of these, and a little for small samples.
LEAST = 0.915


@pytest.fixture(scope="module")
def pool() -> Pool:
    """Return a pool whose rare classes are the uncertain ones."""
    return make_pool(np.random.default_rng(3))


def test_the_naive_mean_is_clearly_biased(pool: Pool) -> None:
    """What is asked first is over-represented, and its interval misses nearly always."""
    errors, _, hits = replay(pool, lambda values, _: naive_mean(values), times=TIMES)
    assert errors.mean(axis=0)[0] < -0.08
    assert standard_errors(errors)[[0, 2, 3]].min() > 50
    assert hits[:, 0].mean() < 0.2


@pytest.mark.parametrize(
    "estimate",
    [
        corrected_mean,
        uniform_mean,
        lambda values, arms: corrected_mean(values, arms, saw_seed=True),
        lambda values, arms: uniform_mean(values, arms, saw_seed=True),
    ],
    ids=["corrected", "random", "strata-alone", "random-apart-from-seed"],
)
def test_each_honest_mean_is_unbiased_and_covers(pool: Pool, estimate) -> None:
    """Over campaigns the errors cancel, the variance is their spread, the intervals hold."""
    errors, variances, hits = replay(pool, estimate, times=TIMES)
    assert standard_errors(errors).max() < 3.5
    ratio = variances.mean(axis=0) / errors.var(axis=0)
    # The answers of 0 and 1 that are added tell where a class is rare among few random clips.
    assert np.all((ratio > 0.85) & (ratio < 2))
    assert hits.mean(axis=0).min() > LEAST


def test_predictions_help_without_bias(pool: Pool) -> None:
    """With a model that knows something the error falls by more than a tenth."""
    plain, _, _ = replay(pool, lambda v, arms: corrected_mean(v, arms, saw_seed=True), times=TIMES)
    errors, _, hits = replay(pool, lambda v, arms: assisted_mean(v, pool.guess, arms), times=TIMES)
    assert standard_errors(errors).max() < 4
    assert hits.mean(axis=0).min() > LEAST
    assert np.sqrt((errors**2).mean()) < 0.9 * np.sqrt((plain**2).mean())


def test_using_every_answer_beats_the_random_arm_alone(pool: Pool) -> None:
    """Late in a campaign the active arm's answers, weighed right, make the error smaller."""
    sizes = {"active": 50, "rounds": 4}
    all_errors, _, _ = replay(pool, corrected_mean, times=TIMES, **sizes)
    random_errors, _, _ = replay(pool, uniform_mean, times=TIMES, **sizes)
    assert (all_errors**2).mean() < 0.9 * (random_errors**2).mean()


def test_seed_clips_are_no_sample_of_the_rest(pool: Pool) -> None:
    """The active arm would have taken some of them and could not: counted as rest, they bias."""

    def seed_as_rest(values, arms):
        return stratified_mean(values, (~arms.is_active).astype(np.int64))

    errors, _, _ = replay(pool, seed_as_rest, times=TIMES, active=40, random=5)
    right, _, _ = replay(pool, corrected_mean, times=TIMES, active=40, random=5)
    assert standard_errors(errors)[0] > 8
    assert standard_errors(right).max() < 3.5


def test_what_a_model_learned_from_the_seed_does_not_flatter_it() -> None:
    """A model right on all it learned from, and on half of the rest, is not called better."""
    rng, clips = np.random.default_rng(0), 300
    luck, utility, errors, flattered = rng.random(clips) < 0.5, rng.random(clips), [], []
    for _ in range(300):
        arms = run_campaign(utility, rng, seed=60, random=20)
        right = luck | arms.is_seed | arms.is_active
        values = np.where(arms.is_asked, right, np.nan)
        for saw_seed, found in ((True, errors), (False, flattered)):
            mean = corrected_mean(values, arms, saw_seed=saw_seed)
            found.append(mean.value - right.mean())
    assert standard_errors(np.array(errors)).max() < 3.5
    assert standard_errors(np.array(flattered)).min() > 10


def test_strata_are_weighed_by_their_size() -> None:
    """The mean, its variance and its centre follow the formulas by hand."""
    values = np.array([1, 0, np.nan, np.nan, 1, 1.0])
    found = stratified_mean(values, np.array([0, 0, 0, 0, 1, 1]))
    assert found.value.tolist() == pytest.approx([4 / 6 * 0.5 + 2 / 6])
    # Two answers of 0 and 1 and as many pseudo-answers vary by 1/4; half the stratum is known.
    assert found.variance.tolist() == pytest.approx([(4 / 6) ** 2 * (1 - 2 / 4) * 0.25 / 2])
    assert found.clips == 4


def test_a_pool_with_every_answer_is_known() -> None:
    """Nothing is left to chance: all estimates are the mean, without width."""
    values = np.array([1.0, 0, 0, 1])
    arms = Arms.checked(seed=[1, 0, 0, 0], active=[0, 1, 0, 0], random=[0, 0, 1, 1])
    for mean in (naive_mean(values), corrected_mean(values, arms)):
        assert (mean.value[0], mean.low[0], mean.high[0]) == pytest.approx((0.5, 0.5, 0.5))


def test_shares_of_classes_sum_to_one(pool: Pool) -> None:
    """Each way to weigh clips is the same for all classes."""
    arms = run_campaign(pool.utility, np.random.default_rng(0))
    values = np.where(arms.is_asked[:, None], pool.labels, np.nan)
    for mean in (
        corrected_mean(values, arms),
        uniform_mean(values, arms),
        assisted_mean(values, pool.guess, arms),
    ):
        assert mean.value.sum() == pytest.approx(1)


def test_a_class_nobody_named_has_an_interval_with_a_width() -> None:
    """Twenty answers of 0 do not make certain that there is no 1."""
    arms = Arms.checked(seed=mask_of(200, range(20)), active=[0] * 200, random=[0] * 200)
    values = np.where(arms.is_asked, 0.0, np.nan)
    found = corrected_mean(values, arms)
    assert (found.value[0], found.low[0]) == (0, 0)
    assert 0.1 < found.high[0] < 0.2


def test_without_random_clips_outside_the_active_arm_nothing_is_made_up() -> None:
    """Values that depend on the seed have no estimate; others fall back on the seed."""
    arms = Arms.checked(seed=[1, 1, 0, 0], active=[0, 0, 1, 0], random=[0, 0, 0, 0])
    values = np.array([1.0, 0, 1, np.nan])
    assert corrected_mean(values, arms).value.tolist() == [0.5]
    for mean in (corrected_mean, uniform_mean):
        assert np.isnan(mean(values, arms, saw_seed=True).value).all()
    guess = np.full(4, 0.5)
    found = assisted_mean(values, guess, arms)
    assert np.isnan([found.value[0], found.low[0], found.high[0]]).all()


def test_speakers_widen_intervals_to_other_speakers() -> None:
    """With speakers who differ, only clustered intervals hold for the speakers there might be."""
    rng, hits = np.random.default_rng(1), []
    speaker = np.repeat(np.arange(20), 20)
    for _ in range(200):
        values = (rng.random(400) < rng.beta(2, 4, 20)[speaker]).astype(np.float64)
        arms = run_campaign(values + rng.random(400), rng)
        told = np.where(arms.is_asked, values, np.nan)
        means = [corrected_mean(told, arms, clusters=among) for among in (None, speaker)]
        hits.append([mean.low[0] <= 1 / 3 <= mean.high[0] for mean in means])
    plain, clustered = np.mean(hits, axis=0)
    assert plain < 0.88
    assert clustered > LEAST - 0.01


def test_the_order_of_clips_does_not_matter(pool: Pool) -> None:
    """Shuffled clips give the same estimate, and no input is written to."""
    rng = np.random.default_rng(5)
    arms, order = run_campaign(pool.utility, rng), rng.permutation(len(pool.labels))
    values = np.where(arms.is_asked[:, None], pool.labels, np.nan)
    kept = values.copy()
    moved = Arms(arms.is_seed[order], arms.is_active[order], arms.is_random[order])
    first, second = corrected_mean(values, arms), corrected_mean(values[order], moved)
    np.testing.assert_allclose(first.value, second.value)
    np.testing.assert_allclose(first.variance, second.variance)
    np.testing.assert_array_equal(values, kept)


ARMS = Arms.checked(seed=[1, 0], active=[0, 0], random=[0, 0])
REFUSED = {
    "outside": (lambda: naive_mean([0.0, 1.5]), r"within \[0, 1\], but clip 1 has 1.5"),
    "infinite": (lambda: naive_mean([0.0, np.inf]), "none infinite"),
    "empty": (lambda: naive_mean([]), r"has shape \(0, 1\)"),
    "strata": (lambda: stratified_mean([0.0, 1.0], np.array([0])), "`strata` must number"),
    "level": (lambda: naive_mean([0.0], level=1), r"`level` must lie within \(0, 1\), but got 1"),
    "arms": (lambda: corrected_mean([0.0], ARMS), "tell of the 1 clips of the values"),
    "unasked": (lambda: corrected_mean([0.0, 1.0], ARMS), "no arm asked about, but clip 1"),
    "clusters": (lambda: naive_mean([0.0, 1.0], clusters=["a", "a"]), "at least 2 clusters"),
    "predictions": (lambda: assisted_mean([0.0, np.nan], [0.5], ARMS), "let the model score"),
}


@pytest.mark.parametrize(("call", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_estimated_is_refused(call, message: str) -> None:
    """The message names what is wrong."""
    with pytest.raises(AnnotationError, match=message):
        call()
