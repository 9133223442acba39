"""Speakers change sides, so what is one speaker's own is no drift."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from ser.errors import ConfigurationError
from ser.metrics.distances import MeanDistance
from ser.metrics.drift import (
    Bundles,
    Shift,
    bundle_speakers,
    hold_together,
    match_sizes,
    measure_shift,
)
from ser.metrics.paired import adjust_p_values


@dataclass(frozen=True)
class Drawn:
    """Clips of speakers who have voices of their own."""

    values: np.ndarray
    bundles: Bundles
    came: np.ndarray


def draw(rng: np.random.Generator, sizes: list[int], incoming: int, shift: float = 0.0) -> Drawn:
    """Draw figures of clips; the last speakers came in, and are shifted."""
    speakers = np.repeat(np.arange(len(sizes)), sizes)
    came = speakers >= len(sizes) - incoming
    values = rng.normal(size=len(sizes))[speakers] + 0.5 * rng.normal(size=len(speakers))
    names = [f"speaker-{number:02d}" for number in speakers]
    return Drawn(values + shift * came, bundle_speakers(names, came), came)


def p_value(drawn: Drawn, **options: int) -> float:
    """Return the p of one figure."""
    distance = MeanDistance.of_values(drawn.values, drawn.bundles.of_clip)
    return measure_shift(distance, drawn.bundles, **options).p_value


def test_a_speaker_on_both_sides_has_two_bundles() -> None:
    """They know of each other; whoever is on one side has no partner."""
    found = bundle_speakers(["ann", "ben", "ann", "cem", "ben"], [0, 0, 1, 1, 0])
    assert found.of_clip.tolist() == [0, 2, 1, 3, 2]
    assert found.is_incoming.tolist() == [False, True, False, True]
    assert found.partner.tolist() == [1, 0, -1, -1]
    assert found.sizes.tolist() == [1, 1, 2, 1]


@pytest.mark.parametrize("came", [[0, 0], [1, 1], [0, 1, 1]], ids=["none", "all", "uneven"])
def test_both_sides_are_needed(came: list[int]) -> None:
    """Nothing can be compared with nothing; the counts are told."""
    with pytest.raises(ConfigurationError, match=r"2 names for \d clips, \d of them incoming"):
        bundle_speakers(["ann", "ben"], came)


def test_p_is_the_share_of_all_ways_to_choose_who_came_in() -> None:
    """Three of eight speakers: drawn ways agree with all 56."""
    drawn = draw(np.random.default_rng(3), [4, 2, 6, 3, 5, 4, 3, 4], 3, shift=0.8)
    distance = MeanDistance.of_values(drawn.values, drawn.bundles.of_clip)
    ways = np.zeros((56, 8))
    for row, chosen in enumerate(combinations(range(8), 3)):
        ways[row, list(chosen)] = 1
    value = distance.between(drawn.bundles.is_incoming[None].astype(float))[0]
    exact = (distance.between(ways) >= value - 1e-12).mean()
    assert p_value(drawn, permutations=20_000) == pytest.approx(exact, abs=0.01)
    assert drawn.bundles.least_p == pytest.approx(1 / 56)


def test_a_speaker_on_both_sides_changes_with_themselves() -> None:
    """Twelve speakers who differ more than they moved: their own clips show that all did."""
    rng = np.random.default_rng(0)
    numbers, came = np.repeat(np.arange(12), 20), np.tile([0, 1], 120)
    values = 2 * rng.normal(size=12)[numbers] + rng.normal(size=240) + came
    names = [f"speaker-{number:02d}" for number in numbers]
    drawn = Drawn(values, bundle_speakers(names, came), came)
    assert p_value(drawn, permutations=4999) < 0.005
    assert drawn.bundles.least_p == 1 / 4096
    strangers = [f"{name} {side}" for name, side in zip(names, came, strict=True)]
    apart = Drawn(values, bundle_speakers(strangers, came), came)
    assert p_value(apart, permutations=4999) > 0.05


def test_new_speakers_are_no_drift_but_tests_of_clips_say_so() -> None:
    """Of 200 groups of new speakers 5 % at most stand out; by clips it is most of them."""
    rng, alarms, naive = np.random.default_rng(0), 0, 0
    for _ in range(200):
        drawn = draw(rng, [20] * 16, 6)
        alarms += p_value(drawn, permutations=99) <= 0.05
        naive += ks_2samp(drawn.values[drawn.came], drawn.values[~drawn.came]).pvalue <= 0.05
    # What 5 % of 200 exceeds once in a hundred such counts.
    assert alarms <= 17
    assert naive > 100


def test_a_shift_of_all_new_speakers_is_found() -> None:
    """Three standard deviations between speakers stand out among 16."""
    drawn = draw(np.random.default_rng(0), [20] * 16, 6, shift=3.0)
    assert p_value(drawn) < 0.001


def test_sizes_are_matched_by_rank() -> None:
    """Speakers of whom much is known lose clips until the other side has as many of each."""
    drawn = draw(np.random.default_rng(0), [60] * 6 + [1, 3, 60], 3)
    kept = match_sizes(drawn.bundles, np.random.default_rng(0))
    sizes = np.bincount(drawn.bundles.of_clip[kept])
    assert sorted(sizes[:6]) == [1, 1, 3, 3, 60, 60]
    assert sizes[6:].tolist() == [1, 3, 60]
    assert (np.diff(kept) > 0).all()
    assert np.array_equal(kept, match_sizes(drawn.bundles, np.random.default_rng(0)))


def test_both_sides_of_one_speaker_are_matched() -> None:
    """The smaller of the two says how many."""
    bundles = bundle_speakers(["ann"] * 7, [0, 0, 0, 0, 0, 1, 1])
    kept = match_sizes(bundles, np.random.default_rng(0))
    assert np.bincount(bundles.of_clip[kept]).tolist() == [2, 2]


def test_what_is_known_beyond_the_limits_is_left_out() -> None:
    """Speakers and clips of a side are bounded; every speaker kept has a clip."""
    drawn = draw(np.random.default_rng(0), [10] * 30, 10)
    kept = match_sizes(drawn.bundles, np.random.default_rng(0), most_clips=40, most_speakers=8)
    sizes = np.bincount(drawn.bundles.of_clip[kept], minlength=30)
    assert sizes[:20].sum() == 40
    assert sizes[20:].sum() == 40
    assert set(sizes[sizes > 0]) == {5}


def test_unmatched_sizes_cry_wolf() -> None:
    """A clip each of four new speakers among 40 known by fifty: matching keeps to 5 %."""
    rng, matched, raw = np.random.default_rng(1), 0, 0
    for _ in range(100):
        speakers = np.repeat(np.arange(44), [50] * 40 + [1] * 4)
        # Clips of a speaker scatter more than speakers do.
        values = 0.3 * rng.normal(size=44)[speakers] + rng.normal(size=len(speakers))
        came = speakers >= 40
        names = [f"{number:02d}" for number in speakers]
        bundles = bundle_speakers(names, came)
        raw += p_value(Drawn(values, bundles, came), permutations=99) <= 0.05
        kept = match_sizes(bundles, rng)
        fewer = bundle_speakers([names[at] for at in kept], came[kept])
        matched += p_value(Drawn(values[kept], fewer, came[kept]), permutations=99) <= 0.05
    assert matched <= 10
    assert raw > 25


def test_beyond_the_critical_distance_p_is_below_the_level() -> None:
    """Both ways of asking give one answer, at every level."""
    drawn = np.arange(99.0)
    for value in (50.0, 93.5, 94.5, 97.5, 200.0):
        p = (1 + (drawn >= value).sum()) / 100
        shift = Shift(value, p, drawn)
        for level in (0.01, 0.02, 0.05, 0.06, 0.3):
            assert (value > shift.critical(level)) == (p <= level)
    assert Shift(1.0, 0.5, drawn).critical(0.001) == np.inf


def test_distances_that_are_read_together_are_held_to_holms_levels() -> None:
    """Whatever is adjusted to the level at most lies beyond its distance, and nothing else."""
    drawn = np.arange(999.0)
    values = {"one": 998.5, "two": 985.5, "three": 960.5, "four": 100.5}
    shifts = {
        name: Shift(value, (1 + (drawn >= value).sum()) / 1000, drawn)
        for name, value in values.items()
    }
    held = hold_together(shifts, 0.05)
    assert list(held) == list(shifts)
    assert [of.p_value for of in held.values()] == adjust_p_values(
        [of.p_value for of in shifts.values()]
    )
    beyond = {name for name in shifts if shifts[name].value > held[name].critical}
    assert beyond == {name for name in shifts if held[name].p_value <= 0.05} == {"one", "two"}


@pytest.mark.parametrize("false_alarm", [0.0, 1.0])
def test_a_level_outside_its_range_is_refused(false_alarm: float) -> None:
    """The value is shown."""
    with pytest.raises(ConfigurationError, match=rf"`false_alarm` must lie.*{false_alarm}"):
        hold_together({}, false_alarm)


def test_no_permutation_is_refused() -> None:
    """Nothing could be told without one."""
    drawn = draw(np.random.default_rng(0), [2, 2], 1)
    with pytest.raises(ConfigurationError, match="`permutations` must be ≥ 1, but got 0"):
        p_value(drawn, permutations=0)
