"""Words and labels of a recording go to the clips they are said in."""

from itertools import pairwise

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.text.alignment import (
    TranscriptSegment,
    Word,
    labels_of_clips,
    timed_words,
    words_of_clip,
)

SAID = (
    TranscriptSegment("I said go", 10.0, 12.0),
    TranscriptSegment(
        "and stay away.",
        2.0,
        5.0,
        (Word("and", 2.0, 2.5), Word("stay", 2.5, 3.5), Word("away.", 4.0, 5.0)),
    ),
)


def test_words_come_in_order_of_time():
    """Known times are kept, others follow from the numbers of letters."""
    words = timed_words(SAID)
    assert [word.text for word in words] == ["and", "stay", "away.", "I", "said", "go"]
    assert words[2] == Word("away.", 4.0, 5.0)
    assert words[3].end_s == pytest.approx(10 + 2 / 7)
    assert words[5] == Word("go", pytest.approx(10 + 2 * 5 / 7), 12.0)


def test_each_word_belongs_to_one_clip_of_a_recording_without_gaps():
    """Wherever it is cut, no word is lost or said twice."""
    for cuts in ([0, 3, 11, 20], [0, 2.25, 4.5, 20], [0, 1, 2, 3, 4, 5, 20]):
        parts = [words_of_clip(SAID, *span) for span in pairwise(cuts)]
        assert " ".join(filter(None, parts)) == "and stay away. I said go"


def test_a_clip_in_which_nothing_is_said_has_no_words():
    """Neither has one of a recording without transcript, or of empty segments."""
    assert words_of_clip(SAID, 6.0, 9.0) is None
    assert words_of_clip([], 0.0, 9.0) is None
    assert words_of_clip([TranscriptSegment("  ", 0.0, 9.0)], 0.0, 9.0) is None


def test_a_segment_that_ends_before_it_begins_is_refused():
    """Neither is one without an end a span."""
    with pytest.raises(ConfigurationError, match=r"`no` lasts from 2\.0 to 1\.0 s"):
        TranscriptSegment("no", 2.0, 1.0)
    with pytest.raises(ConfigurationError, match="to nan s"):
        TranscriptSegment("no", 2.0, float("nan"))


def test_labels_are_weighed_by_shared_seconds():
    """Rows are posteriors; a clip that no labelled span reaches is unknown."""
    spans = np.array([[0.0, 2.0], [2.0, 6.0], [1.0, 3.0]])
    posteriors = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]])
    clips = np.array([[0.0, 1.0], [1.0, 3.0], [5.0, 9.0], [6.0, 9.0]])
    found = labels_of_clips(spans, posteriors, clips)
    np.testing.assert_allclose(found[:3], [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    assert np.isnan(found[3]).all()
    assert np.isnan(labels_of_clips(np.empty((0, 2)), np.empty((0, 2)), clips)).all()


def test_spans_and_labels_that_do_not_fit_are_refused():
    """The message says which of them, and how."""
    good = np.array([[0.0, 1.0]])
    with pytest.raises(ConfigurationError, match="`clips` must hold a begin and a later end"):
        labels_of_clips(good, np.eye(1), good[:, ::-1])
    with pytest.raises(ConfigurationError, match=r"one row for each of 1 spans.*\(2, 2\)"):
        labels_of_clips(good, np.eye(2), good)
