"""Promises of the report's records."""

from dataclasses import replace

import pytest

from pipelines.report.content import class_recalls, confusion_rows, largest_confusions
from pipelines.report.errors import ReportError
from pipelines.report.testing import build_sample_content


def test_confusion_rows_cuts_row_by_row():
    """A row-major list becomes rows in the same order."""
    assert confusion_rows([1, 2, 3, 4, 5, 6, 7, 8, 9], 3) == ((1, 2, 3), (4, 5, 6), (7, 8, 9))


def test_confusion_rows_refuses_another_size():
    """A list that is no square of the classes is refused with both numbers."""
    with pytest.raises(ReportError, match=r"`values` should hold 2 × 2 counts, got 3"):
        confusion_rows([1, 2, 3], 2)


def test_class_recall_without_clips_is_undefined():
    """A class without test clips has no recall rather than a zero."""
    assert class_recalls(((0, 0), (1, 3))) == [None, 0.75]


def test_largest_confusions_go_by_share_of_the_true_class():
    """Two of four clips confused come before three of ten."""
    confusion = ((2, 2), (3, 7))
    assert largest_confusions(confusion, ("a", "b"), count=5) == [
        ("a", "b", 2, 4),
        ("b", "a", 3, 10),
    ]


def test_largest_confusions_leave_out_empty_cells():
    """A model without errors has no largest confusion."""
    assert largest_confusions(((2, 0), (0, 7)), ("a", "b"), count=5) == []


@pytest.mark.parametrize(
    ("votes", "consensus", "is_tie"),
    [
        pytest.param((("anger", 1), ("fear", 1)), None, True, id="votes-undecided"),
        pytest.param((("anger", 2),), "anger", False, id="decided"),
        pytest.param((), None, False, id="no-votes-yet"),
    ],
)
def test_a_tie_needs_votes(votes, consensus, is_tie):
    """A clip nobody has voted on is not a tie."""
    clip = replace(build_sample_content().asked[0], votes=votes, consensus=consensus)
    assert clip.is_tie is is_tie


def test_votes_per_clip_of_nothing_is_undefined():
    """No clips have no mean number of votes."""
    consensus = build_sample_content().consensus
    assert replace(consensus, clips=0, votes=0).votes_per_clip is None


def test_arm_points_come_in_order_of_rounds():
    """The last point of an arm is its latest round, however the curve was given."""
    content = build_sample_content()
    shuffled = replace(content, curve=content.curve[::-1])
    assert [point.round for point in shuffled.arm_points("random")] == [0, 1, 2, 3, 4, 5]
