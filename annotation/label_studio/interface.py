"""The labelling interface annotators see: one clip, one question, one key per answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree as ET

from annotation.errors import LabelStudioError

AUDIO: Final = "audio"
"""Name of the audio tag and of the task's data field that holds the clip's URL."""

CHOICE: Final = "emotion"
"""Name of the choices tag; an answer's region carries it as `from_name`."""

CANNOT_TELL: Final = "can't tell"
"""Offered beside the classes: the annotator heard the clip and will not decide."""

NOT_SPEECH: Final = "not speech"
"""Offered beside the classes: there is nothing to judge in this clip."""

ABSTENTIONS: Final = (CANNOT_TELL, NOT_SPEECH)

# Digits first: number keys were seen to choose in a real Label Studio 1.23 interface.
_HOTKEYS: Final = "1234567890qwertyuiop"


def build_interface(classes: Sequence[str], *, question: str = "Which emotion do you hear?") -> str:
    """Return the labelling configuration for judging a clip by ear.

    One required single choice among the classes, then "can't tell" and "not speech"; every
    option has a key in the order shown (1 to 9, 0, then letters), and space plays and pauses.

    Args:
        classes: Class names in the taxonomy's order, at most 18.
        question: The heading above the clip.

    Returns:
        Label Studio XML; the same arguments give the same text.

    Raises:
        LabelStudioError: No class, a repeated one, one that equals an abstention, or more
            options than keys.

    Example:
        >>> 'value="joy" hotkey="1"' in build_interface(["joy", "calm"])
        True
    """
    options = [*classes, *ABSTENTIONS]
    if not classes or len(set(options)) != len(options) or len(options) > len(_HOTKEYS):
        msg = (
            f"`classes` must be 1 to {len(_HOTKEYS) - len(ABSTENTIONS)} distinct names, none of "
            f"them {list(ABSTENTIONS)}, but got {list(classes)}"
        )
        raise LabelStudioError(msg)
    view = ET.Element("View")
    ET.SubElement(view, "Header", value=question)
    ET.SubElement(view, "Audio", name=AUDIO, value=f"${AUDIO}", hotkey="space")
    attributes = {"name": CHOICE, "toName": AUDIO, "choice": "single", "required": "true"}
    choices = ET.SubElement(view, "Choices", {**attributes, "showInline": "true"})
    for option, key in zip(options, _HOTKEYS, strict=False):
        ET.SubElement(choices, "Choice", value=option, hotkey=key)
    ET.indent(view)
    return ET.tostring(view, encoding="unicode")


def check_interface(config: str) -> None:
    """Refuse a labelling configuration this package could not publish tasks to.

    Args:
        config: Label Studio XML.

    Raises:
        LabelStudioError: The SDK finds it invalid, or it lacks the audio tag or the choices tag
            that tasks and answers refer to.
    """
    # The SDK takes 3 s to import, which only callers who check should pay.
    from label_studio_sdk._legacy.exceptions import (  # noqa: PLC0415
        LabelStudioValidationErrorSentryIgnored,
        LabelStudioXMLSyntaxErrorSentryIgnored,
    )
    from label_studio_sdk.label_interface.interface import LabelInterface  # noqa: PLC0415

    try:
        interface = LabelInterface(config)
        interface.validate()  # type: ignore[no-untyped-call]
    except (
        LabelStudioValidationErrorSentryIgnored,
        LabelStudioXMLSyntaxErrorSentryIgnored,
    ) as error:
        msg = f"`config` is not a labelling configuration: {error}; use `build_interface`"
        raise LabelStudioError(msg) from error
    found = {tag.name for tag in (*interface.controls, *interface.objects)}
    if not {AUDIO, CHOICE} <= found:
        msg = (
            f"`config` must have tags named `{AUDIO}` and `{CHOICE}`, but has {sorted(found)}; "
            "use `build_interface`"
        )
        raise LabelStudioError(msg)
