"""Contents that contradict themselves are refused."""

from dataclasses import replace

import pytest

from pipelines.report.checks import check_content
from pipelines.report.content import HeldOut
from pipelines.report.errors import ReportError
from pipelines.report.testing import SAMPLE_CONFUSION, build_sample_content

CONTENT = build_sample_content()
TRANSPOSED_ROWS = (*SAMPLE_CONFUSION[1:], SAMPLE_CONFUSION[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"classes": ()}, "`classes` should name at least one", id="no-classes"),
        pytest.param(
            {"confusion": ((1, 2), (3, 4))}, r"`confusion` should be 6 × 6.*got 2 rows", id="shape"
        ),
        pytest.param(
            {"confusion": SAMPLE_CONFUSION[:5]}, "got 5 rows of .6. counts", id="missing-row"
        ),
        pytest.param(
            {"held_out": HeldOut(speakers=4, clips=9)},
            "`confusion` counts 144 clips but `held_out.clips` is 9",
            id="other-test-part",
        ),
        pytest.param(
            {"confusion": TRANSPOSED_ROWS}, "has UAR .* but the last active point", id="other-model"
        ),
        pytest.param(
            {"consensus": replace(CONTENT.consensus, entropy_edges=(0.0, 1.0))},
            "one more value than the 9 `entropy_counts`, got 2",
            id="edges",
        ),
        pytest.param(
            {"asked": (replace(CONTENT.asked[0], audio=b"x", audio_mime="text/html"),)},
            "`audio_mime` of clip `synthetic/.*` should look like `audio/flac`, got `text/html`",
            id="mime",
        ),
    ],
)
def test_contradiction_is_refused(changes, message):
    """The message names the part, what was expected and what came."""
    with pytest.raises(ReportError, match=message):
        check_content(replace(CONTENT, **changes))


@pytest.mark.parametrize("rounds", range(1, 7))
def test_sample_agrees_with_itself(rounds):
    """The sample content passes its own checks at every length."""
    check_content(build_sample_content(rounds=rounds))


def test_class_without_test_clips_is_no_contradiction():
    """With a class missing the UAR convention is open, so the curve is believed."""
    confusion = ((0,) * 6, *SAMPLE_CONFUSION[1:])
    held_out = HeldOut(speakers=4, clips=sum(map(sum, confusion)))
    check_content(replace(CONTENT, confusion=confusion, held_out=held_out))
