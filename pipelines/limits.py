"""What a round owes to groups of clips and to its annotators' time, as the settings say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from annotation.sampling.quotas import Quota
from pipelines.pool import Pool
from pipelines.sections import RoundSettings

IntArray = npt.NDArray[np.int64]
PREDICTED = "class"
SHORTFALLS_LISTED = 6


@dataclass(frozen=True)
class Limits:
    """Quotas of groups and a limit of listening; none by default.

    Args:
        at_least: Clips wanted of each group, by what groups them.
        seconds: Listening of all annotators together at most; None for no limit.
    """

    at_least: Mapping[str, int]
    seconds: float | None

    @classmethod
    def of(cls, rounds: RoundSettings) -> Self:
        """Read them from the settings.

        Example:
            >>> Limits.of(RoundSettings(at_least="speaker=1", listening_s=60, annotators=3))
            Limits(at_least={'speaker': 1}, seconds=180.0)
        """
        pairs = (part.split("=") for part in (rounds.at_least or "").split(",") if part)
        seconds = rounds.listening_s
        return cls(
            {name: int(number) for name, number in pairs},
            None if seconds is None else seconds * rounds.annotators,
        )

    def quotas(
        self,
        pool: Pool,
        classes: Sequence[str],
        open_ones: IntArray,
        size: int,
        rng: np.random.Generator,
    ) -> list[Quota]:
        """Return quotas that a batch of this size can meet.

        Where a batch is too small for what is wanted of every group, less is wanted of each, and
        where it is too small for one of each, of groups that are drawn.

        Args:
            pool: The pool.
            classes: C names.
            open_ones: Clips that may be chosen.
            size: Clips of the batch.
            rng: Draws groups.
        """
        if not size:
            return []
        found = []
        for name, wanted in self.at_least.items():
            values = group_values(pool, classes, name, open_ones)
            counts = Counter(value for value in values if value is not None)
            while wanted > 1 and sum(min(n, wanted) for n in counts.values()) > size:
                wanted -= 1  # noqa: PLW2901 - lowered until it fits
            if len(counts) > size:
                kept = set(rng.choice(sorted(counts), size, replace=False).tolist())
                values = [value if value in kept else None for value in values]
            found.append(Quota(name, values, wanted))
        return found

    def shortfalls(
        self, pool: Pool, classes: Sequence[str], open_ones: IntArray, chosen: IntArray
    ) -> tuple[str, ...]:
        """Say which groups have fewer clips among the chosen than wanted.

        Args:
            pool: The pool.
            classes: C names.
            open_ones: Clips that could be chosen; their groups are those something is owed to.
            chosen: Clips that were.
        """
        told = []
        for name, wanted in self.at_least.items():
            groups = sorted(set(group_values(pool, classes, name, open_ones)) - {None}, key=str)
            got = Counter(group_values(pool, classes, name, chosen))
            told += [
                f"{name} `{group}` got {got[group]} of {wanted} clips"
                for group in groups
                if got[group] < wanted
            ]
        return tuple(told)


def group_values(
    pool: Pool, classes: Sequence[str], name: str, places: IntArray
) -> list[str | None]:
    """Return the group of clips: a column of `clips`, or the class that the model finds likeliest.

    Args:
        pool: The pool.
        classes: C names.
        name: `speaker`, `gender`, `language` or `class`.
        places: Which clips.
    """
    if name == PREDICTED:
        return [classes[index] for index in pool.posterior[places].argmax(axis=1)]
    values: list[str | None] = pool.facts[name].take(places).to_pylist()
    return values


def list_shortfalls(shortfalls: Sequence[str]) -> str:
    """Return shortfalls as one line, the first few of many.

    Example:
        >>> list_shortfalls(["speaker `a` got 0 of 1 clips"])
        'fewer clips than wanted: speaker `a` got 0 of 1 clips'
    """
    more = len(shortfalls) - SHORTFALLS_LISTED
    listed = "; ".join(shortfalls[:SHORTFALLS_LISTED]) + (f"; and {more} more" if more > 0 else "")
    return f"fewer clips than wanted: {listed}"
