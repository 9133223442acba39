"""Margin against sorting."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from annotation.sampling import margin


@given(
    st.integers(2, 6).flatmap(
        lambda size: st.lists(
            st.lists(st.floats(0, 1), min_size=size, max_size=size).filter(sum), min_size=1
        )
    )
)
def test_it_is_the_gap_of_the_sorted_row(rows: list[list[float]]) -> None:
    """Wherever the two leading classes stand, and where they tie."""
    posterior = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    ordered = np.sort(posterior, axis=1)
    expected = 1 - ordered[:, -1] + ordered[:, -2]
    np.testing.assert_allclose(margin(posterior), expected, atol=1e-12)


def test_blocks_join_without_a_seam() -> None:
    """The pool is looked at in blocks, of which the last is shorter."""
    posterior = np.random.default_rng(2).dirichlet([0.7] * 5, size=5000)
    ordered = np.sort(posterior, axis=1)
    np.testing.assert_allclose(margin(posterior), 1 - ordered[:, -1] + ordered[:, -2], atol=1e-12)
