"""Ragged features keep every clip's frames apart, whatever is done to the set."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser.errors import ConfigurationError
from ser.features.ragged import RaggedFeatures

# The first example pays for imports, so no example has a deadline.
PATIENT = settings(deadline=None, max_examples=50)
LENGTHS = st.lists(st.integers(0, 7), max_size=8)


def build(lengths, bands=3):
    """Return clips whose numbers are all different, as a list of arrays."""
    values = np.arange(sum(lengths) * bands, dtype=np.float32).reshape(-1, bands)
    return np.split(values, np.cumsum(lengths)[:-1]) if lengths else []


@PATIENT
@given(LENGTHS)
def test_from_list_round_trip(lengths):
    """Every clip comes back as it was put in."""
    clips = build(lengths)
    ragged = RaggedFeatures.from_list(clips, bands=3)
    assert ragged.lengths.tolist() == lengths
    assert all(np.array_equal(a, b) for a, b in zip(ragged, clips, strict=True))


@PATIENT
@given(LENGTHS)
def test_arrow_round_trip(lengths):
    """The flat list column of an Arrow table gives the same features back."""
    ragged = RaggedFeatures.from_list(build(lengths), bands=3)
    column = pa.array([ragged.flat(i) for i in range(len(ragged))], pa.list_(pa.float32()))
    back = RaggedFeatures.from_flat(column.flatten().to_numpy(), ragged.lengths, 3)
    assert np.array_equal(back.values, ragged.values)
    assert np.array_equal(back.offsets, ragged.offsets)


@PATIENT
@given(LENGTHS.filter(bool), st.data())
def test_take_gives_the_clips_asked_for(lengths, data):
    """Taking clips, in any order and repeatedly, gives exactly those clips."""
    ragged = RaggedFeatures.from_list(build(lengths))
    chosen = data.draw(st.lists(st.integers(0, len(lengths) - 1)))
    taken = ragged.take(chosen)
    assert len(taken) == len(chosen)
    assert all(np.array_equal(taken[i], ragged[c]) for i, c in enumerate(chosen))


@PATIENT
@given(LENGTHS, LENGTHS)
def test_concatenate_keeps_order(first, second):
    """Two sets joined hold the clips of the first, then those of the second."""
    parts = [RaggedFeatures.from_list(build(x), bands=3) for x in (first, second)]
    joined = RaggedFeatures.concatenate(parts)
    assert joined.lengths.tolist() == first + second
    assert np.array_equal(joined.values, np.concatenate([p.values for p in parts]))


@PATIENT
@given(LENGTHS.filter(bool))
def test_pad_fills_with_zeros_behind_each_clip(lengths):
    """A padded batch holds each clip and nothing but zeros behind it."""
    ragged = RaggedFeatures.from_list([clip + 1 for clip in build(lengths)])
    batch, found = ragged.pad(range(len(lengths)))
    assert found.tolist() == lengths
    assert batch.shape == (len(lengths), max(lengths), 3)
    for row, length in enumerate(lengths):
        assert np.array_equal(batch[row, :length], ragged[row])
        assert not batch[row, length:].any()


def test_neighbours_and_flat_columns_are_views():
    """Neighbouring clips and Arrow columns are wrapped without a copy."""
    flat = np.arange(12, dtype=np.float32)
    ragged = RaggedFeatures.from_flat(flat, np.array([1, 2, 3]), 2)
    assert np.shares_memory(ragged.values, flat)
    assert np.shares_memory(ragged.take([1, 2]).values, flat)


def test_negative_index_counts_back():
    """The last clip can be reached as −1."""
    ragged = RaggedFeatures.from_list(build([1, 2]))
    assert np.array_equal(ragged[-1], ragged[1])


def test_index_beyond_the_end_raises_index_error():
    """A position that does not exist raises, so that iteration by index ends."""
    with pytest.raises(IndexError):
        RaggedFeatures.from_list(build([1]))[1]


ZEROS = np.zeros((2, 3), dtype=np.float32)


@pytest.mark.parametrize(
    ("build_it", "message"),
    [
        pytest.param(
            lambda: RaggedFeatures(ZEROS.astype(np.float64), np.array([0, 2])),
            "`values` must be float32",
            id="dtype",
        ),
        pytest.param(
            lambda: RaggedFeatures(ZEROS, np.array([0.0, 2.0])),
            "`offsets` must be int64",
            id="float offsets",
        ),
        pytest.param(
            lambda: RaggedFeatures(ZEROS, np.array([0, 3])), "rise from 0 to the 2", id="end"
        ),
        pytest.param(
            lambda: RaggedFeatures(ZEROS, np.array([0, 2, 1, 2])), "rise from 0", id="falling"
        ),
        pytest.param(
            lambda: RaggedFeatures.from_flat(np.zeros(5, np.float32), np.array([1, 2]), 2),
            "× bands = 6 numbers",
            id="flat size",
        ),
        pytest.param(lambda: RaggedFeatures.from_list([]), "`arrays`", id="unknown bands"),
        pytest.param(
            lambda: RaggedFeatures.from_list([ZEROS, ZEROS[:, :2]]), "one common D", id="bands"
        ),
        pytest.param(
            lambda: RaggedFeatures.from_list([ZEROS]).take([0, 1, -1]),
            r"`indices` must lie in 0 … 0, but got \[1, -1\]",
            id="indices",
        ),
        pytest.param(lambda: RaggedFeatures.concatenate([]), "`parts`", id="no parts"),
    ],
)
def test_bad_input_is_refused(build_it, message):
    """Arrays that do not describe ragged features are named in the error."""
    with pytest.raises(ConfigurationError, match=message):
        build_it()
