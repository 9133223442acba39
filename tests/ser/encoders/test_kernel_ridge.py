"""What is solved for clips is what solving again and again would give."""

import numpy as np
import pytest
from scipy.special import softmax

from ser.encoders.kernel_ridge import (
    leave_one_out,
    leave_one_out_posterior,
    mean_product,
    solve_ridge,
    standardise,
)
from ser.encoders.ridge import fit_ridge
from ser.errors import ConfigurationError

RNG = np.random.default_rng(0)
N = 40
FEATURES = RNG.standard_normal((N, 2, 30)).astype(np.float32)
SAID = RNG.dirichlet(np.ones(3), N)


def without(clip: int) -> np.ndarray:
    """Return the positions of all clips but one."""
    return np.delete(np.arange(N), clip)


def test_the_solution_satisfies_its_equation() -> None:
    """The kernel and the penalty lead from the weights back to the targets."""
    kernel = mean_product(standardise(FEATURES)[2])
    weights = solve_ridge(kernel, SAID, 0.3)
    np.testing.assert_allclose(kernel @ weights + 0.3 * weights, SAID, atol=1e-12)


def test_leaving_one_out_equals_solving_without_it() -> None:
    """One inverse gives what N solutions give, each without one clip."""
    kernel = mean_product(standardise(FEATURES)[2])
    expected = [
        kernel[clip, others] @ solve_ridge(kernel[np.ix_(others, others)], SAID[others], 0.3)
        for clip in range(N)
        for others in [without(clip)]
    ]
    np.testing.assert_allclose(leave_one_out(kernel, SAID, 0.3), expected, atol=1e-12)


def test_a_posterior_left_out_is_that_of_a_head_that_never_saw_the_clip() -> None:
    """Classes are centred on the other clips alone, so that no target is in its own answer."""
    kernel = mean_product(standardise(FEATURES)[2])
    found = leave_one_out_posterior(FEATURES, SAID, penalty=0.5, scale=4.0)
    for clip in (0, 7, N - 1):
        others = without(clip)
        centred = SAID[others] - SAID[others].mean(axis=0)
        solved = solve_ridge(kernel[np.ix_(others, others)], centred, 0.5)
        expected = softmax(4.0 * kernel[clip, others] @ solved)
        np.testing.assert_allclose(found[clip], expected, atol=1e-12)


def test_what_is_said_of_a_clip_does_not_change_what_it_is_given() -> None:
    """Another target moves the posterior of the others, never its own."""
    changed = SAID.copy()
    changed[5] = [1.0, 0.0, 0.0]
    before, after = (leave_one_out_posterior(FEATURES, said) for said in (SAID, changed))
    np.testing.assert_allclose(after[5], before[5], atol=1e-12)
    assert np.abs(after - before).max() > 1e-4


def test_the_head_and_the_posterior_left_out_stand_on_the_same_kernel() -> None:
    """Between many clips, leaving one out is nearly the head of all, up to its scale."""
    told = np.concatenate([FEATURES] * 6)
    speakers = [f"s{clip % 6}" for clip in range(len(told))]
    head = fit_ridge(told, np.tile(SAID, (6, 1)), speakers, n_classes=3, penalties=[0.3])
    score = leave_one_out_posterior(told, np.tile(SAID, (6, 1)), scale=1.0)
    logits = head.logits(told) / np.ptp(head.logits(told))
    left_out = np.log(score) - np.log(score).mean(axis=1, keepdims=True)
    np.testing.assert_allclose(left_out / np.ptp(left_out), logits, atol=0.03)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"targets": SAID[:-1]}, r"`features` must be \(N, L, 2·D\).*pass a row of both"),
        ({"targets": 2 * SAID}, "`targets` must hold probabilities.*first at position 0"),
        ({"features": FEATURES[:1], "targets": SAID[:1]}, "at least 2"),
        ({"features": FEATURES[:, 0]}, r"shapes are \(40, 30\)"),
        ({"penalty": 0.0}, "`penalty` must be > 0, but got 0.0"),
        ({"scale": float("nan")}, "`scale` must be > 0, but got nan"),
    ],
)
def test_what_cannot_be_left_out_is_refused(changes, message: str) -> None:
    """The argument is named and what to do about it."""
    with pytest.raises(ConfigurationError, match=message):
        leave_one_out_posterior(**{"features": FEATURES, "targets": SAID, **changes})


def test_a_clip_whose_features_are_not_finite_is_named() -> None:
    """It would make every other clip's answer undefined."""
    broken = FEATURES.copy()
    broken[9, 1, 3] = np.nan
    with pytest.raises(ConfigurationError, match="1 of 40 clips, first at position 9; compute"):
        leave_one_out_posterior(broken, SAID)
