"""What a stream says every quarter of a second."""

import numpy as np
import pytest

from ser.errors import ConfigurationError
from ser.streaming.moments import Due, Moment, answer

SPEECH = Moment(0.0, 0.25, is_speech=True)


def test_only_what_has_a_window_is_judged(waveform_recogniser):
    """The others come back as they are, in their places."""
    silent = Moment(0.0, 0.25, is_speech=False)
    windows = [None, np.full(100, 0.25, np.float32), None, np.full(50, 0.5, np.float32)]
    due = [Due(silent if window is None else SPEECH, window) for window in windows]
    found = answer(waveform_recogniser, due)
    assert [of.posterior is None for of in found] == [True, False, True, False]
    assert found[0] is silent
    assert [found[1].posterior[0], found[3].posterior[0]] == [0.25, 0.5]


def test_nothing_due_is_answered_by_nothing(recogniser):
    """Neither of streams that have nothing to say, nor of silence alone."""
    assert answer(recogniser, []) == []
    assert answer(recogniser, [Due(SPEECH, None)]) == [SPEECH]


def test_streams_of_another_recogniser_are_refused(recogniser, waveform_recogniser):
    """Frames are no waveform, and a batch is of one kind."""
    frames, waveform = np.zeros((9, 16), np.float32), np.zeros(900, np.float32)
    with pytest.raises(ConfigurationError, match="`level` takes none"):
        answer(waveform_recogniser, [Due(SPEECH, frames)])
    with pytest.raises(ConfigurationError, match="answer the streams of each recogniser apart"):
        answer(recogniser, [Due(SPEECH, frames), Due(SPEECH, waveform)])
