"""Batches meet quotas of groups and limits of listening as far as the pool allows."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.errors import SamplingError
from annotation.sampling.batches import BATCHES, Candidates, k_centre, top
from annotation.sampling.quotas import SECOND_TOLERANCE, Batch, Quota, Shortfall, choose_batch


def make_pool(clips: int, seed: int = 0) -> Candidates:
    """Return a random pool, in which no two clips are of equal utility."""
    rng = np.random.default_rng(seed)
    return Candidates.checked(
        rng.permutation(clips) / max(clips, 1),
        np.full((clips, 2), 0.5),
        rng.normal(size=(clips, 3)),
        known=rng.normal(size=(2, 3)),
    )


def falling(*utility: float) -> Candidates:
    """Return a pool of these utilities."""
    clips = len(utility)
    return Candidates.checked(utility, np.full((clips, 2), 0.5), np.zeros((clips, 1)))


def choose(pool: Candidates, size: int, selector=top, seed: int = 0, **rules) -> Batch:
    """Return a batch."""
    return choose_batch(pool, size, selector, np.random.default_rng(seed), **rules)


@pytest.mark.parametrize("name", BATCHES)
def test_without_rules_it_is_the_choice_of_the_selector(name: str) -> None:
    """Nothing is drawn, copied or put in another order."""
    pool = make_pool(40)
    expected = BATCHES[name](pool, 12, np.random.default_rng(0)).tolist()
    chosen = choose(pool, 12, BATCHES[name])
    assert (chosen.positions.tolist(), chosen.shortfalls, chosen.seconds) == (expected, (), None)


def test_a_quota_comes_before_the_rest() -> None:
    """The rare group first, its best clip; then the best of all."""
    pool = falling(0.9, 0.8, 0.7, 0.6, 0.5)
    speakers = Quota("speaker", ["a", "a", "a", "b", "b"], at_least=1)
    assert choose(pool, 3, quotas=[speakers]).positions.tolist() == [3, 0, 1]


def test_a_clip_counts_for_every_group_it_is_in() -> None:
    """The best of `b` is of `x` as well, so that nothing but the rest is left."""
    pool = falling(0.9, 0.8, 0.7, 0.6)
    quotas = [
        Quota("speaker", ["a", "a", "a", "b"], at_least=1),
        Quota("class", [None, None, "x", "x"], at_least=1),
    ]
    assert choose(pool, 3, quotas=quotas).positions.tolist() == [3, 0, 1]


def test_where_room_is_short_clips_of_several_short_groups_come_first() -> None:
    """Two places are owed to four groups: only one pair of clips serves them all."""
    pool = falling(0.9, 0.8, 0.7, 0.6)
    quotas = [
        Quota("speaker", ["a", "b", "a", "b"], at_least=1),
        Quota("gender", ["f", "f", "m", "m"], at_least=1),
    ]
    chosen = choose(pool, 2, quotas=quotas)
    assert chosen.positions.tolist() == [0, 3]
    assert chosen.shortfalls == ()


def test_what_a_group_lacks_is_reported() -> None:
    """Of two clips that exist, two are had; the third is missing, by number and name."""
    speakers = Quota("speaker", pa.array([7, 7, 9, 9, 9, None]), at_least=3)
    chosen = choose(make_pool(6), 5, quotas=[speakers])
    assert chosen.shortfalls == (Shortfall("speaker", 7, got=2, wanted=3),)


def test_selectors_know_what_quotas_chose() -> None:
    """The furthest from a clip that its speaker brought in is taken next, not its neighbour."""
    places = np.array([[10.0], [10.1], [0.5], [4.0]])
    pool = Candidates.checked(np.zeros(4), np.full((4, 2), 0.5), places, known=[[0.0]])
    speakers = Quota("speaker", ["a", None, None, None], at_least=1)
    assert choose(pool, 2, k_centre, quotas=[speakers]).positions.tolist() == [0, 3]


def test_a_clip_that_takes_too_long_is_passed_over() -> None:
    """And the next that fits is taken, until nothing fits."""
    pool = falling(0.9, 0.8, 0.7, 0.6, 0.5)
    chosen = choose(pool, 4, seconds=6.0, listening_s=[3.0, 4.0, 2.0, 2.0, 1.0])
    assert (chosen.positions.tolist(), chosen.seconds) == ([0, 2, 4], 6.0)


def test_seconds_that_add_up_to_the_limit_fit() -> None:
    """Although ten times 0.1 is not 1 in floating point."""
    chosen = choose(make_pool(20), 20, seconds=1.0, listening_s=np.full(20, 0.1))
    assert len(chosen.positions) == 10


def test_quotas_that_cost_too_much_are_reported() -> None:
    """The only clip of `b` is longer than the limit."""
    speakers = Quota("speaker", ["a", "a", "b"], at_least=1)
    chosen = choose(make_pool(3), 2, quotas=[speakers], seconds=5.0, listening_s=[1.0, 1.0, 9.0])
    assert sorted(chosen.positions) == [0, 1]
    assert chosen.shortfalls == (Shortfall("speaker", "b", got=0, wanted=1),)


GROUP = st.sampled_from(["a", "b", "c", "d", None])


@st.composite
def campaigns(draw):
    """Return a pool and rules that a batch can follow."""
    clips = draw(st.integers(0, 25))
    size = draw(st.integers(0, 12))
    quotas = [
        Quota(name, draw(st.lists(GROUP, min_size=clips, max_size=clips)), draw(st.integers(1, 3)))
        for name in draw(st.sampled_from([(), ("speaker",), ("speaker", "class")]))
    ]
    quotas = [quota for quota in quotas if sum(owed(quota).values()) <= size]
    length = st.floats(0, 10, allow_subnormal=False)
    listening = draw(st.lists(length, min_size=clips, max_size=clips))
    seconds = draw(st.none() | st.floats(0, 60))
    return make_pool(clips), size, {"quotas": quotas, "seconds": seconds, "listening_s": listening}


def owed(quota: Quota) -> dict[str, int]:
    """Return how many clips of each group a batch can and should have."""
    counts = Counter(value for value in quota.values if value is not None)
    return {value: min(count, quota.at_least) for value, count in counts.items()}


@settings(deadline=None, max_examples=150)
@given(campaign=campaigns(), selector=st.sampled_from([top, k_centre]))
def test_every_batch_keeps_the_rules_and_says_where_it_could_not(campaign, selector) -> None:
    """Distinct clips within the seconds; what is missing is what one counts by hand."""
    pool, size, rules = campaign
    chosen = choose(pool, size, selector, **rules)
    positions = chosen.positions.tolist()
    assert len(set(positions)) == len(positions) <= size
    listening = np.array(rules["listening_s"])
    limit = np.inf if rules["seconds"] is None else rules["seconds"]
    assert listening[chosen.positions].sum() <= limit + SECOND_TOLERANCE
    short = []
    for quota in rules["quotas"]:
        got = Counter(quota.values[position] for position in positions)
        short += [
            Shortfall(quota.name, value, got[value], quota.at_least)
            for value in sorted(owed(quota))
            if got[value] < quota.at_least
        ]
    assert list(chosen.shortfalls) == short


@settings(deadline=None)
@given(campaign=campaigns())
def test_a_batch_is_smaller_only_where_nothing_is_left(campaign) -> None:
    """Every clip that stayed behind is longer than what was left."""
    pool, size, rules = campaign
    chosen = choose(pool, size, **rules)
    if len(chosen.positions) < min(size, len(pool)):
        listening = np.array(rules["listening_s"])
        left = rules["seconds"] - listening[chosen.positions].sum()
        assert np.delete(listening, chosen.positions).min() > left


@settings(deadline=None)
@given(campaign=campaigns())
def test_a_lone_quota_is_met_as_far_as_there_are_clips(campaign) -> None:
    """Without a limit of seconds, which could leave the wrong clips."""
    pool, size, rules = campaign
    for quota in rules["quotas"]:
        chosen = choose(pool, size, quotas=[quota])
        got = Counter(quota.values[position] for position in chosen.positions)
        assert all(got[value] >= count for value, count in owed(quota).items())


@settings(deadline=None)
@given(campaign=campaigns(), order=st.randoms(use_true_random=False))
def test_the_order_of_the_pool_does_not_matter(campaign, order) -> None:
    """The same clips are chosen in the same order."""
    pool, size, rules = campaign
    turned = np.array(order.sample(range(len(pool)), len(pool)), np.int64)
    quotas = [
        Quota(quota.name, [quota.values[at] for at in turned], quota.at_least)
        for quota in rules["quotas"]
    ]
    listening = np.array(rules["listening_s"])[turned]
    other = choose(pool.take(turned), size, **{**rules, "quotas": quotas, "listening_s": listening})
    one = choose(pool, size, **rules)
    assert turned[other.positions].tolist() == one.positions.tolist()
    assert other.shortfalls == one.shortfalls


@pytest.mark.parametrize("name", BATCHES)
def test_a_seed_gives_the_same_batch(name: str) -> None:
    """Whatever the selector draws."""
    rules = {
        "quotas": [Quota("class", np.arange(60) % 4, at_least=3)],
        "seconds": 40.0,
        "listening_s": 1.0 + np.arange(60) % 5,
    }
    first, second = (choose(make_pool(60), 20, BATCHES[name], seed=3, **rules) for _ in range(2))
    assert first.positions.tolist() == second.positions.tolist()
    assert first.shortfalls == second.shortfalls


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (
            {"quotas": [Quota("speaker", [1, 2, 3], 1), Quota("class", ["a", "a", "a"], 3)]},
            "of 2 clips, but ask `speaker` for 1 of each of 3 values, 3 clips and `class` for 3",
        ),
        ({"quotas": [Quota("speaker", [1, 2, 3], 0)]}, "`speaker` must be at least 1, but is 0"),
        ({"quotas": [Quota("speaker", [1, 2], 1)]}, r"one entry per clip \(3\), but has 2"),
        ({"quotas": [Quota("speaker", [1, "a", 2], 1)]}, "all text or all integers"),
        ({"quotas": [Quota("x", [1, 1, 1], 1)] * 2}, "distinct names"),
        ({"seconds": 3.0}, "`seconds` is 3.0, but nothing says how long"),
        ({"seconds": np.nan, "listening_s": np.ones(3)}, "`seconds` must be finite"),
        ({"seconds": 1.0, "listening_s": [1.0, np.nan, 1.0]}, "row 1 of `listening_s`"),
        ({"seconds": 1.0, "listening_s": [1.0]}, r"`listening_s` must have one number per clip"),
    ],
)
def test_rules_that_make_no_sense_are_refused(rules, message: str) -> None:
    """With the offender."""
    with pytest.raises(SamplingError, match=message):
        choose(make_pool(3), 2, **rules)
