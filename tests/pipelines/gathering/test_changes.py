"""Labels that flipped are told; new ones and lost ones did not flip."""

from pipelines.gathering.changes import count_votes, find_flips, read_arm_labels
from pipelines.report.content import CurvePoint
from warehouse import Warehouse
from warehouse.testing import make_rows

BEFORE = {"a": ("joy", 3), "b": (None, 2), "c": ("anger", 3), "gone": ("joy", 1)}
AFTER = {"a": ("anger", 5), "b": ("joy", 3), "c": ("anger", 4), "new": ("joy", 1)}


def test_a_flip_needs_a_label_both_times() -> None:
    """A tie that was settled counts; a clip labelled in one round alone does not."""
    found = find_flips(BEFORE, AFTER)
    assert [(flip.clip_id, flip.before, flip.after) for flip in found] == [
        ("a", "joy", "anger"),
        ("b", None, "joy"),
    ]
    assert (found[0].votes_before, found[0].votes_after) == (3, 5)


def test_votes_of_both_arms_are_counted_once(store: Warehouse) -> None:
    """Of a clip that both arms learned from the active arm's label and votes count."""
    store.commit(
        {
            "models": make_rows(
                "models",
                model_id=["of-active", "of-random"],
                config=["{}"] * 2,
                labels=["active", "random"],
            ),
            "consensus": make_rows(
                "consensus",
                run_id=["active", "active", "random", "random"],
                clip_id=["a", "b", "b", "c"],
                label=["joy", "joy", "anger", "fear"],
                votes=[1, 2, 5, 4],
            ),
        },
        message="two arms",
    )
    found = read_arm_labels(store, [point("random"), point("active")])
    assert found == {"a": ("joy", 1), "b": ("joy", 2), "c": ("fear", 4)}
    assert count_votes(found) == 7


def point(arm: str) -> CurvePoint:
    """Return a point of the curve for the model of an arm."""
    return CurvePoint(
        round=1,
        arm=arm,
        clips=2,
        votes=3,
        uar=0.5,
        uar_low=0.4,
        uar_high=0.6,
        war=0.5,
        model_id=f"of-{arm}",
    )
