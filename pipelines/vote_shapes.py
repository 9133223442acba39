"""In which shape a file holds votes, told from its header where nobody says it."""

from collections.abc import Collection
from types import MappingProxyType

from annotation.imports.long_table import NAMES, RATINGS
from pipelines.errors import PipelineError
from pipelines.vote_context import Told

LONG = "long"
ANNOTATORS = "annotators"
CLASSES = "classes"
CREMA_D = "crema-d"
LABEL_STUDIO = "label-studio"

SHAPES = MappingProxyType(
    {
        LONG: "one row per judgement",
        ANNOTATORS: "one row per clip, one column per annotator",
        CLASSES: "one row per clip, one column of vote counts per class",
        CREMA_D: "CREMA-D's `finishedResponses.csv`",
        LABEL_STUDIO: "Label Studio's JSON export",
    }
)
"""Every shape of a file of votes, and what it looks like."""

_RESPONSES = frozenset({"localid", "clipName", "respEmo", "sessionNums", "queryType", "questNum"})
_COUNTS = frozenset({"fileName", "numResponses"})
_JUDGEMENTS = frozenset(name for key in ("label", *RATINGS) for name in NAMES[key])
# A row of a wide table is about a clip; what else a long table tells is about one judgement.
_OF_A_CLIP = frozenset(name for key in ("clip_id", "modality") for name in NAMES[key])
_OF_A_VOTE = frozenset(name for names in NAMES.values() for name in names) - _OF_A_CLIP
_NOTHING_TOLD = Told()
_FITTING = {
    "columns": (ANNOTATORS, CLASSES),
    "holds": (ANNOTATORS,),
    "total": (CLASSES,),
    "project": (LABEL_STUDIO,),
}


def find_shape(name: str, columns: Collection[str], classes: Collection[str]) -> str:
    """Return the shape of a table.

    Args:
        name: The file, for messages.
        columns: Names of its columns.
        classes: Names of the classes, if there are any.

    Raises:
        PipelineError: If the columns fit no shape.

    Example:
        >>> find_shape("dogs.csv", ["question", "worker", "answer"], [])
        'long'
        >>> find_shape("v.csv", ["clip_id", "calm", "joy"], ["calm", "joy"])
        'classes'
        >>> find_shape("v.csv", ["clip_id", "kim", "bo"], ["calm", "joy"])
        'annotators'
    """
    given = set(columns)
    if given >= _RESPONSES:
        return CREMA_D
    if given >= _COUNTS:
        raise PipelineError(
            f"`{name}` holds CREMA-D's vote counts; import them with `serloop votes crema-d "
            "FOLDER`, which knows the modality of each row"
        )
    if given & _JUDGEMENTS:
        return LONG
    # One alone may be a person called Joy.
    if len(given & set(classes)) > 1:
        return CLASSES
    if given & _OF_A_CLIP and given - _OF_A_CLIP and not given & _OF_A_VOTE:
        return ANNOTATORS
    raise PipelineError(
        f"the columns of `{name}` ({', '.join(columns)}) fit none of the shapes "
        f"{'; '.join(f'{shape} ({looks})' for shape, looks in SHAPES.items())}: a clip stands in "
        "`clip_id`, and a judgement in `label` or "
        f"{', '.join(f'`{key}`' for key in RATINGS)}; rename them, or name the shape with --shape"
    )


def check_shape(shape: str | None) -> None:
    """Refuse a shape that does not exist.

    Raises:
        PipelineError: If it is none of `SHAPES`.
    """
    if shape is not None and shape not in SHAPES:
        raise PipelineError(f"`shape` must be one of {', '.join(SHAPES)}, got '{shape}'")


def check_options(name: str, shape: str, told: Told) -> None:
    """Refuse what would have no effect on a file of this shape.

    Args:
        name: The file, for messages.
        shape: A key of `SHAPES`.
        told: What a person says of the file.

    Raises:
        PipelineError: If they give an option that belongs to another shape.
    """
    for option, fitting in _FITTING.items():
        if getattr(told, option) != getattr(_NOTHING_TOLD, option) and shape not in fitting:
            raise PipelineError(
                f"--{option} is for the shape {' or '.join(fitting)}, but `{name}` has the shape "
                f"{shape}; leave it out or name another --shape"
            )
