"""Anderson acceleration against plain iteration."""

import numpy as np

from annotation.aggregation.anderson import Anderson, is_near


def test_a_linear_map_is_solved_in_as_many_steps_as_it_has_speeds() -> None:
    """Four speeds of contraction need six evaluations where plain iteration needs hundreds."""
    rng = np.random.default_rng(0)
    basis = np.linalg.qr(rng.normal(size=(30, 30)))[0]
    speeds = np.repeat([0.98, 0.9, 0.7, 0.2], [3, 7, 10, 10])
    slow = basis @ np.diag(speeds) @ basis.T
    answer = rng.normal(size=30)
    offset = answer - slow @ answer
    mixer, point, plain = Anderson(), np.zeros(30), np.zeros(30)
    for _ in range(6):
        point = mixer.mix(point, slow @ point + offset)
        plain = slow @ plain + offset
    np.testing.assert_allclose(point, answer, atol=1e-6)
    assert np.abs(plain - answer).max() > 0.1


def test_the_first_step_is_the_plain_one() -> None:
    """With nothing to mix, the image is taken."""
    assert Anderson().mix(np.zeros(2), np.ones(2)).tolist() == [1.0, 1.0]


def test_nearness_goes_by_the_rate_at_which_steps_shrink() -> None:
    """Equal last steps are near a fixed point or not, by how much is still to come."""
    slow = [np.inf, *(1e-3 * 0.95 ** np.arange(40))]
    fast = [np.inf, 1e-2, 1e-3, slow[-1]]
    assert is_near(fast, 3e-4)
    assert not is_near(slow, 3e-4)
    # The first step may be followed by many; after a leap, too.
    assert not is_near([np.inf, 1e-4], 3e-4)
    assert not is_near([np.inf, 1e-3, 1e-1, 1e-4], 3e-4)
