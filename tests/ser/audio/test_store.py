"""Samples come back as they were put in, wherever they wait."""

import tempfile

import numpy as np
import pytest

from ser.audio.store import SampleStore

SAMPLES = np.random.default_rng(0).integers(-32768, 32768, 1000).astype(np.int16)


@pytest.mark.parametrize("in_memory", [0, 500, 2000], ids=["file", "both", "memory"])
def test_any_stretch_is_read_back(in_memory):
    """Blocks of any length are one row of samples, with one exact mean."""
    with SampleStore(in_memory) as store:
        for block in np.split(SAMPLES, [0, 1, 400, 750]):
            store.append(block)
        assert len(store) == 1000
        assert store.mean == SAMPLES.astype(float).mean()
        for start, stop in [(0, 1000), (399, 401), (10, 10), (999, 1000)]:
            assert np.array_equal(store.read(start, stop), SAMPLES[start:stop])


def test_a_single_block_is_not_copied():
    """A short clip costs nothing."""
    with SampleStore() as store:
        store.append(SAMPLES)
        assert np.shares_memory(store.read(0, 1000), SAMPLES)


def test_empty_store_has_no_samples():
    """Nothing put in is nothing read, with a mean of 0."""
    with SampleStore() as store:
        assert (len(store), store.mean, len(store.read(0, 0))) == (0, 0.0, 0)


def test_the_file_has_no_name(tmp_path, monkeypatch):
    """A killed process leaves no file behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with SampleStore(in_memory=0) as store:
        store.append(SAMPLES)
        assert list(tmp_path.iterdir()) == []
