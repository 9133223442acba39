"""The closed-form head equals a reference, and is chosen on training speakers."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.kernel_ridge import KernelRidge
from sklearn.preprocessing import StandardScaler

from ser.encoders.ridge import fit_ridge
from ser.errors import ConfigurationError
from ser.metrics.calibration import negative_log_likelihood
from ser.metrics.posteriors import one_hot
from ser.training.folds import speaker_folds

RNG = np.random.default_rng(0)
N = 120
LABELS = np.tile(np.arange(3), N // 3)
SPEAKERS = [f"s{index // 12}" for index in range(N)]
FEATURES = RNG.standard_normal((N, 2, 40)).astype(np.float32)
FEATURES[:, 1, :6] += RNG.standard_normal((3, 6)).astype(np.float32)[LABELS]


def fit(targets=LABELS, **changes):
    """Return a head."""
    return fit_ridge(FEATURES, targets, SPEAKERS, **{"n_classes": 3, **changes})


def soften(right: float) -> np.ndarray:
    """Return what people would say who are right with this probability."""
    return (1.5 * right - 0.5) * one_hot(LABELS, 3) + (1 - right) / 2


def test_logits_are_those_of_the_reference_up_to_their_scale():
    """scikit-learn's kernel ridge on the same standardised statistics."""
    head = fit(penalties=[0.7])
    flat = StandardScaler().fit_transform(FEATURES.reshape(N, -1))
    truth = one_hot(LABELS, 3)
    reference = KernelRidge(alpha=0.7 * flat.shape[1]).fit(flat, truth - truth.mean(axis=0))
    expected = reference.predict(flat)
    found = head.logits(FEATURES)
    np.testing.assert_allclose(found / found.std(), expected / expected.std(), atol=1e-4)


def test_the_penalty_with_the_least_error_on_new_speakers_is_taken():
    """By the error that ridge regression minimises, of clips whose speakers it did not hear."""
    penalties = [1e-3, 0.1, 1.0, 10.0, 1e3]
    truth = one_hot(LABELS, 3) - one_hot(LABELS, 3).mean(axis=0)
    flat = StandardScaler().fit_transform(FEATURES.reshape(N, -1))
    errors = []
    for penalty in penalties:
        reference = KernelRidge(alpha=penalty * flat.shape[1])
        errors.append(
            np.mean(
                [
                    np.square(
                        reference.fit(flat[fold.train], truth[fold.train]).predict(flat[fold.test])
                        - truth[fold.test]
                    ).mean()
                    for fold in speaker_folds(SPEAKERS, 5, seed=0)
                ]
            )
        )
    chosen = fit(penalties=penalties)
    assert chosen.penalty == penalties[int(np.argmin(errors))] == 1.0
    assert chosen.dev_uar == fit(penalties=[1.0]).dev_uar


def test_a_lucky_clip_does_not_choose_the_penalty():
    """Which penalty has the best UAR on 120 clips is chance, where the error tells them apart."""
    penalties = (0.15, 0.3, 0.6, 1.2, 2.4)
    chosen = {fit(penalties=penalties, seed=seed).penalty for seed in range(10)}
    assert len(chosen) <= 2


def test_posteriors_are_calibrated_on_speakers_left_out():
    """The scale of the logits makes clips of new speakers less surprising than bare scores."""
    head = fit(penalties=[1.0])
    new = RNG.standard_normal((N, 2, 40)).astype(np.float32)
    new[:, 1, :6] += FEATURES[:, 1, :6].reshape(-1, 3, 6).mean(axis=0)[LABELS]
    posterior = softmax(head.logits(new).astype(float), axis=1)
    uniform = np.full_like(posterior, 1 / 3)
    assert negative_log_likelihood(LABELS, posterior) < negative_log_likelihood(LABELS, uniform)


def test_equal_arguments_give_equal_heads():
    """Nothing is random but the folds, which the seed deals."""
    assert np.array_equal(fit(seed=3).weights, fit(seed=3).weights)


def test_certain_posteriors_are_labels():
    """Told as P(class) or as a class, the same lesson gives the same head to the last bit."""
    labels, posterior = fit(), fit(one_hot(LABELS, 3))
    assert np.array_equal(labels.weights, posterior.weights)
    assert (labels.penalty, labels.dev_uar) == (posterior.penalty, posterior.dev_uar)


def test_doubt_is_learned_and_kept():
    """Of people who are right less often, the same classes follow with less confidence."""
    sure, unsure = (fit(soften(right), penalties=[1.0]) for right in (0.95, 0.6))
    assert sure.dev_uar == unsure.dev_uar
    likeliest = [softmax(h.logits(FEATURES), axis=1).max(axis=1).mean() for h in (sure, unsure)]
    assert likeliest[0] > likeliest[1] + 0.1


def test_tied_clips_teach_but_judge_nothing():
    """Clips that people cannot decide between two classes are no mistakes of a head."""
    clear = np.eye(3, dtype=np.float32)[LABELS][:, None]
    said = one_hot(LABELS, 3)
    tied = np.flatnonzero(LABELS == 2)[::4]
    said[tied] = [0.5, 0.5, 0.0]
    head = fit_ridge(clear, said, SPEAKERS, n_classes=3, penalties=[0.3])
    assert head.dev_uar == 1.0
    kept = np.setdiff1d(np.arange(N), tied)
    plain = fit_ridge(
        clear[kept], said[kept], np.array(SPEAKERS)[kept], n_classes=3, penalties=[0.3]
    )
    assert not np.allclose(head.weights, plain.weights, atol=1e-3)


def test_without_one_leading_class_nothing_can_be_chosen():
    """The penalty needs clips to be judged on."""
    with pytest.raises(ConfigurationError, match=r"no class lead on any of the 120 clips.*collect"):
        fit(np.full((N, 3), 1 / 3))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"penalties": []}, r"`penalties` must be at least one number > 0, got \[\]"),
        ({"penalties": [0.0]}, "`penalties` must be at least one number > 0"),
        ({"n_classes": 2}, r"`targets` must lie in 0 … 1"),
        (
            {"targets": soften(0.9), "n_classes": 4},
            "`targets` must have a column for each of the 4",
        ),
        ({"targets": soften(0.9) / 2}, "`targets` must hold probabilities that sum to 1"),
        ({"n_folds": 11}, "`n_folds` must lie between 2 and the 10 speakers"),
    ],
)
def test_what_cannot_be_solved_is_refused(changes, message):
    """Before anything is solved."""
    with pytest.raises(ConfigurationError, match=message):
        fit(**changes)
