"""The two arms of a round."""

import numpy as np
import pytest
from scipy import stats

from annotation.errors import SamplingError
from annotation.sampling import select_round


def ids_of(size: int) -> list[str]:
    """Return distinct clip ids."""
    return [f"clip-{index:03d}" for index in range(size)]


def test_active_arm_takes_the_top() -> None:
    """Without a random arm the highest utilities are chosen, best first."""
    rng = np.random.default_rng(0)
    chosen = select_round(list("abcde"), [1, 5, 3, 4, 2], budget=3, random_share=0, rng=rng)
    assert chosen.active == ("b", "d", "c")
    assert chosen.random == ()


def test_a_clip_of_both_arms_is_one_task() -> None:
    """Overlap is listed, costs one task, and the next best moves up."""
    utility = np.arange(10.0)
    rng = np.random.default_rng(1)
    chosen = select_round(ids_of(10), utility, budget=8, random_share=0.5, rng=rng)
    assert chosen.overlap
    assert len(chosen.picks) == len(chosen.tasks) + len(chosen.overlap)
    best = ids_of(10)[::-1][: len(chosen.active)]
    assert list(chosen.active) == best


def test_random_arm_is_uniform_over_the_whole_pool() -> None:
    """Every clip, whatever its utility, is in the random arm equally often."""
    rng = np.random.default_rng(0)
    hits = dict.fromkeys(ids_of(10), 0)
    for _ in range(2000):
        chosen = select_round(ids_of(10), np.arange(10.0), budget=6, random_share=0.5, rng=rng)
        for clip in chosen.random:
            hits[clip] += 1
    assert stats.chisquare(list(hits.values())).pvalue > 0.001


def test_ties_are_broken_at_random() -> None:
    """Among equal utilities every clip is chosen about equally often."""
    rng = np.random.default_rng(0)
    hits = dict.fromkeys(ids_of(8), 0)
    for _ in range(2000):
        for clip in select_round(ids_of(8), [1.0] * 8, budget=2, random_share=0, rng=rng).active:
            hits[clip] += 1
    assert stats.chisquare(list(hits.values())).pvalue > 0.001


def test_reasons_follow_their_clips() -> None:
    """The active arm gives the text it was handed, the random arm says it was drawn."""
    rng = np.random.default_rng(0)
    texts = ["why b", "why a", "why c"]
    chosen = select_round(
        ["b", "a", "c"], [3, 2, 1], budget=3, random_share=1 / 3, rng=rng, reasons=texts
    )
    for pick in chosen.picks:
        drawn = pick.arm == "random"
        assert pick.reason == ("drawn at random, 1 of 3" if drawn else f"why {pick.clip_id}")


def test_default_reason_is_the_utility() -> None:
    """Without texts the reason is the number."""
    rng = np.random.default_rng(0)
    (pick,) = select_round(["a"], [0.51234], budget=1, random_share=0, rng=rng).picks
    assert pick.reason == "utility 0.512"


REFUSED = {
    "budget": ({"budget": -1}, "`budget` must be at least 0 clips, but got -1"),
    "share": ({"random_share": 1.5}, r"`random_share` must be within \[0, 1\], but got 1.5"),
    "repeated": ({"clip_ids": ["a", "a"]}, "has `a` more than once"),
    "length": ({"utility": [1.0]}, r"one entry per clip \(2\), but have shape \(1,\)"),
    "reasons": ({"reasons": ["x"]}, "and length 1"),
    "nan": ({"utility": [1.0, np.nan]}, "`utility` of clip `b` must be finite, but is nan"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_rounds_are_refused(change: dict[str, object], message: str) -> None:
    """What does not describe a round is refused with the offender."""
    plain = {"clip_ids": ["a", "b"], "utility": [1.0, 2.0], "budget": 1, "random_share": 0.0}
    given = plain | change
    clips, utility = given.pop("clip_ids"), given.pop("utility")
    with pytest.raises(SamplingError, match=message):
        select_round(clips, utility, rng=np.random.default_rng(0), **given)
