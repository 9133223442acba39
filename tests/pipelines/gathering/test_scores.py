"""Scores of classes and groups are those the evaluation recorded."""

from pipelines.gathering.scores import read_scores
from warehouse import Warehouse
from warehouse.testing import make_rows

CONFUSION = ((3, 1), (2, 4))


def record(store: Warehouse, *rows: tuple[str, str, str, float]) -> None:
    """Store metrics of the evaluation `m1/test`: metric, grouping, group, value."""
    metrics, names, values, figures = zip(*rows, strict=True)
    store.commit(
        {
            "metrics": make_rows(
                "metrics",
                evaluation_id=["m1/test"] * len(rows),
                metric=metrics,
                group_name=names,
                group_value=values,
                value=figures,
                low=[value - 0.1 for value in figures],
                high=[value + 0.1 for value in figures],
                clips=[10] * len(rows),
                speakers=[2] * len(rows),
            )
        },
        message="metrics",
    )


def test_classes_and_groups_have_intervals(store: Warehouse) -> None:
    """Clips of a class are counted by the truth, and a group shows its UAR alone."""
    record(
        store,
        ("recall/anger", "all", "all", 0.75),
        ("precision/anger", "all", "all", 0.6),
        ("recall/fear", "all", "all", 0.66),
        ("precision/fear", "all", "all", 0.8),
        ("uar", "gender", "female", 0.5),
        ("war", "gender", "female", 0.4),
        ("uar", "gender", "male", 0.7),
    )
    classes, groups = read_scores(store, "m1/test", ("anger", "fear"), CONFUSION)
    assert [(of.name, of.recall, of.precision, of.clips) for of in classes] == [
        ("anger", 0.75, 0.6, 4),
        ("fear", 0.66, 0.8, 6),
    ]
    assert (classes[0].low, classes[0].high) == (0.65, 0.85)
    assert [(of.grouped_by, of.group, of.uar) for of in groups] == [
        ("gender", "female", 0.5),
        ("gender", "male", 0.7),
    ]


def test_an_older_evaluation_has_no_scores(store: Warehouse) -> None:
    """Without a recall per class the page falls back to the counts."""
    assert read_scores(store, "m1/test", ("anger", "fear"), CONFUSION) == ((), ())
