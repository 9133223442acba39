"""What an evaluation found, as rows, sentences and a document."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from pipelines.errors import PipelineError
from pipelines.judged import JudgedPart
from pipelines.judged_ratings import RATING_METRICS, RatedClips, say_unrated
from pipelines.judged_words import say_misread
from pipelines.judgement import ALL, CALIBRATION, SCALED, Figure, Judgement, Scaling, without_nan
from pipelines.runner import Row

CAPITALS = {"uar", "nll", "ece", "ccc", "rmse", "mae"}
SURNAMES = {"brier", "pearson"}
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
        taxonomy: Class list it was judged in, the model's; None for ratings alone.
        mapping: Mapping that the truth came to it by; None for labels given in it.
        clips: Clips with a decided label; with ratings alone, clips that people rated.
        dropped: Clips of these speakers left out because the mapping drops their label.
        speakers: Their speakers, sorted.
        classes: C names; none with ratings alone.
        judgement: Every metric, the confusion matrix and what it shows.
        scaling: What was done about calibration.
        rated: The clips with people's mean ratings on the dimensions it rates, if it rates any.
    """

    model_id: str
    truth: str
    part: JudgedPart
    corpus: str | None
    snapshot: int
    taxonomy: str | None
    mapping: str | None
    clips: int
    dropped: int
    speakers: tuple[str, ...]
    classes: tuple[str, ...]
    judgement: Judgement
    scaling: Scaling
    rated: RatedClips

    @property
    def evaluation_id(self) -> str:
        """The name of this judgement: one model by one truth on one part of one corpus.

        Where ratings are a part of the truth, so is what they are, for people go on rating.
        """
        where = "" if self.corpus is None else f"/{self.corpus}"
        by = f"/{self.rated.name}" if self.rated.is_rated.any() else ""
        return f"{self.model_id}/{self.part}/{self.truth}{where}{by}"

    def figure(self, metric: str) -> Figure:
        """Return a metric of all clips.

        Raises:
            PipelineError: If it was not judged by it, as a model of ratings alone is by no UAR.
        """
        figures = self._of_all()
        if metric not in figures:
            listed = ", ".join(f"`{name}`" for name in figures)
            raise PipelineError(
                f"`{self.model_id}` was not judged by `{metric}`, but by {listed}; a model that "
                "predicts ratings alone (`training.classes` is false) has no figures of classes"
            )
        return figures[metric]

    def rows(self) -> Sequence[Row]:
        """Return one row per model; what it was not judged by is None."""
        figures = self._of_all()
        values = {
            name: figures[name].value for name in ("uar", "war", "macro_f1") if name in figures
        }
        uar = figures.get("uar")
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
                "uar": values.get("uar"),
                "uar_low": None if uar is None else uar.low,
                "uar_high": None if uar is None else uar.high,
                "war": values.get("war"),
                "macro_f1": values.get("macro_f1"),
                **({"ccc": self._mean_ccc()} if self.rated.dimensions else {}),
            }
        ]

    def confusion_rows(self) -> Sequence[Row]:
        """Return the confusion matrix, one row per true class."""
        counts = np.array(self.judgement.confusion).reshape(len(self.classes), len(self.classes))
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

    def rating_rows(self) -> Sequence[Row]:
        """Return CCC with its interval, Pearson's r, RMSE and MAE, one row per rated dimension."""
        return [
            {
                "rating": name,
                "clips": ccc.clips,
                "speakers": ccc.speakers,
                "ccc": ccc.value,
                "ccc_low": ccc.low,
                "ccc_high": ccc.high,
                **{metric: figures[f"{metric}/{name}"].value for metric in RATING_METRICS[1:]},
            }
            for figures in [self._of_all()]
            for name in self.rated.dimensions
            for ccc in [figures.get(f"ccc/{name}")]
            if ccc is not None
        ]

    def sentences(self) -> list[str]:
        """Say what is confused, how far probabilities can be trusted, and who fares worst."""
        return [*(self._class_sentences() if self.classes else ()), *self._rating_sentences()]

    def _class_sentences(self) -> list[str]:
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
        return [*said, *say_misread(self._of_all())]

    def _rating_sentences(self) -> list[str]:
        said = []
        for row in self.rating_rows():
            metrics = [self.figure(f"{name}/{row['rating']}") for name in RATING_METRICS]
            told = ", ".join(
                _told(replace(of, metric=of.metric.partition("/")[0])) for of in metrics
            )
            said.append(
                f"{row['rating']} against people's mean ratings by `{self.rated.modality}` "
                f"({row['clips']} clips): {told}"
            )
        missing = say_unrated(self.rated)
        return [*said, f"not judged: {missing}"] if missing else said

    def _mean_ccc(self) -> float | None:
        values = [
            figure.value for name, figure in self._of_all().items() if name.startswith("ccc/")
        ]
        return float(np.mean(values)) if values else None

    def _of_all(self) -> dict[str, Figure]:
        return {of.metric: of for of in self.judgement.figures if of.group_name == ALL}

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        judgement, temperature = self.judgement, self.scaling.temperature
        return {
            **without_nan(self.rows()[0]),
            "evaluation_id": self.evaluation_id,
            "metrics": [figure.document() for figure in judgement.figures],
            "classes": list(self.classes),
            "ratings": list(self.rated.dimensions),
            "confusion": np.array(judgement.confusion)
            .reshape(len(self.classes), len(self.classes))
            .tolist(),
            "most_confused": [asdict(pair) for pair in judgement.confused],
            "temperature": None if temperature is None else asdict(temperature),
            "scaling": self.scaling.reason,
            "worst_group": None if judgement.worst is None else judgement.worst.document(),
        }


def _told(figure: Figure) -> str:
    name = figure.metric.removesuffix(SCALED).replace("_", " ")
    if name in CAPITALS:
        name = name.upper()
    elif name in SURNAMES:
        name = name.capitalize()
    return f"{name} {figure.value:.3f} [{figure.low:.3f}, {figure.high:.3f}]"
