"""How real people confuse emotions in speech, for any list of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from annotation.columns import FloatArray
from annotation.errors import AnnotationError

CREMA_D_CLASSES: Final = ("anger", "disgust", "fear", "happiness", "neutral", "sadness")
"""Class order of both axes of `CREMA_D_VOICE_CONFUSION`."""

CREMA_D_VOICE_CONFUSION: Final = (
    (0.7078, 0.1956, 0.0316, 0.0102, 0.0506, 0.0041),
    (0.1931, 0.3578, 0.0622, 0.0296, 0.3088, 0.0485),
    (0.0530, 0.0616, 0.5653, 0.0453, 0.2032, 0.0715),
    (0.0359, 0.0452, 0.0556, 0.5063, 0.3374, 0.0196),
    (0.0284, 0.0625, 0.0512, 0.0326, 0.7603, 0.0651),
    (0.0137, 0.0676, 0.1444, 0.0081, 0.4159, 0.3503),
)
"""P(vote | what the clip sounds like) of one listener, rows = truth; mean of the diagonal 0.541.

Source: the 68,568 voice-only votes on all 7,442 clips of CREMA-D (`tabulatedVotes.csv`, rows
1xxxxx; Cao et al. 2014, IEEE Trans. Affective Computing 5(4), 377-390; ODbL 1.0), pooled as one
observer with repeated responses and estimated with `DawidSkene()`; a test derives it again.

Three candidates were measured. P(vote | intended), mean diagonal 0.407, mixes the listener's
errors with the actor's: more than half the clips do not sound like what was intended.
P(vote | majority of the other votes), 0.530, charges the listener with the errors of a majority
of about eight votes, a tenth of which tie. The Dawid-Skene matrix, 0.541, uses all votes of a
clip as its reference; its classes equal the intended emotion in 52.0 % of clips where the
majority's do in 41.6 %, and it agrees with the second within 0.13 in every cell.
"""


def confusion_for(classes: Sequence[str]) -> FloatArray:
    """Return P(vote | truth) of an average listener who chooses among these classes.

    Rule, in order:

    1. Classes CREMA-D knows keep its probabilities; answers not on offer are left out and the
       row is scaled to 1 again (fewer choices, fewer errors).
    2. A class CREMA-D lacks (calm, surprise, boredom) gets the mean diagonal of step 1, or of the
       whole matrix if no class is known, and its errors are spread evenly over the others.
    3. So that new classes are also chosen by mistake, each receives the row's error divided by
       C − 1, and the known errors of the row shrink by what they gave; the diagonal stays.

    Args:
        classes: C distinct class names; a name is known when it is in `CREMA_D_CLASSES`.

    Returns:
        (C, C) float64, rows = truth, rows sum to 1.

    Raises:
        AnnotationError: No class is given, or one is given twice.

    Example:
        >>> confusion_for(["neutral", "calm", "anger"]).round(2).tolist()
        [[0.96, 0.02, 0.02], [0.03, 0.95, 0.03], [0.03, 0.03, 0.93]]
    """
    if not classes or len(set(classes)) != len(classes):
        msg = f"`classes` must be distinct and at least one, but got {list(classes)}"
        raise AnnotationError(msg)
    base = np.array(CREMA_D_VOICE_CONFUSION)
    known = [index for index, name in enumerate(classes) if name in CREMA_D_CLASSES]
    source = [CREMA_D_CLASSES.index(classes[index]) for index in known]
    kept = base[np.ix_(source, source)]
    kept /= kept.sum(axis=1, keepdims=True)
    accuracy = np.diag(kept).mean() if known else np.diag(base).mean() / base.sum(axis=1).mean()
    return _extend(kept, known, size=len(classes), accuracy=float(accuracy))


def _extend(kept: FloatArray, known: list[int], *, size: int, accuracy: float) -> FloatArray:
    """Place the known rows in a matrix of `size` classes and fill in the new ones."""
    if size == 1:
        return np.ones((1, 1))
    matrix = np.full((size, size), (1 - accuracy) / (size - 1))
    np.fill_diagonal(matrix, accuracy)
    right = np.diag(kept)
    for row, index in enumerate(known):
        matrix[index] = (1 - right[row]) / (size - 1)
        matrix[index, known] = kept[row] * (len(known) - 1) / (size - 1)
        matrix[index, index] = right[row]
    return matrix
