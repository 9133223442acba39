"""What a model says of labels it never saw: the records and their table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotation.columns import FloatArray, IntArray

SUSPECT_SCHEMA: Final = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("given", pa.string(), nullable=False),
        pa.field("likely", pa.string(), nullable=False),
        pa.field("given_probability", pa.float64(), nullable=False),
        pa.field("likely_probability", pa.float64(), nullable=False),
        pa.field("threshold", pa.float64(), nullable=False),
        pa.field("margin", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class SuspectedLabel:
    """A label that is probably wrong, and the evidence.

    Attributes:
        clip_id: The clip.
        given: Its label.
        likely: The class it is probably of.
        given_probability: The model's probability of the label (self-confidence).
        likely_probability: The model's probability of the likely class.
        threshold: The model's mean probability of the likely class on clips that bear it.
        margin: `given_probability` minus that of the likeliest other class, in [−1, 1].
    """

    clip_id: str
    given: str
    likely: str
    given_probability: float
    likely_probability: float
    threshold: float
    margin: float

    def sentence(self) -> str:
        """Say the evidence in words."""
        return (
            f"labelled {self.given}, which the model gives {self.given_probability:.2f}; "
            f"{self.likely} gets {self.likely_probability:.2f}, where clips labelled "
            f"{self.likely} get {self.threshold:.2f} on average"
        )


@dataclass(frozen=True, slots=True, eq=False)
class LabelErrors:
    """What a model says of the labels of N clips.

    Attributes:
        clips: N clip ids, as given.
        classes: C class names.
        given: Index of each clip's label, (N,) int64; −1 without one.
        posterior: The model's, (N, C).
        thresholds: Mean self-confidence per class, (C,); NaN for a class without clips.
        confident_joint: How many clips of the row's label the model confidently counts to the
            column's class, (C, C) int64.
        joint: Estimated joint distribution of given and true class, (C, C), summing to 1; NaN
            without labels.
        noise_rate: Estimated share of wrong labels: `joint` off its diagonal.
        likely: Class each suspected clip is probably of, (N,) int64; −1 where not suspected.
        margin: Probability of the label minus that of the likeliest other class, (N,); NaN
            without label.
        ranking: Positions of the suspected labels, the least credible first, (S,) int64.
    """

    clips: tuple[str, ...]
    classes: tuple[str, ...]
    given: IntArray
    posterior: FloatArray
    thresholds: FloatArray
    confident_joint: IntArray
    joint: FloatArray
    noise_rate: float
    likely: IntArray
    margin: FloatArray
    ranking: IntArray

    @property
    def is_suspected(self) -> npt.NDArray[np.bool_]:
        """Return whether each label is suspected, (N,)."""
        suspected = np.zeros(len(self.clips), np.bool_)
        suspected[self.ranking] = True
        return suspected

    def suspects(self, limit: int | None = None) -> tuple[SuspectedLabel, ...]:
        """Return the suspected labels with their evidence, the least credible first."""
        return tuple(
            SuspectedLabel(
                clip_id=self.clips[at],
                given=self.classes[self.given[at]],
                likely=self.classes[self.likely[at]],
                given_probability=float(self.posterior[at, self.given[at]]),
                likely_probability=float(self.posterior[at, self.likely[at]]),
                threshold=float(self.thresholds[self.likely[at]]),
                margin=float(self.margin[at]),
            )
            for at in self.ranking[:limit]
        )

    def to_table(self) -> pa.Table:
        """Return the suspected labels, `SUSPECT_SCHEMA`, the least credible first."""
        rows = [
            {name: getattr(found, name) for name in SUSPECT_SCHEMA.names}
            for found in self.suspects()
        ]
        return pa.Table.from_pylist(rows, schema=SUSPECT_SCHEMA)
