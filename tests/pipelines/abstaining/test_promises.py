"""What sets are worth is told of all speakers, then of each group."""

import numpy as np
import pyarrow as pa
import pytest

from pipelines.abstaining.calibration_clips import groups_of
from pipelines.abstaining.promises import measure_sets
from pipelines.errors import PipelineError
from pipelines.judged import JudgedClips


@pytest.fixture
def clips() -> JudgedClips:
    """Four clips of two women and of one speaker of whom nothing is known."""
    return JudgedClips(
        clip_ids=("1", "2", "3", "4"),
        speakers=("a", "a", "b", "c"),
        targets=np.eye(2)[[0, 1, 0, 1]],
        is_decided=np.ones(4, bool),
        facts=pa.table(
            {
                "gender": pa.array(["female", "female", "female", None], pa.string()),
                "age": pa.array([30, 30, 40, None], pa.int32()),
            }
        ),
        classes=("calm", "joy"),
        taxonomy="two",
        mapping=None,
        dropped=0,
    )


def test_each_speaker_counts_alike(clips: JudgedClips) -> None:
    """One of two clips of a, none of b, and c's: half of them, by speaker."""
    sets = np.array([[1, 0], [1, 0], [0, 1], [1, 1]], bool)
    everyone, female, unknown = measure_sets(clips, sets, "gender")
    assert (everyone.clips, everyone.speakers) == (4, 3)
    assert everyone.coverage.estimate == pytest.approx((0.5 + 0 + 1) / 3)
    assert (female.group, female.coverage.estimate) == ("female", 0.25)
    assert (unknown.group, unknown.set_size.estimate) == ("(unknown)", 2)


def test_numbers_are_no_groups(clips: JudgedClips) -> None:
    """Thresholds differ by names."""
    with pytest.raises(PipelineError, match="not grouped by `age`"):
        groups_of(clips, "age")
