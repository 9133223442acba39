"""What may be chosen."""

from typing import Any

import pytest

from annotation.errors import LabelStudioError
from annotation.label_studio import InterfaceChoices

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"ratings": ("anger",)}, r"`ratings` must be distinct names of .*\('anger',\)"),
    "repeated": ({"ratings": ("arousal", "arousal")}, "`ratings` must be distinct"),
    "scale": ({"rating_scale": 7}, r"`rating_scale` must be one of \(5, 9\), but got 7"),
    "transcript": ({"transcript": "yes"}, "`transcript` must be one of .* but got 'yes'"),
}


@pytest.mark.parametrize(("choice", "message"), REFUSED.values(), ids=REFUSED)
def test_what_no_page_can_show_is_refused(choice: dict[str, Any], message: str) -> None:
    """A misspelt choice is named with what there is."""
    with pytest.raises(LabelStudioError, match=message):
        InterfaceChoices(**choice)
