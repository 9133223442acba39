"""Disagreement that was seen is expected where the model hears alike."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from annotation.errors import SamplingError
from annotation.sampling import ambiguity as learned
from annotation.sampling import expect_ambiguity

RNG = np.random.default_rng(0)
JUDGED = RNG.normal(size=(120, 5)) * [1.0, 3.0, 0.2, 1.0, 1.0] + 4.0
SLOPE = np.array([0.05, 0.03, 0.0, 0.0, 0.0])
TOLD = np.clip(JUDGED @ SLOPE + 0.05 * RNG.normal(size=120), 0.0, None)
VOTES = RNG.integers(2, 9, 120)
POOL = RNG.normal(size=(40, 5)) * [1.0, 3.0, 0.2, 1.0, 1.0] + 4.0


def expect(told=TOLD, votes=VOTES, judged=JUDGED, pool=POOL, n_classes=6) -> np.ndarray:
    """Return what is expected of the pool."""
    return expect_ambiguity(told, votes, judged, pool, n_classes=n_classes)


def fit_all(told: np.ndarray, votes: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Return, for each penalty, the errors on clips that scikit-learn's ridge leaves out."""
    centred = np.sqrt(votes)[:, None] * (judged - np.average(judged, axis=0, weights=votes))
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    scale = values[values > values.max() * 1e-12].mean()
    everyone, errors = np.arange(len(told)), []
    for penalty in np.append(np.logspace(-4, 4, 25), 1e12) * scale:
        missed = 0.0
        for out in everyone:
            kept = everyone != out
            model = Ridge(penalty).fit(judged[kept], told[kept], sample_weight=votes[kept])
            missed += votes[out] * (told[out] - model.predict(judged[[out]])[0]) ** 2
        errors.append((missed, penalty))
    return np.array(errors)


@pytest.mark.parametrize("numbers", [5, 60], ids=["tall", "wide"])
def test_it_is_the_ridge_that_leaving_out_chooses(numbers: int) -> None:
    """Against refitting scikit-learn's without each clip, with fewer numbers than clips or more."""
    rng = np.random.default_rng(1)
    judged = np.concatenate([JUDGED[:40], rng.normal(size=(40, numbers - 5))], axis=1)
    pool = np.concatenate([POOL, rng.normal(size=(40, numbers - 5))], axis=1)
    told, votes = TOLD[:40], VOTES[:40]
    _, penalty = min(fit_all(told, votes, judged).tolist())
    expected = Ridge(penalty).fit(judged, told, sample_weight=votes).predict(pool)
    found = expect(told, votes, judged, pool)
    np.testing.assert_allclose(found, np.clip(expected, 0, np.log(6)), atol=1e-6)


def test_what_follows_from_the_embedding_is_found() -> None:
    """Closely, from a hundred clips and five votes."""
    assert np.corrcoef(expect(), POOL @ SLOPE)[0, 1] > 0.97


def test_what_does_not_is_not_made_up() -> None:
    """Without a relation the mean, or close to it, is expected of everyone."""
    told = np.random.default_rng(3).uniform(0, 1, 120)
    assert expect(told).std() < 0.05
    assert expect(told).mean() == pytest.approx(np.average(told, weights=VOTES), abs=0.05)


def test_votes_are_weights() -> None:
    """A clip with four votes counts as two equal clips with two."""
    twice = expect(np.repeat(TOLD[:60], 2), [2] * 120, np.repeat(JUDGED[:60], 2, axis=0))
    once = expect(TOLD[:60], [4] * 60, JUDGED[:60])
    # The penalties differ, since a clip left out leaves its twin; the fits of a clear relation not.
    np.testing.assert_allclose(twice, once, atol=0.01)


def test_few_clips_tell_their_mean() -> None:
    """Below 30 clips with two votes; clips with one vote say nothing beside them."""
    votes = np.where(np.arange(120) < 29, 3, 1)
    np.testing.assert_allclose(expect(votes=votes), TOLD[:29].mean())
    np.testing.assert_allclose(expect(votes=np.ones(120)), TOLD.mean())
    assert expect(votes=np.where(np.arange(120) < 30, 3, 1)).std() > 0


def test_it_stays_between_agreement_and_all_classes_alike() -> None:
    """However far out a clip of the pool lies."""
    found = expect(pool=np.array([[1e4] * 5, [-1e4] * 5]), n_classes=3)
    np.testing.assert_allclose(found, [np.log(3), 0])


def test_the_order_of_clips_is_irrelevant_and_inputs_stay() -> None:
    """Of those judged and of the pool."""
    before = [array.copy() for array in (TOLD, VOTES, JUDGED, POOL)]
    order = np.random.default_rng(1).permutation(120)
    shuffled = expect(TOLD[order], VOTES[order], JUDGED[order], POOL[::-1])
    np.testing.assert_allclose(shuffled[::-1], expect(), atol=1e-9)
    for array, copy in zip((TOLD, VOTES, JUDGED, POOL), before, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_embeddings_that_say_nothing_are_no_obstacle() -> None:
    """All in one place, or none at all in the pool."""
    np.testing.assert_allclose(
        expect(judged=np.ones((120, 5)), pool=np.ones((40, 5))), np.average(TOLD, weights=VOTES)
    )
    assert expect(pool=np.empty((0, 5))).shape == (0,)


def test_only_the_clips_with_most_votes_are_learned_from(monkeypatch) -> None:
    """More would make the fit slow."""
    monkeypatch.setattr(learned, "MOST_CLIPS", 60)
    most = np.sort(np.argsort(-VOTES, kind="stable")[:60])
    np.testing.assert_allclose(expect(), expect(TOLD[most], VOTES[most], JUDGED[most]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"told": TOLD[:5]}, "must have one row per judged clip"),
        ({"pool": POOL[:, :3]}, "as many columns as `embeddings`"),
        ({"told": TOLD[:0], "votes": VOTES[:0], "judged": JUDGED[:0]}, "nobody has judged a clip"),
        ({"told": np.where(np.arange(120) == 7, np.nan, TOLD)}, "judged clip 7 must have"),
        ({"votes": np.where(np.arange(120) == 9, 0, VOTES)}, "judged clip 9 .* 0 and"),
        ({"pool": np.where(np.arange(40)[:, None] == 4, np.inf, POOL)}, "row 4 of `pool`"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(wrong: dict, message: str) -> None:
    """With the clip or the shapes."""
    with pytest.raises(SamplingError, match=message):
        expect(**wrong)
