"""The labelling configuration."""

from xml.etree import ElementTree as ET

import pytest

from annotation.errors import LabelStudioError
from annotation.label_studio import (
    CANNOT_TELL,
    NOT_SPEECH,
    InterfaceChoices,
    build_interface,
    check_interface,
)

EVERYTHING = InterfaceChoices(
    second_choice=True, ratings=("arousal", "valence", "dominance"), transcript="asked"
)
NOTHING = InterfaceChoices(autoplay=False, comment=False)


def page(classes: list[str], choices: InterfaceChoices | None = None) -> ET.Element:
    """Return the configuration, parsed."""
    return ET.fromstring(build_interface(classes, choices))  # noqa: S314 - our own text


def controls(root: ET.Element) -> dict[str | None, ET.Element]:
    """Return the tags that have a name."""
    return {tag.get("name"): tag for tag in root.iter() if tag.get("name")}


def test_options_are_classes_and_abstentions_with_distinct_keys() -> None:
    """Every class has a digit; abstentions keep their keys whatever the classes."""
    choices = controls(page(["joy", "anger & co"]))["emotion"]
    options = ["joy", "anger & co", CANNOT_TELL, NOT_SPEECH]
    assert [choice.get("value") for choice in choices] == options
    assert [choice.get("hotkey") for choice in choices] == ["1", "2", "0", "n"]
    assert (choices.get("choice"), choices.get("required")) == ("single", "true")


def test_more_than_nine_classes_go_on_with_letters() -> None:
    """No key is used twice, by whatever is asked, nor one that Label Studio takes itself."""
    root = page([f"class {index}" for index in range(18)], EVERYTHING)
    keys = [tag.get("hotkey") for tag in root.iter() if tag.get("hotkey")]
    assert keys[1:12] == [*"123456789qw"]
    assert len(set(keys)) == len(keys) == 1 + 20 + 18 + 3
    assert not {"u", "enter", "escape", "backspace", "delete"} & set(keys)


@pytest.mark.parametrize("transcript", ["none", "shown", "asked"])
@pytest.mark.parametrize("choices", [EVERYTHING, NOTHING], ids=["everything", "nothing"])
def test_the_sdk_accepts_it(choices: InterfaceChoices, transcript: str) -> None:
    """Label Studio's own SDK reads the configuration, with the most classes there may be."""
    asked = InterfaceChoices(
        autoplay=choices.autoplay,
        second_choice=choices.second_choice,
        ratings=choices.ratings,
        transcript=transcript,  # type: ignore[arg-type]
        comment=choices.comment,
    )
    check_interface(build_interface([f"class <{index}>" for index in range(18)], asked))


def test_only_what_was_chosen_is_asked() -> None:
    """The barest page has the clip and the class; the fullest every control."""
    assert list(controls(page(["joy"], NOTHING))) == ["audio", "emotion"]
    assert list(controls(page(["joy"], EVERYTHING))) == [
        "autoplay",
        "audio",
        "emotion",
        "second_choice",
        "arousal",
        "valence",
        "dominance",
        "transcript",
        "comment",
    ]


def test_ratings_have_the_scale_that_was_chosen() -> None:
    """1 to 5 shows five steps and says what the ends mean."""
    root = page(["joy"], InterfaceChoices(ratings=("valence",), rating_scale=5))
    rating = controls(root)["valence"]
    assert (rating.get("maxRating"), rating.get("required")) == ("5", "true")
    headers = [tag.get("value") for tag in root.iter("Header")]
    assert headers[1] == "Valence: 1 unpleasant, 5 pleasant"


def test_who_abstains_need_not_rate_or_transcribe() -> None:
    """What is required beside the class lies in a part that goes when somebody abstains."""
    root = page(["joy"], EVERYTHING)
    parts = [view for view in root.iter("View") if view.get("visibleWhen")]
    hidden = {name for view in parts for name in controls(view)}
    assert {view.get("whenChoiceValue") for view in parts} == {f"{CANNOT_TELL},{NOT_SPEECH}"}
    required = {tag.get("name") for tag in root.iter() if tag.get("required") == "true"}
    assert required - hidden == {"emotion"}


def test_the_words_are_shown_only_by_choice() -> None:
    """A transcript shown is text of the task, not a field to fill."""
    root = page(["joy"], InterfaceChoices(transcript="shown"))
    words = controls(root)["words"]
    assert (words.tag, words.get("value")) == ("Text", "$transcript")
    assert "transcript" not in controls(root)


def test_the_style_has_nothing_label_studio_escapes() -> None:
    """A `>` arrives as `&gt;`, and the browser drops the rule."""
    style = page(["joy"]).find("Style")
    assert style is not None
    assert style.text
    assert not set("<>&") & set(style.text)


@pytest.mark.parametrize(
    "classes",
    [[], ["joy", "joy"], [NOT_SPEECH], [str(index) for index in range(19)]],
    ids=["none", "repeated", "reserved", "too-many"],
)
def test_bad_classes_are_refused(classes: list[str]) -> None:
    """Classes that cannot each have a key of their own are refused."""
    with pytest.raises(LabelStudioError, match="`classes` must be 1 to 18 distinct names"):
        build_interface(classes)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("<View", "`config` is not a labelling configuration"),
        ('<View><Choices name="a" toName="zzz"/></View>', "`config` is not"),
        ("<View/>", r"must have tags named `audio` and `emotion`, but has \[\]"),
    ],
    ids=["not-xml", "dangling", "empty"],
)
def test_unusable_configurations_are_refused(config: str, message: str) -> None:
    """What the SDK or our tasks cannot use is refused."""
    with pytest.raises(LabelStudioError, match=message):
        check_interface(config)
