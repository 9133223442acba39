"""Model report: one page on how a model learned and what it confuses."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.abstaining.doubt import gather_doubt
from pipelines.clipset import INTENDED
from pipelines.judged_ratings import RATING_METRICS
from pipelines.models import find_model, require_model
from pipelines.progress import Progress
from pipelines.report.content import Provenance, confusion_rows
from pipelines.report.model.content import (
    EvaluationView,
    ModelContent,
    RatingView,
    TrainingHistory,
)
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.tracking import flatten
from pipelines.workspace import open_store
from ser.corpora.synthetic import INFO as SYNTHETIC
from warehouse import Warehouse, queries


@dataclass(frozen=True)
class ModelReportResult:
    """A written page.

    Args:
        path: The HTML file.
        model_id: The model it is about.
        evaluations: Evaluations it shows.
    """

    path: str
    model_id: str
    evaluations: int

    def rows(self) -> Sequence[Row]:
        """Return one row."""
        return [{"report": self.path, "model_id": self.model_id, "evaluations": self.evaluations}]


def model_report(settings: Settings, progress: Progress, *, model_id: str) -> ModelReportResult:
    """Write the self-contained HTML page of a model: training curves and confusion matrices.

    Args:
        settings: Where the warehouse is and where reports go.
        progress: Where progress is shown.
        model_id: The model.

    Returns:
        Where the page is.

    Raises:
        PipelineError: If the model is unknown.
    """
    from pipelines.report.model.render import render_model  # noqa: PLC0415
    from pipelines.report.page import put_page  # noqa: PLC0415 - these load matplotlib

    with open_store(settings) as store, progress.track("write report", 2, "steps") as advance:
        content = gather_model(store, model_id)
        advance()
        path = put_page(render_model(content), settings.reports / f"{model_id}.html")
        advance()
    return ModelReportResult(str(path), model_id, len(content.evaluations))


def is_model(settings: Settings, name: str) -> bool:
    """Return whether a model has this id."""
    with open_store(settings) as store:
        return find_model(store, name) is not None


def gather_model(store: Warehouse, model_id: str) -> ModelContent:
    """Read everything that the page of a model shows.

    Args:
        store: The warehouse.
        model_id: The model.

    Raises:
        PipelineError: If the model is unknown.
    """
    model = require_model(store, model_id)
    corpus = model["config"]["corpus"]
    pretraining = model["config"].get("pretraining", {"heard": {"clips": 0, "corpus": ""}})
    heard = model["config"].get("unlabelled", pretraining["heard"])
    titles = {row["corpus"]: row["title"] for row in queries.select_corpora(store).to_pylist()}
    evaluations = [
        row for row in queries.select_evaluations(store).to_pylist() if row["model_id"] == model_id
    ]
    return ModelContent(
        generated_from=Provenance(
            snapshot=model["snapshot"],
            model_id=model_id,
            config_sha256=model["config_sha256"],
            seed=model["seed"],
            code_version=model["code_version"],
        ),
        corpus_title=titles.get(corpus, corpus),
        is_synthetic=corpus == SYNTHETIC.name,
        labels=model["labels"],
        taxonomy=model["taxonomy"],
        train_clips=model["train_clips"],
        test_speakers=len(model["config"]["test_speakers"]),
        history=_read_history(json.loads(model["metrics"]), model["config"]),
        evaluations=tuple(_view(store, row, titles) for row in _newest(evaluations)),
        parameters=tuple(_parameters(model["config"])),
        doubt=gather_doubt(store, model),
        unlabelled_clips=heard["clips"],
        unlabelled_title=titles.get(heard["corpus"], heard["corpus"]),
    )


def _read_history(metrics: Mapping[str, Any], config: Mapping[str, Any]) -> TrainingHistory | None:
    history = metrics.get("history")
    if history is None:
        return None
    return TrainingHistory(
        loss=tuple(history["loss"]),
        dev_uar=tuple(history["dev_uar"]),
        best_epoch=metrics["best_epoch"],
        dev_ccc=tuple(history.get("dev_ccc", ())),
        is_solved=config.get("solver") == "ridge",
    )


def _newest(evaluations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the evaluations that can be drawn, the newest of each kind, in order.

    Judged once more after people went on rating, a model has another evaluation of that kind.
    """
    newest: dict[object, Mapping[str, Any]] = {}
    for row in sorted(evaluations, key=lambda row: row["snapshot"] or 0):
        # Rows from before confusion matrices were recorded have nothing to draw; ratings alone
        # have neither matrix nor UAR.
        if row["confusion"] or math.isnan(row["uar"]):
            newest[row["corpus"], row["part"], row["truth"]] = row
    return sorted(newest.values(), key=_order)


def _order(row: Mapping[str, Any]) -> tuple[object, ...]:
    """Sort the test speakers of the model's own corpus by its design's labels first."""
    own = row["corpus"] is None
    return (not own, row["part"] != "test", row["truth"] != INTENDED, row["evaluation_id"])


def _view(store: Warehouse, row: Mapping[str, Any], titles: Mapping[str, str]) -> EvaluationView:
    where = "" if row["corpus"] is None else f" of {titles.get(row['corpus'], row['corpus'])}"
    classes = tuple(row["classes"])
    by = "intended labels" if row["truth"] in {INTENDED, None} else f"labels of {row['truth']}"
    return EvaluationView(
        title=f"the {row['part']} speakers{where}, by {by if classes else 'ratings'}",
        clips=row["clips"],
        speakers=len(row["speakers"]),
        uar=row["uar"],
        uar_low=row["uar_low"],
        uar_high=row["uar_high"],
        war=row["war"],
        classes=classes,
        confusion=confusion_rows(row["confusion"], len(classes)) if classes else (),
        ratings=_rating_views(store, row["evaluation_id"]),
    )


def _rating_views(store: Warehouse, evaluation_id: str) -> tuple[RatingView, ...]:
    figures = {
        row["metric"]: row
        for row in queries.select_metrics(store, evaluation_id=evaluation_id).to_pylist()
        if row["metric"].partition("/")[0] in RATING_METRICS
    }
    dimensions = sorted({metric.partition("/")[2] for metric in figures})
    return tuple(
        RatingView(
            dimension=name,
            clips=figures[f"ccc/{name}"]["clips"],
            ccc_low=figures[f"ccc/{name}"]["low"],
            ccc_high=figures[f"ccc/{name}"]["high"],
            **{metric: figures[f"{metric}/{name}"]["value"] for metric in RATING_METRICS},
        )
        for name in dimensions
    )


def _parameters(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    sections = {name: config[name] for name in ("features", "network", "training")}
    return sorted(flatten(sections).items())
