"""What an evaluation found, as rows, sentences and a document."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipelines.judged import JudgedPart
from pipelines.judgement import ALL, CALIBRATION, SCALED, Figure, Judgement, Scaling, without_nan
from pipelines.runner import Row

SOFT = ("kl_divergence", "js_distance", "soft_accuracy", "entropy_correlation")


@dataclass(frozen=True)
class EvaluateResult:
    """How well a model does on clips it did not learn from.

    Args:
        model_id: The model.
        truth: `intended`, or the consensus run it was judged by.
        part: `test`, or `dev`.
        corpus: The corpus; None for the one it learned from.
        snapshot: The snapshot the truth was read from.
        taxonomy: Class list it was judged in, the model's.
        mapping: Mapping that the truth came to it by; None for labels given in it.
        clips: Clips with a decided label.
        dropped: Clips of these speakers left out because the mapping drops their label.
        speakers: Their speakers, sorted.
        classes: C names.
        judgement: Every metric, the confusion matrix and what it shows.
        scaling: What was done about calibration.
    """

    model_id: str
    truth: str
    part: JudgedPart
    corpus: str | None
    snapshot: int
    taxonomy: str
    mapping: str | None
    clips: int
    dropped: int
    speakers: tuple[str, ...]
    classes: tuple[str, ...]
    judgement: Judgement
    scaling: Scaling

    @property
    def evaluation_id(self) -> str:
        """The name of this judgement: one model by one truth on one part of one corpus."""
        where = "" if self.corpus is None else f"/{self.corpus}"
        return f"{self.model_id}/{self.part}/{self.truth}{where}"

    def figure(self, metric: str) -> Figure:
        """Return a metric of all clips."""
        return next(
            figure
            for figure in self.judgement.figures
            if (figure.metric, figure.group_name) == (metric, ALL)
        )

    def rows(self) -> Sequence[Row]:
        """Return one row per model."""
        uar = self.figure("uar")
        return [
            {
                "model_id": self.model_id,
                "truth": self.truth,
                "corpus": self.corpus,
                "part": self.part,
                "taxonomy": self.taxonomy,
                "mapping": self.mapping,
                "clips": self.clips,
                "dropped": self.dropped,
                "speakers": len(self.speakers),
                "uar": uar.value,
                "uar_low": uar.low,
                "uar_high": uar.high,
                "war": self.figure("war").value,
                "macro_f1": self.figure("macro_f1").value,
            }
        ]

    def confusion_rows(self) -> Sequence[Row]:
        """Return the confusion matrix, one row per true class."""
        counts = np.array(self.judgement.confusion).reshape(len(self.classes), -1)
        return [
            {"truth": name, **dict(zip(self.classes, map(int, row), strict=True))}
            for name, row in zip(self.classes, counts, strict=True)
        ]

    def class_rows(self) -> Sequence[Row]:
        """Return recall with its interval, precision and F1, one row per class."""
        return [
            {
                "class": name,
                "recall": recall.value,
                "recall_low": recall.low,
                "recall_high": recall.high,
                "precision": self.figure(f"precision/{name}").value,
                "f1": self.figure(f"f1/{name}").value,
            }
            for name in self.classes
            for recall in [self.figure(f"recall/{name}")]
        ]

    def group_rows(self) -> Sequence[Row]:
        """Return the UAR with its interval, one row per group that is large enough."""
        return [
            {
                "grouped_by": uar.group_name,
                "group": uar.group_value,
                "clips": uar.clips,
                "speakers": uar.speakers,
                "uar": uar.value,
                "uar_low": uar.low,
                "uar_high": uar.high,
            }
            for uar in self.judgement.figures
            if uar.metric == "uar" and uar.group_name != ALL
        ]

    def sentences(self) -> list[str]:
        """Say what is confused, how far probabilities can be trusted, and who fares worst."""
        pairs = ", ".join(
            f"{pair.truth} taken for {pair.prediction} ({pair.rate:.0%}, {pair.clips} clips)"
            for pair in self.judgement.confused
        )
        plain = ", ".join(_told(self.figure(name)) for name in CALIBRATION)
        said = [
            f"most confused: {pairs or 'nothing'}",
            f"calibration: {plain}; {self.scaling.reason}",
        ]
        if self.scaling.temperature is not None:
            scaled = ", ".join(_told(self.figure(f"{name}{SCALED}")) for name in CALIBRATION)
            said.append(f"calibration scaled: {scaled}")
        soft = [figure for figure in self.judgement.figures if figure.metric == SOFT[0]]
        if soft:
            told = ", ".join(_told(self.figure(name)) for name in SOFT)
            said.append(f"against the distribution of answers ({soft[0].clips} clips): {told}")
        worst = self.judgement.worst
        if worst is not None:
            said.append(
                f"worst group: {worst.group_name} {worst.group_value}, {_told(worst)}, "
                f"{worst.speakers} speakers, {worst.clips} clips"
            )
        return said

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        judgement, temperature = self.judgement, self.scaling.temperature
        return {
            **without_nan(self.rows()[0]),
            "evaluation_id": self.evaluation_id,
            "metrics": [figure.document() for figure in judgement.figures],
            "classes": list(self.classes),
            "confusion": np.array(judgement.confusion).reshape(len(self.classes), -1).tolist(),
            "most_confused": [asdict(pair) for pair in judgement.confused],
            "temperature": None if temperature is None else asdict(temperature),
            "scaling": self.scaling.reason,
            "worst_group": None if judgement.worst is None else judgement.worst.document(),
        }


def _told(figure: Figure) -> str:
    name = figure.metric.removesuffix(SCALED).replace("_", " ")
    name = name.upper() if name in {"uar", "nll", "ece"} else name.replace("brier", "Brier")
    return f"{name} {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
