"""Which words, and which labels of words, belong to a clip of a longer recording."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError


@dataclass(frozen=True)
class Word:
    """One word and when it is said.

    Args:
        text: The word with its punctuation.
        start_s: Where it begins in the recording, seconds.
        end_s: Where it ends, seconds.
    """

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class TranscriptSegment:
    """What is said in a span ``[start_s, end_s)`` of a recording.

    Args:
        text: The words.
        start_s: Where the span begins, seconds.
        end_s: Where it ends, seconds.
        words: The same words one by one, if their times are known.

    Raises:
        ConfigurationError: If the span ends before it begins, or is not finite.
    """

    text: str
    start_s: float
    end_s: float
    words: tuple[Word, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a span that is none."""
        if not (np.isfinite([self.start_s, self.end_s]).all() and self.start_s <= self.end_s):
            raise ConfigurationError(
                f"a segment must end where it begins or later, but `{self.text}` lasts from "
                f"{self.start_s} to {self.end_s} s"
            )


def timed_words(segments: Sequence[TranscriptSegment]) -> list[Word]:
    """Return the words of a transcript in order of time.

    Where a segment does not say when its words are spoken, they share its span by their numbers
    of letters, which is how long words last as far as text can tell.

    Args:
        segments: The transcript, in any order.

    Example:
        >>> timed_words([TranscriptSegment("so long", 1.0, 2.5)])[1]
        Word(text='long', start_s=1.5, end_s=2.5)
    """
    words = [word for segment in segments for word in segment.words or _spread(segment)]
    return sorted(words, key=lambda word: (word.start_s, word.end_s))


def words_of_clip(
    segments: Sequence[TranscriptSegment], start_s: float, end_s: float
) -> str | None:
    """Return the words of a clip: those whose middle lies in ``[start_s, end_s)``.

    Each word of a recording that is cut without gaps belongs to exactly one clip.

    Args:
        segments: Transcript of the recording.
        start_s: Where the clip begins in it, seconds.
        end_s: Where it ends, seconds.

    Returns:
        The words with spaces between, or `None` if none is said in the clip.

    Example:
        >>> said = [TranscriptSegment("go away now", 0.0, 9.0)]
        >>> words_of_clip(said, 0.0, 6.0), words_of_clip(said, 9.0, 12.0)
        ('go away', None)
    """
    inside = [
        word.text
        for word in timed_words(segments)
        if start_s <= (word.start_s + word.end_s) / 2 < end_s
    ]
    return " ".join(inside) or None


def labels_of_clips(
    spans: npt.NDArray[np.floating],
    posteriors: npt.NDArray[np.floating],
    clips: npt.NDArray[np.floating],
) -> npt.NDArray[np.float64]:
    """Return what the labels of text spans say of clips, weighed by the seconds they share.

    Args:
        spans: Begin and end of each labelled span in the recording, seconds, ``(M, 2)``.
        posteriors: P(class) of each span, one-hot for plain labels, ``(M, C)``.
        clips: Begin and end of each clip in the same recording, seconds, ``(N, 2)``.

    Returns:
        P(class) of each clip, ``(N, C)``; NaN where no labelled span reaches.

    Raises:
        ConfigurationError: If shapes do not fit or a span ends before it begins.

    Example:
        >>> spans = np.array([[0.0, 3.0], [3.0, 4.0]])
        >>> labels_of_clips(spans, np.eye(2), np.array([[0.0, 4.0], [3.5, 5.0]])).tolist()
        [[0.75, 0.25], [0.0, 1.0]]
    """
    for name, found in (("spans", spans), ("clips", clips)):
        if found.ndim != 2 or found.shape[1] != 2 or not (found[:, 0] <= found[:, 1]).all():
            raise ConfigurationError(
                f"`{name}` must hold a begin and a later end in each row, but has the shape "
                f"{found.shape}, or a row ends before it begins"
            )
    if posteriors.ndim != 2 or len(posteriors) != len(spans):
        raise ConfigurationError(
            f"`posteriors` must have one row for each of {len(spans)} spans, but have the shape "
            f"{posteriors.shape}"
        )
    begin = np.maximum(clips[:, :1], spans[:, 0])
    shared = np.maximum(np.minimum(clips[:, 1:], spans[:, 1]) - begin, 0.0)
    seconds = shared.sum(axis=1, keepdims=True)
    weighed: npt.NDArray[np.float64] = np.full((len(clips), posteriors.shape[1]), np.nan)
    np.divide(shared @ posteriors, seconds, out=weighed, where=seconds > 0)
    return weighed


def _spread(segment: TranscriptSegment) -> Iterator[Word]:
    words = segment.text.split()
    letters = np.cumsum([0, *map(len, words)])
    if not words:
        return
    span_s = segment.end_s - segment.start_s
    times = (segment.start_s + span_s * letters / letters[-1]).tolist()
    for word, start_s, end_s in zip(words, times, times[1:], strict=False):
        yield Word(word, start_s, end_s)
