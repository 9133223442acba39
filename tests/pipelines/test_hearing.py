"""Features of perturbed clips are kept where an encoder computes them, and nowhere else."""

from pathlib import Path

import numpy as np
import pytest

from pipelines.hearing import hear
from ser.encoders.statistics import EncoderStatistics
from ser.features.spectral import LogMel
from tests.pipelines.encoders import save_encoder

CLIPS = [np.full(8000, 100, np.int16), np.full(9000, -50, np.int16)]


@pytest.fixture
def encoder(tmp_path: Path) -> EncoderStatistics:
    """Return the statistics of a tiny encoder."""
    save_encoder(tmp_path / "tiny")
    return EncoderStatistics(model=str(tmp_path / "tiny"), speeds="1")


def test_what_was_heard_before_is_read(encoder: EncoderStatistics, tmp_path: Path) -> None:
    """The same clips make one file, which is read again; other clips make another."""
    kept = tmp_path / "heard"
    first = hear(kept, encoder, CLIPS)
    (path,) = kept.iterdir()
    written = path.stat().st_mtime_ns
    again = hear(kept, encoder, CLIPS)
    assert path.stat().st_mtime_ns == written
    for found in (first, again):
        np.testing.assert_array_equal(found.values, encoder.compute(CLIPS).values)
        assert len(found) == 2
    hear(kept, encoder, CLIPS[:1])
    assert len(list(kept.iterdir())) == 2


def test_where_clips_are_cut_is_part_of_what_was_heard(
    encoder: EncoderStatistics, tmp_path: Path
) -> None:
    """The same samples as one clip or as two are not the same."""
    hear(tmp_path / "heard", encoder, [np.concatenate([CLIPS[0], CLIPS[0]])])
    found = hear(tmp_path / "heard", encoder, [CLIPS[0], CLIPS[0]])
    assert len(found) == 2


def test_features_without_an_encoder_are_not_kept(tmp_path: Path) -> None:
    """They are computed faster than a file of them is worth."""
    found = hear(tmp_path / "heard", LogMel(), CLIPS)
    assert len(found) == 2
    assert not (tmp_path / "heard").exists()
