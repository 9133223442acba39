"""What annotators read before they start: what the classes mean, and which keys to press."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType
from typing import Final

from annotation.label_studio.choices import (
    CANNOT_TELL,
    NOT_SPEECH,
    RATING_KEYS,
    InterfaceChoices,
    assign_keys,
)
from annotation.label_studio.interface import POLES

DEFINITIONS: Final = MappingProxyType(
    {
        "anger": "annoyed, indignant or furious, loudly or in a cold voice",
        "boredom": "uninterested, weary of it all",
        "calm": "relaxed, at peace",
        "contempt": "looking down on somebody or something",
        "disgust": "repelled by something, physically or morally",
        "excitement": "eager, thrilled, full of energy",
        "fear": "worried, anxious or terrified",
        "frustration": "held up or let down, and losing patience",
        "happiness": "glad, cheerful or amused",
        "joy": "glad, cheerful or amused",
        "neutral": "no emotion worth the name",
        "other": "a clear emotion that is not in this list",
        "sadness": "down, hurt, mourning or disappointed",
        "surprise": "taken unawares, pleasantly or not",
        CANNOT_TELL: "you heard speech, but could only guess",
        NOT_SPEECH: "silence, noise or music, or nothing plays",
    }
)
"""Plain words for the usual classes; a taxonomy of your own brings its own."""

_TASK: Final = (
    "Judge how the voice sounds, not what the words say, and go by your first impression: there "
    "is no right answer to find out."
)


def build_instructions(
    classes: Sequence[str],
    choices: InterfaceChoices | None = None,
    *,
    definitions: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the instructions of the project as HTML.

    Args:
        classes: Class names in the taxonomy's order.
        choices: The optional parts of the page.
        definitions: What each class means, in plain text, where it is not what `DEFINITIONS` says;
            a class in neither is only named.

    Returns:
        A fragment for `expert_instruction`; every name and definition is escaped.

    Raises:
        LabelStudioError: As `build_interface` does.

    Example:
        >>> "<b>joy</b> [1]: glad, cheerful or amused" in build_instructions(["joy"])
        True
    """
    asked = choices or InterfaceChoices()
    meanings = {**DEFINITIONS, **definitions}
    lines = [
        _option(name, key, meanings.get(name)) for name, key in assign_keys(tuple(classes)).items()
    ]
    told = [*_how_to_listen(asked), *_how_to_answer(asked)]
    return "\n".join(
        [
            f"<h3>{escape(asked.question)}</h3>",
            f"<p>{_TASK}</p>",
            f"<ul>{''.join(lines)}</ul>",
            f"<ul>{''.join(f'<li>{line}</li>' for line in told)}</ul>",
            "<p>Rest your ears every half hour, and stop when they tire.</p>",
        ]
    )


def _option(name: str, key: str, definition: str | None) -> str:
    meaning = f": {escape(definition)}" if definition else ""
    return f"<li><b>{escape(name)}</b> [{key}]{meaning}</li>"


def _how_to_listen(asked: InterfaceChoices) -> list[str]:
    if asked.autoplay:
        return ["Each clip plays once by itself; when it has ended, <b>space</b> plays it again."]
    return ["<b>Space</b> plays and pauses the clip."]


def _how_to_answer(asked: InterfaceChoices) -> list[str]:
    # Only our own server submits on Enter alone.
    lines = [
        "<b>Enter</b> submits and brings the next clip; where it does not, <b>Ctrl+Enter</b> does.",
        "A slip: press another key. Once submitted, the arrow at the bottom left goes back.",
        "After the last clip the page stays as it is, with a grey <b>Update</b>: all is done.",
    ]
    if asked.second_choice:
        lines.append("A second emotion: its key with <b>Shift</b>, or leave it out.")
    lines += [
        f"{name.capitalize()}, from 1 ({POLES[name][0]}) to {asked.rating_scale} "
        f"({POLES[name][1]}): click, or press <b>{RATING_KEYS[name]}</b> until it is right."
        for name in asked.ratings
    ]
    if asked.transcript == "asked":
        lines.append("Write down the words as you hear them.")
    if asked.comment or asked.transcript == "asked":
        # In a text field Label Studio hears no other keys.
        lines.append("After writing, <b>Enter</b> leaves the text field; then submit.")
    return lines
