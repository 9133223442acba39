"""The shape of a file of votes is told by its header, or by whoever knows it."""

import pytest

from pipelines.errors import PipelineError
from pipelines.vote_context import Told
from pipelines.vote_shapes import SHAPES, check_options, check_shape, find_shape

CLASSES = ("calm", "joy")
RESPONSES = ("", "localid", "pos", "ttr", "queryType", "questNum", "clipName", "sessionNums")
HEADERS = {
    "own-names": (("clip_id", "annotator", "label", "hair"), "long"),
    "other-names": (("task", "worker", "label"), "long"),
    "third-names": (("question", "worker", "answer"), "long"),
    "ratings": (("clip_id", "valence"), "long"),
    "long-beside-classes": (("clip_id", "label", "calm", "joy"), "long"),
    "classes": (("clip_id", "calm", "joy", "modality"), "classes"),
    "annotators": (("clip_id", "kim", "bo"), "annotators"),
    "person-called-joy": (("clip_id", "joy", "kim"), "annotators"),
    "crema-d": ((*RESPONSES, "respEmo"), "crema-d"),
}


@pytest.mark.parametrize(("columns", "shape"), HEADERS.values(), ids=HEADERS)
def test_the_header_tells_the_shape(columns: tuple[str, ...], shape: str) -> None:
    """Each shape has columns that no other has."""
    assert find_shape("v.csv", columns, CLASSES) == shape


@pytest.mark.parametrize(
    "columns",
    [("clip_id",), ("clip_id", "annotator", "lable"), ("file", "kim", "bo"), ()],
    ids=["only-clips", "misspelt-label", "no-clip", "nothing"],
)
def test_a_header_that_fits_nothing_is_refused(columns: tuple[str, ...]) -> None:
    """A misspelt `label` makes no annotator of the column: the message lists every shape."""
    with pytest.raises(PipelineError, match=r"`v\.csv` .* fit none of the shapes") as caught:
        find_shape("v.csv", columns, CLASSES)
    assert all(f"{name} ({looks})" in str(caught.value) for name, looks in SHAPES.items())


def test_counts_of_crema_d_have_a_verb_of_their_own() -> None:
    """The counts need the modality that is hidden in their row ids."""
    with pytest.raises(PipelineError, match="serloop votes crema-d FOLDER"):
        find_shape("v.csv", ("", "A", "D", "fileName", "numResponses"), ())


def test_an_unknown_shape_is_refused() -> None:
    """The message lists the shapes there are."""
    check_shape(None)
    with pytest.raises(PipelineError, match=r"one of long, annotators.*got 'broad'"):
        check_shape("broad")


@pytest.mark.parametrize(
    ("told", "fitting"),
    [
        (Told(columns=("kim",)), {"annotators", "classes"}),
        (Told(holds="valence"), {"annotators"}),
        (Told(total="n"), {"classes"}),
        (Told(project="p"), {"label-studio"}),
        (Told(corpus="c", taxonomy="t", modality="video"), set(SHAPES)),
    ],
    ids=["columns", "holds", "total", "project", "others"],
)
def test_an_option_without_effect_is_refused(told: Told, fitting: set[str]) -> None:
    """Nobody shall believe that an option did something."""
    for shape in fitting:
        check_options("v.csv", shape, told)
    for shape in SHAPES.keys() - fitting:
        with pytest.raises(PipelineError, match=rf"but `v\.csv` has the shape {shape}"):
            check_options("v.csv", shape, told)
