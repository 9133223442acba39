"""The labelling interface annotators see: one clip, one question, one key per answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from annotation.errors import LabelStudioError
from annotation.label_studio.choices import (
    ABSTENTIONS,
    AUDIO,
    CHOICE,
    COMMENT,
    RATING_KEYS,
    REPLAY_KEY,
    SECOND_CHOICE,
    TRANSCRIPT,
    InterfaceChoices,
    assign_keys,
)
from annotation.label_studio.style import STYLE
from annotation.ratings.matrix import Dimension

POLES: Final[Mapping[Dimension, tuple[str, str]]] = {
    "arousal": ("calm", "excited"),
    "valence": ("unpleasant", "pleasant"),
    "dominance": ("submissive", "in control"),
}
"""What the lowest and the highest rating of each dimension mean."""

# The audio tag cannot play by itself, and event handlers are stripped from HTML.
_PLAYER: Final = f'<audio autoplay src="${AUDIO}"></audio>'


def build_interface(classes: Sequence[str], choices: InterfaceChoices | None = None) -> str:
    """Return the labelling configuration for judging a clip by ear.

    One required single choice among the classes, "can't tell" and "not speech", each with a key
    (see `assign_keys`); space plays and pauses. What else is asked is up to `choices`. Ratings are
    required, and hidden from those who abstain; `a`, `v` and `d` raise them one by one.

    Args:
        classes: Class names in the taxonomy's order, at most 18.
        choices: The optional parts; default: those of `InterfaceChoices`.

    Returns:
        Label Studio XML; the same arguments give the same text.

    Raises:
        LabelStudioError: No class, a repeated one, one that equals an abstention, or more
            classes than keys.

    Example:
        >>> 'value="joy" hotkey="1"' in build_interface(["joy", "calm"])
        True
    """
    asked = choices or InterfaceChoices()
    keys = assign_keys(tuple(classes))
    page = ET.Element("View", className="serloop")
    ET.SubElement(page, "Style").text = STYLE
    _show_clip(page, asked)
    _ask_class(page, keys)
    if asked.second_choice:
        _ask_second(page, classes)
    if asked.ratings:
        _ask_ratings(page, asked)
    if asked.transcript == "asked":
        _ask_text(page, TRANSCRIPT, "Write down the words", is_required=True)
    if asked.comment:
        _ask_text(page, COMMENT, "Remarks, if any")
    ET.indent(page)
    return ET.tostring(page, encoding="unicode")


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


def _show_clip(page: ET.Element, asked: InterfaceChoices) -> None:
    ET.SubElement(page, "Header", value=asked.question, size="4")
    if asked.autoplay:
        hidden = ET.SubElement(page, "View", className="serloop-autoplay")
        ET.SubElement(hidden, "HyperText", name="autoplay", value=_PLAYER, inline="true")
    ET.SubElement(page, "Audio", name=AUDIO, value=f"${AUDIO}", hotkey=REPLAY_KEY, height="72")
    if asked.transcript == "shown":
        words = ET.SubElement(page, "View", className="serloop-words")
        ET.SubElement(words, "Text", name="words", value=f"${TRANSCRIPT}")


def _ask_class(page: ET.Element, keys: Mapping[str, str]) -> None:
    view = ET.SubElement(page, "View", className="serloop-options")
    box = _control(view, "Choices", CHOICE, choice="single", required="true", showInline="true")
    box.set("requiredMessage", "Choose an emotion, or “can't tell”, before you submit.")
    for option, key in keys.items():
        ET.SubElement(box, "Choice", value=option, hotkey=key)


def _ask_second(page: ET.Element, classes: Sequence[str]) -> None:
    view = _if_decided(page, "serloop-second")
    ET.SubElement(view, "Header", value="And beside it, if anything", size="5")
    box = _control(view, "Choices", SECOND_CHOICE, choice="single", showInline="true")
    for name, key in assign_keys(tuple(classes)).items():
        if name not in ABSTENTIONS:
            ET.SubElement(box, "Choice", value=name, hotkey=f"shift+{key}")


def _ask_ratings(page: ET.Element, asked: InterfaceChoices) -> None:
    view = _if_decided(page, "serloop-ratings")
    for name in asked.ratings:
        row = ET.SubElement(view, "View", className="serloop-rating")
        low, high = POLES[name]
        title = f"{name.capitalize()}: 1 {low}, {asked.rating_scale} {high}"
        ET.SubElement(row, "Header", value=title, size="5")
        box = _control(row, "Rating", name, required="true", hotkey=RATING_KEYS[name])
        box.set("maxRating", str(asked.rating_scale))
        box.set("requiredMessage", f"Rate the {name}, or choose “can't tell”, before you submit.")


def _ask_text(page: ET.Element, name: str, prompt: str, *, is_required: bool = False) -> None:
    view = _if_decided(page, "serloop-text") if is_required else page
    box = _control(view, "TextArea", name, rows="1", maxSubmissions="1", editable="true")
    box.set("placeholder", prompt)
    if is_required:
        box.set("required", "true")
        box.set("requiredMessage", f"{prompt} before you submit.")


def _if_decided(page: ET.Element, name: str) -> ET.Element:
    """Return a part of the page that goes when the annotator abstains, requirements and all."""
    view = ET.SubElement(page, "View", className=name, visibleWhen="choice-unselected")
    view.set("whenTagName", CHOICE)
    view.set("whenChoiceValue", ",".join(ABSTENTIONS))
    return view


def _control(parent: ET.Element, tag: str, name: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, tag, {"name": name, "toName": AUDIO, **attributes})
