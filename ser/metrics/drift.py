"""Whether clips that came in differ from known ones by more than speakers differ anyway.

Clips of one speaker resemble each other, so tests that count clips, such as Kolmogorov and
Smirnov's, call every new group of speakers another world. Here speakers change sides instead:
a distance is large if few ways of telling speakers apart give one as large.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ser.errors import ConfigurationError
from ser.metrics.paired import ROUNDING, adjust_p_values
from ser.metrics.statistic import FloatArray, IntArray

BLOCK = 500  # relabelings evaluated at once
BoolArray = npt.NDArray[np.bool_]


class Distance(Protocol):
    """How far apart two groups of bundles are."""

    def between(self, is_incoming: FloatArray) -> FloatArray:
        """Return the distance for each way of telling bundles apart.

        Args:
            is_incoming: 1 for bundles that count as incoming, else 0, ``(B, U)``.

        Returns:
            ``(B,)``.
        """


@dataclass(frozen=True, eq=False)
class Bundles:
    """Clips by speaker and side; a speaker on both sides has two bundles.

    Args:
        of_clip: Bundle of each clip, ``(N,)`` in 0 … U − 1.
        is_incoming: Whether a bundle came in, ``(U,)``.
        partner: The same speaker's bundle on the other side, −1 for none, ``(U,)``.
    """

    of_clip: IntArray
    is_incoming: BoolArray
    partner: IntArray

    @property
    def sizes(self) -> IntArray:
        """Clips of each bundle, ``(U,)``."""
        return np.bincount(self.of_clip, minlength=len(self.is_incoming))

    @property
    def least_p(self) -> float:
        """The smallest p that so many speakers allow, whatever they say."""
        lone = self.partner < 0
        ways = comb(int(lone.sum()), int((lone & self.is_incoming).sum()))
        return 1 / (ways << int((~lone & self.is_incoming).sum()))


@dataclass(frozen=True, eq=False)
class Shift:
    """A distance beside those that chance gives.

    Args:
        value: The distance.
        p_value: How often speakers that change sides are as far apart, see `measure_shift`.
        drawn: The distances by chance, ascending, ``(B,)``.
    """

    value: float
    p_value: float
    drawn: FloatArray

    def critical(self, level: float) -> float:
        """Return the distance beyond which ``p ≤ level``; infinite where none is."""
        allowed = int(level * (len(self.drawn) + 1) + ROUNDING) - 1
        return float(self.drawn[-1 - allowed]) if allowed >= 0 else float("inf")


@dataclass(frozen=True)
class HeldShift:
    """A distance that was read together with others.

    Args:
        p_value: p that may be read together with those of the others (Holm).
        critical: Distance beyond which it stands out, given the others.
    """

    p_value: float
    critical: float


def bundle_speakers(speakers: Sequence[str], is_incoming: npt.ArrayLike) -> Bundles:
    """Group clips by speaker and side.

    Args:
        speakers: Speaker of each clip, N names.
        is_incoming: Whether each clip came in, ``(N,)``; both sides need a clip.

    Raises:
        ConfigurationError: If a side has no clip, or there is not one speaker per clip.

    Example:
        >>> found = bundle_speakers(["ann", "ben", "ben"], [False, False, True])
        >>> found.of_clip.tolist(), found.partner.tolist()
        ([0, 1, 2], [-1, 2, 1])
    """
    side = np.asarray(is_incoming, dtype=np.int64)
    if len(speakers) != len(side) or not 0 < int(side.sum()) < len(side):
        raise ConfigurationError(
            "`speakers` must name one speaker for each clip, and known and incoming clips are "
            f"both needed, but got {len(speakers)} names for {len(side)} clips, "
            f"{int(side.sum())} of them incoming"
        )
    _, numbers = np.unique(np.array(list(speakers), dtype=str), return_inverse=True)
    codes, of_clip = np.unique(2 * numbers + side, return_inverse=True)
    at = np.minimum(np.searchsorted(codes, codes ^ 1), len(codes) - 1)
    partner = np.where(codes[at] == (codes ^ 1), at, -1)
    return Bundles(of_clip.astype(np.int64), codes % 2 == 1, partner)


def match_sizes(
    bundles: Bundles,
    generator: np.random.Generator,
    *,
    most_clips: int = 2000,
    most_speakers: int = 500,
) -> IntArray:
    """Choose clips so that bundles of both sides are equally large, by rank of their sizes.

    Speakers may only change sides if what is known of them is equally much: the mean over three
    clips of a speaker scatters more than that over sixty. What is beyond the limits is left out.

    Args:
        bundles: The clips.
        generator: Draws which clips stay.
        most_clips: Clips to keep on each side at most, but one of each speaker.
        most_speakers: Speakers to keep on each side at most.

    Returns:
        Positions of the clips kept, ascending; at least one of each speaker kept.
    """
    sizes = bundles.sizes
    wanted = np.zeros_like(sizes)
    lone = bundles.partner < 0
    for side in (False, True):
        own = np.flatnonzero(lone & (bundles.is_incoming == side))
        other = np.sort(sizes[lone & (bundles.is_incoming != side)])
        wanted[own] = sizes[own]
        if len(other) and len(own):
            order = own[np.argsort(sizes[own], kind="stable")]
            ranks = (np.arange(len(own)) + 0.5) / len(own)
            wanted[order] = np.minimum(sizes[order], other[(ranks * len(other)).astype(int)])
    pairs = ~lone
    wanted[pairs] = np.minimum(sizes[pairs], sizes[bundles.partner[pairs]])
    _limit_speakers(wanted, bundles, most_speakers, generator)
    for side in (False, True):
        on_side = (bundles.is_incoming == side) & (wanted > 0)
        wanted[on_side] = np.minimum(wanted[on_side], max(most_clips // max(on_side.sum(), 1), 1))
    return _draw_clips(bundles.of_clip, wanted, generator)


def measure_shift(
    distance: Distance, bundles: Bundles, *, permutations: int = 10_000, seed: int = 0
) -> Shift:
    """Return how far incoming clips are from known ones, and how often chance goes as far.

    If nothing drifted, new speakers are like known ones: any of them might have come in, and of
    a speaker on both sides either bundle. Sides are drawn anew, and
    ``p = (1 + as far) / (1 + permutations)``.

    Args:
        distance: How far apart two groups of bundles are.
        bundles: Who is on which side.
        permutations: How many ways are drawn, at least 1.
        seed: Seed of the draw.

    Raises:
        ConfigurationError: If `permutations` < 1.

    Reference:
        E. J. G. Pitman, "Significance tests which may be applied to samples from any
        populations", 1937; B. Phipson and G. K. Smyth, "Permutation p-values should never be
        zero", SAGMB 9(1), 2010. https://doi.org/10.2202/1544-6115.1585
    """
    if permutations < 1:
        raise ConfigurationError(f"`permutations` must be ≥ 1, but got {permutations}")
    generator = np.random.default_rng(seed)
    value = float(distance.between(bundles.is_incoming[None].astype(np.float64))[0])
    drawn = np.concatenate(
        [
            distance.between(_change_sides(bundles, min(BLOCK, permutations - done), generator))
            for done in range(0, permutations, BLOCK)
        ]
    )
    as_far = int((drawn >= value - ROUNDING * abs(value)).sum())
    return Shift(value, (1 + as_far) / (1 + permutations), np.sort(drawn))


def hold_together(shifts: Mapping[str, Shift], false_alarm: float) -> dict[str, HeldShift]:
    """Say from where on each of several distances stands out, if they are read together.

    The probability that any does where nothing differs is at most `false_alarm` (Holm's step-down
    procedure): the farthest is held to ``false_alarm / m``, the next to ``/ (m − 1)``, and once
    one is within its limit all others are held to the same.

    Args:
        shifts: The distances by name.
        false_alarm: Probability, in (0, 1).

    Raises:
        ConfigurationError: If `false_alarm` lies outside its range.

    Reference:
        S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
        of Statistics 6(2), 1979.
    """
    if not 0 < false_alarm < 1:
        raise ConfigurationError(f"`false_alarm` must lie in (0, 1), but got {false_alarm}")
    adjusted = dict(
        zip(shifts, adjust_p_values([of.p_value for of in shifts.values()]), strict=True)
    )
    found, left = {}, len(shifts)
    for name in sorted(shifts, key=lambda name: shifts[name].p_value):
        found[name] = HeldShift(adjusted[name], shifts[name].critical(false_alarm / left))
        left -= adjusted[name] <= false_alarm
    return {name: found[name] for name in shifts}


def _change_sides(bundles: Bundles, times: int, generator: np.random.Generator) -> FloatArray:
    """Return 1 for bundles that count as incoming, ``(times, U)``."""
    sides = np.zeros((times, len(bundles.is_incoming)))
    lone = np.flatnonzero(bundles.partner < 0)
    incoming = int(bundles.is_incoming[lone].sum())
    order = generator.random((times, len(lone))).argsort(axis=1)
    np.put_along_axis(sides, lone[order[:, :incoming]], 1.0, axis=1)
    first = np.flatnonzero((bundles.partner >= 0) & bundles.is_incoming)
    coins = generator.integers(2, size=(times, len(first)))
    sides[:, first], sides[:, bundles.partner[first]] = coins, 1 - coins
    return sides


def _limit_speakers(
    wanted: IntArray, bundles: Bundles, most: int, generator: np.random.Generator
) -> None:
    """Want nothing of speakers beyond the limit; a speaker on both sides goes from both."""
    lone = bundles.partner < 0
    for members in (
        np.flatnonzero(lone & ~bundles.is_incoming),
        np.flatnonzero(lone & bundles.is_incoming),
        np.flatnonzero(~lone & bundles.is_incoming),
    ):
        gone = generator.permutation(members)[most:]
        wanted[gone] = 0
        partners = bundles.partner[gone]
        wanted[partners[partners >= 0]] = 0


def _draw_clips(of_clip: IntArray, wanted: IntArray, generator: np.random.Generator) -> IntArray:
    """Return positions of as many clips of each bundle as are wanted, ascending."""
    shuffled = generator.permutation(len(of_clip))
    ordered = shuffled[np.argsort(of_clip[shuffled], kind="stable")]
    sizes = np.bincount(of_clip, minlength=len(wanted))
    place = np.arange(len(of_clip)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return np.sort(ordered[place < np.repeat(wanted, sizes)])
