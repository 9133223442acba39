"""What is queued, in which order, and what a trial draws: by hashes, the same every time."""

import numpy as np
import pytest

from pipelines.publishing.outbox import (
    Place,
    Question,
    arrange,
    draw,
    mix_gold,
    order_round,
    task_rows,
)

CLIPS = [f"demo/{number:03d}" for number in range(400)]
RANKED = [Question(clip, (at * 37 % 101) / 101) for at, clip in enumerate(CLIPS[:100])]


def test_the_active_arm_comes_by_falling_utility() -> None:
    """Whatever lies among them, the more useful of two ranked clips is met first."""
    utility = {item.clip_id: item.utility for item in RANKED}
    order = order_round("p", [*RANKED, *map(Question, CLIPS[100:200])], CLIPS[200:220])
    met = [utility[clip] for clip in order if clip in utility]
    assert met == sorted(met, reverse=True)
    assert sorted(order) == CLIPS[:220]


def test_equally_useful_clips_come_by_name() -> None:
    """The order does not follow that of the asks."""
    equal = [Question(clip, 0.5) for clip in CLIPS[:5]]
    assert order_round("p", reversed(equal)) == CLIPS[:5]


def test_the_others_lie_evenly_among_them() -> None:
    """Where somebody stops says nothing about the arm: all places are equally likely."""
    order = order_round("p", [*RANKED, *map(Question, CLIPS[100:300])], CLIPS[300:])
    for others in (CLIPS[100:300], CLIPS[300:]):
        places = np.sort([order.index(clip) for clip in others]) / len(order)
        even = (np.arange(len(others)) + 0.5) / len(others)
        # Kolmogorov's bound at 1 %.
        assert np.abs(places - even).max() < 1.63 / np.sqrt(len(others))


def test_projects_draw_differently() -> None:
    """Another project has another order, the same one always the same."""
    seeds = [Question(clip) for clip in CLIPS]
    assert order_round("p", seeds) == order_round("p", reversed(seeds))
    assert order_round("p", seeds) != order_round("q", seeds)


def test_older_rounds_come_first_and_a_clip_once() -> None:
    """A clip that two rounds ask about has its place in the first."""
    rounds = {
        "r0": [Question("a", 0.1), Question("b", 0.2)],
        "r1": [Question("a", 0.9), Question("c", 0.3), Question("c")],
    }
    assert arrange("p", rounds, {}) == [Place("b", "r0"), Place("a", "r0"), Place("c", "r1")]


def test_gold_keeps_its_round() -> None:
    """Gold lies among the tasks of its round, unless a round asks about it after all."""
    rounds = {"r0": [Question("a", 0.1)], "r1": [Question("b", 0.2)]}
    queue = arrange("p", rounds, {"r0": ["g"], "r1": ["a", "h"]})
    assert sorted(queue, key=lambda place: place.clip_id) == [
        Place("a", "r0"),
        Place("b", "r1"),
        Place("g", "r0", is_gold=True),
        Place("h", "r1", is_gold=True),
    ]


@pytest.mark.parametrize(
    ("fresh", "share", "counts"),
    [
        ({"r": 95}, 0.05, [5]),
        ({"r": 90, "s": 90}, 0.1, [10, 10]),
        ({"r": 100, "s": 100}, 0.5, [40, 0]),
        ({"r": 100}, 0.0, [0]),
        ({"r": 0, "s": 10}, 0.2, [0, 2]),
    ],
    ids=["a share", "of each round", "until it runs out", "none", "only of new tasks"],
)
def test_gold_is_a_share_of_a_round(fresh: dict[str, int], share: float, counts: list[int]) -> None:
    """The share is one of all tasks, gold included, while there is gold that nobody has met."""
    mixed = mix_gold("p", fresh, CLIPS[:40], share=share)
    assert [len(mixed[round_id]) for round_id in fresh] == counts
    drawn = [clip for clips in mixed.values() for clip in clips]
    assert len(set(drawn)) == len(drawn)


def test_a_trial_shows_a_share_of_what_is_predicted() -> None:
    """About the share wanted is shown; clips without a prediction take no part."""
    queue = [Place(clip, "r") for clip in CLIPS]
    predicted = dict.fromkeys(CLIPS[:300], ("m", "joy"))
    rows = task_rows("p", queue, first=7, predicted=predicted, shown_share=0.3)
    shown = [row for row in rows if row["is_shown"]]
    assert 60 <= len(shown) <= 120
    assert all(row["predicted"] == "joy" for row in rows[:300])
    assert not any(row["predicted"] or row["is_shown"] for row in rows[300:])
    assert [row["place"] for row in rows] == list(range(7, 407))


def test_without_a_trial_no_prediction_is_kept() -> None:
    """Nothing is said about a model that nobody is tried on."""
    rows = task_rows("p", [Place("a", "r")], first=0, predicted={"a": ("m", "joy")}, shown_share=0)
    assert (rows[0]["model_id"], rows[0]["predicted"], rows[0]["is_shown"]) == (None, None, False)


def test_draws_are_even_and_independent() -> None:
    """What one purpose drew says nothing about another."""
    first = np.array([draw("p", clip, "place") for clip in CLIPS])
    second = np.array([draw("p", clip, "shown") for clip in CLIPS])
    assert np.abs(np.sort(first) - (np.arange(400) + 0.5) / 400).max() < 1.63 / 20
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.13
