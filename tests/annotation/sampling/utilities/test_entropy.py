"""Entropy against scipy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from annotation.sampling import entropy


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(sum), min_size=1))
def test_it_equals_scipy(rows: list[list[float]]) -> None:
    """In nats, with and without classes that are ruled out."""
    posterior = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    np.testing.assert_allclose(entropy(posterior), stats.entropy(posterior, axis=1), atol=1e-12)


@pytest.mark.parametrize("clips", [2047, 2048, 2049, 5000])
def test_blocks_join_without_a_seam(clips: int) -> None:
    """The pool is looked at in blocks, of which the last is shorter."""
    posterior = np.random.default_rng(2).dirichlet([0.7] * 5, size=clips)
    np.testing.assert_allclose(entropy(posterior), stats.entropy(posterior, axis=1), atol=1e-12)


def test_certainty_is_a_plain_zero() -> None:
    """Not a negative one, which tables would show."""
    assert not np.signbit(entropy([[0.0, 1.0, 0.0]])).any()
