"""Which class is taken for which other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError


@dataclass(frozen=True)
class ConfusedPair:
    """Clips of one class that are predicted as another.

    Args:
        truth: The true class.
        prediction: The class it is taken for.
        clips: Number of such clips, at least 1.
        rate: Their share of the clips of the true class, in (0, 1].
    """

    truth: str
    prediction: str
    clips: int
    rate: float


def most_confused(
    confusion: npt.NDArray[np.integer],
    classes: Sequence[str],
    *,
    by: Literal["rate", "clips"] = "rate",
    limit: int = 5,
) -> tuple[ConfusedPair, ...]:
    """Return the pairs of classes that are confused most, the worst first.

    The rate shows which class fails, however rare it is; the count shows what costs most
    mistakes. Equal pairs are ordered by the other measure, then as the classes are.

    Args:
        confusion: Counts, true class × predicted class, ``(C, C)``.
        classes: C names.
        by: What to rank by.
        limit: Number of pairs at most, at least 1.

    Returns:
        Pairs that occur, both directions apart.

    Raises:
        ConfigurationError: If the matrix does not fit the classes or a parameter is out of range.

    Example:
        >>> confusion = np.array([[1, 1, 0], [0, 8, 2], [0, 0, 4]])
        >>> most_confused(confusion, ["calm", "joy", "anger"], limit=1)
        (ConfusedPair(truth='calm', prediction='joy', clips=1, rate=0.5),)
        >>> most_confused(confusion, ["calm", "joy", "anger"], by="clips")[0].truth
        'joy'
    """
    if confusion.shape != (len(classes), len(classes)):
        raise ConfigurationError(
            f"`confusion` must have a row and a column for each of the {len(classes)} `classes`, "
            f"but has the shape {confusion.shape}"
        )
    if by not in {"rate", "clips"} or limit < 1:
        raise ConfigurationError(
            f"`by` must be `rate` or `clips` and `limit` ≥ 1, but got `{by}` and {limit}"
        )
    wrong = confusion * (1 - np.eye(len(classes), dtype=np.int64))
    truth, prediction = np.nonzero(wrong)
    clips = wrong[truth, prediction]
    rates = clips / confusion.sum(axis=1)[truth]
    first, second = (rates, clips) if by == "rate" else (clips, rates)
    worst = np.lexsort((-second, -first))[:limit]
    return tuple(
        ConfusedPair(
            classes[truth[pair]], classes[prediction[pair]], int(clips[pair]), float(rates[pair])
        )
        for pair in worst
    )
