"""What a model is worth on each class and each group, as its evaluation recorded it."""

from typing import Any

from pipelines.judgement import ALL
from pipelines.report.content import ConfusionRows
from pipelines.report.scores import ClassScore, GroupScore
from warehouse import Warehouse, queries


def read_scores(
    store: Warehouse, evaluation_id: str, classes: tuple[str, ...], confusion: ConfusionRows
) -> tuple[tuple[ClassScore, ...], tuple[GroupScore, ...]]:
    """Return the scores of one evaluation.

    Args:
        store: The warehouse.
        evaluation_id: The evaluation.
        classes: C class names.
        confusion: (C, C) counts, rows = truth.

    Returns:
        One score per class in order, none where an older version recorded none; and one per
        group, by name.
    """
    rows = queries.select_metrics(store, evaluation_id=evaluation_id).to_pylist()
    of_all = {row["metric"]: row for row in rows if row["group_name"] == ALL}
    if any(f"recall/{name}" not in of_all for name in classes):
        return (), ()
    by_class = tuple(
        _class_score(name, of_all, sum(counts))
        for name, counts in zip(classes, confusion, strict=True)
    )
    by_group = tuple(
        GroupScore(
            grouped_by=row["group_name"],
            group=row["group_value"],
            uar=row["value"],
            low=row["low"],
            high=row["high"],
            clips=row["clips"],
            speakers=row["speakers"],
        )
        for row in rows
        if row["group_name"] != ALL and row["metric"] == "uar"
    )
    return by_class, by_group


def _class_score(name: str, figures: dict[str, dict[str, Any]], clips: int) -> ClassScore:
    recall = figures[f"recall/{name}"]
    return ClassScore(
        name=name,
        recall=recall["value"],
        low=recall["low"],
        high=recall["high"],
        precision=figures[f"precision/{name}"]["value"],
        clips=clips,
    )
