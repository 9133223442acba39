"""What the annotator is asked beside the class, and how the controls of the page are called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from annotation.errors import LabelStudioError
from annotation.ratings.matrix import Dimension

AUDIO: Final = "audio"
"""Name of the audio tag and of the task's data field that holds the clip's URL."""

TRANSCRIPT: Final = "transcript"
"""Name of the task's data field with the words, and of the control that asks for them."""

CHOICE: Final = "emotion"
"""Name of the choices tag; an answer's region carries it as `from_name`."""

SECOND_CHOICE: Final = "second_choice"
"""Name of the choices tag for what was heard beside the first choice."""

COMMENT: Final = "comment"
"""Name of the text field for remarks."""

CANNOT_TELL: Final = "can't tell"
"""Offered beside the classes: the annotator heard the clip and will not decide."""

NOT_SPEECH: Final = "not speech"
"""Offered beside the classes: there is nothing to judge in this clip."""

ABSTENTIONS: Final = (CANNOT_TELL, NOT_SPEECH)

DIMENSIONS: Final[tuple[Dimension, ...]] = get_args(Dimension)
"""What can be rated; also the names of the controls."""

Transcript = Literal["none", "shown", "asked"]
Scale = Literal[5, 9]

# `u` and a few named keys are Label Studio's own; `a`, `v`, `d` rate and `n` is "not speech".
_CLASS_KEYS: Final = "123456789qwertyiop"
ABSTENTION_KEYS: Final = {CANNOT_TELL: "0", NOT_SPEECH: "n"}
RATING_KEYS: Final = {name: name[0] for name in DIMENSIONS}
REPLAY_KEY: Final = "space"


@dataclass(frozen=True, slots=True)
class InterfaceChoices:
    """The optional parts of the page; the class, "can't tell" and "not speech" are always there.

    The defaults are the quickest honest page: one key for the class, one chord to submit.

    Attributes:
        question: The heading above the clip.
        autoplay: Whether a clip plays when its page opens.
        second_choice: Whether to ask, without insisting, what else was heard.
        ratings: Dimensions that must be rated, in this order, unless the annotator abstains.
        rating_scale: Highest rating; the lowest is 1. Keep to one over a campaign: the ledger has
            the numbers as they were given.
        transcript: Whether the words are `shown`, which turns judging the voice into judging the
            text as well, must be written down (`asked`), or neither.
        comment: Whether there is a field for remarks.

    Raises:
        LabelStudioError: A choice is not on offer.

    Example:
        >>> InterfaceChoices(ratings=("arousal",), rating_scale=5).rating_scale
        5
    """

    question: str = "Which emotion do you hear?"
    autoplay: bool = True
    second_choice: bool = False
    ratings: tuple[Dimension, ...] = ()
    rating_scale: Scale = 9
    transcript: Transcript = "none"
    comment: bool = True

    def __post_init__(self) -> None:
        """Refuse what no page can show: settings come from files."""
        if not set(self.ratings) <= set(DIMENSIONS) or len(set(self.ratings)) < len(self.ratings):
            msg = f"`ratings` must be distinct names of {DIMENSIONS}, but got {self.ratings}"
            raise LabelStudioError(msg)
        for name, kind in (("rating_scale", Scale), ("transcript", Transcript)):
            allowed = get_args(kind)
            if getattr(self, name) not in allowed:
                msg = f"`{name}` must be one of {allowed}, but got {getattr(self, name)!r}"
                raise LabelStudioError(msg)


def assign_keys(classes: tuple[str, ...]) -> dict[str, str]:
    """Return the key of each option in the order shown: the classes, then the abstentions.

    Classes get 1 to 9, then letters; abstentions keep `0` and `n` whatever the classes, so that a
    hand that has learned them need not learn them again.

    Args:
        classes: 1 to 18 class names.

    Raises:
        LabelStudioError: No class, a repeated one, one that equals an abstention, or more classes
            than keys.

    Example:
        >>> assign_keys(("joy",))
        {'joy': '1', "can't tell": '0', 'not speech': 'n'}
    """
    options = {*classes, *ABSTENTIONS}
    size = len(classes)
    if not 1 <= size <= len(_CLASS_KEYS) or len(options) != size + len(ABSTENTIONS):
        msg = (
            f"`classes` must be 1 to {len(_CLASS_KEYS)} distinct names, none of them "
            f"{list(ABSTENTIONS)}, but got {list(classes)}"
        )
        raise LabelStudioError(msg)
    return dict(zip(classes, _CLASS_KEYS, strict=False)) | ABSTENTION_KEYS
