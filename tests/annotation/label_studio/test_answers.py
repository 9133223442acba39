"""What the controls beside the class say, and what they may not say."""

from typing import Any

import pytest

from annotation.label_studio import CANNOT_TELL, NOT_SPEECH, InterfaceChoices
from annotation.label_studio.answers import Answer, QuarantinedError, read_answer

CLASSES = ("joy", "fear")
ASKED = InterfaceChoices(
    second_choice=True, ratings=("arousal", "valence"), rating_scale=9, transcript="asked"
)
Region = dict[str, Any]


def region(name: str, kind: str, value: object) -> Region:
    """Return what one control holds."""
    key = {"choices": "choices", "rating": "rating", "textarea": "text"}[kind]
    return {"from_name": name, "to_name": "audio", "type": kind, "value": {key: value}}


# As a page of Label Studio 1.23.2 sent it.
FULL = {
    "emotion": region("emotion", "choices", ["joy"]),
    "second_choice": region("second_choice", "choices", ["fear"]),
    "arousal": region("arousal", "rating", 7),
    "valence": region("valence", "rating", 3),
    "transcript": region("transcript", "textarea", ["I am <glad> 5"]),
    "comment": region("comment", "textarea", ["clear; no doubt"]),
}


def read(asked: InterfaceChoices = ASKED, /, **changes: Region | None) -> Answer:
    """Read the full answer with some regions replaced, or left out where None."""
    found = [entry for entry in (FULL | changes).values() if entry is not None]
    return read_answer({"result": found}, CLASSES, asked)


def test_every_control_is_read() -> None:
    """Class, second choice, ratings, words and remarks each have their place."""
    assert read() == Answer(
        label="joy",
        ratings={"arousal": 7.0, "valence": 3.0},
        second_choice="fear",
        comment="clear; no doubt",
        transcript="I am <glad> 5",
    )


def test_what_is_optional_may_be_missing() -> None:
    """No second choice and no remark are answers too."""
    answer = read(second_choice=None, comment=None)
    assert (answer.second_choice, answer.comment) == (None, None)


def test_the_same_choice_twice_is_no_second_choice() -> None:
    """The vote is worth more than the slip."""
    assert read(second_choice=region("second_choice", "choices", ["joy"])).second_choice is None


@pytest.mark.parametrize(
    ("choice", "why"), [(CANNOT_TELL, "cannot_tell"), (NOT_SPEECH, "not_speech")]
)
def test_who_abstains_rates_nothing(choice: str, why: str) -> None:
    """The page takes the other controls away; what was rated before stays in the result."""
    chosen = region("emotion", "choices", [choice])
    answer = read(emotion=chosen, valence=None, transcript=None)
    assert answer == Answer(abstention=why, comment="clear; no doubt")


def test_a_skip_keeps_its_remark_whatever_else_is_there() -> None:
    """It often says what is wrong with the clip."""
    skipped = {"was_cancelled": True, "result": [FULL["comment"], region("arousal", "rating", "x")]}
    expected = Answer(abstention="skipped", comment="clear; no doubt")
    assert read_answer(skipped, CLASSES, ASKED) == expected
    assert read_answer({"was_cancelled": True}, CLASSES, ASKED).abstention == "skipped"


def test_what_was_not_asked_is_ignored() -> None:
    """Answers to controls that are gone do not make a vote invalid."""
    plain = InterfaceChoices(comment=False)
    assert read(plain, arousal=region("arousal", "rating", 42)) == Answer(label="joy")


BAD: dict[str, tuple[dict[str, Region | None], str, str]] = {
    "no-choice": ({"emotion": None}, "missing_choice", "no choice for `emotion`"),
    "two-choices": (
        {"emotion": region("emotion", "choices", ["joy", "fear"])},
        "two_choices",
        r"one choice was allowed for `emotion`, but got \['joy', 'fear'\]",
    ),
    "two-second-choices": (
        {"second_choice": region("second_choice", "choices", ["joy", "fear"])},
        "two_choices",
        "for `second_choice`",
    ),
    "unknown": (
        {"emotion": region("emotion", "choices", ["rage"])},
        "unknown_choice",
        "`rage` is none of what `emotion` offered",
    ),
    "second-unknown": (
        {"second_choice": region("second_choice", "choices", [NOT_SPEECH])},
        "unknown_choice",
        "`not speech` is none of what `second_choice` offered",
    ),
    "no-rating": ({"valence": None}, "missing_rating", "no rating for `valence`"),
    "no-words": ({"transcript": None}, "missing_transcript", "no text for `transcript`"),
    "blank-words": (
        {"transcript": region("transcript", "textarea", [" "])},
        "missing_transcript",
        "no text",
    ),
    "text-no-list": (
        {"comment": region("comment", "textarea", [1])},
        "malformed",
        "`value.text` of `comment`",
    ),
}


@pytest.mark.parametrize(("changes", "reason", "detail"), BAD.values(), ids=BAD)
def test_what_cannot_be_believed_is_refused(
    changes: dict[str, Region | None], reason: str, detail: str
) -> None:
    """The server lets all of these in."""
    with pytest.raises(QuarantinedError, match=detail) as caught:
        read(ASKED, **changes)
    assert caught.value.reason == reason


@pytest.mark.parametrize("rating", ["7", 0, 10, 42, 7.5, True, None, [7], float("nan")], ids=repr)
def test_a_rating_must_be_a_step_of_the_scale(rating: object) -> None:
    """Text, steps in between and numbers off the scale are refused, with what was found."""
    with pytest.raises(QuarantinedError, match="`arousal` must be one whole number from 1 to 9"):
        read(arousal=region("arousal", "rating", rating))


def test_the_scale_is_the_one_that_was_shown() -> None:
    """7 is no rating where five steps were."""
    five = InterfaceChoices(ratings=("arousal",), rating_scale=5)
    with pytest.raises(QuarantinedError, match=r"from 1 to 5, but is 7") as caught:
        read(five)
    assert caught.value.reason == "bad_rating"
