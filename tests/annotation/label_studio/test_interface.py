"""The labelling configuration."""

from xml.etree import ElementTree as ET

import pytest

from annotation.errors import LabelStudioError
from annotation.label_studio import CANNOT_TELL, NOT_SPEECH, build_interface, check_interface


def test_options_are_classes_and_abstentions_with_distinct_keys() -> None:
    """Every class and both abstentions are offered in order, each with its own key."""
    config = build_interface(["joy", "anger & co"])
    choices = ET.fromstring(config).find("Choices")  # noqa: S314 - our own text
    assert choices is not None
    options = ["joy", "anger & co", CANNOT_TELL, NOT_SPEECH]
    assert [choice.get("value") for choice in choices] == options
    assert [choice.get("hotkey") for choice in choices] == ["1", "2", "3", "4"]
    assert (choices.get("choice"), choices.get("required")) == ("single", "true")


def test_the_sdk_accepts_it() -> None:
    """Label Studio's own SDK reads the configuration, with the most classes there may be."""
    check_interface(build_interface([f"class <{index}>" for index in range(18)]))


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
