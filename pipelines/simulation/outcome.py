"""The outcome of a simulation as one record: table, sentence and document."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipelines.report.wording import format_quantity, format_share
from pipelines.runner import Row
from pipelines.simulation.class_costs import LEVEL, ClassCost
from pipelines.simulation.comparisons import Comparison
from pipelines.simulation.crossings import Crossing
from pipelines.simulation.curves import Curve
from pipelines.simulation.resampling import Estimate
from pipelines.simulation.wording import write_ratio, write_verdicts, write_votes

RANDOM = "random-"


@dataclass(frozen=True)
class SimulationSummary:
    """What strategies reached, in what they are compared, and under which assumptions.

    Args:
        corpus: The corpus replayed.
        learner: What learned, in words.
        confusion: Whose confusions the annotators have, in words.
        classes: C names.
        reference: The strategy that votes are divided by.
        focus: The strategy that the sentence is about.
        seeds: Seeds pooled.
        speakers: Test speakers.
        folds: Sets of test speakers a seed.
        test_clips: Their clips.
        resamples: Draws behind the intervals.
        full: UAR of the model of all true labels.
        curves: One per strategy.
        crossings: One per strategy and level.
        comparisons: The focus against every strategy, the others against the reference and every
            random one.
        class_costs: One per strategy and class.
        facts: What else was simulated, name and value.
        notes: What was assumed or left out, in sentences.
    """

    corpus: str
    learner: str
    confusion: str
    classes: tuple[str, ...]
    reference: str
    focus: str
    seeds: tuple[int, ...]
    speakers: int
    folds: int
    test_clips: int
    resamples: int
    full: Estimate
    curves: tuple[Curve, ...]
    crossings: tuple[Crossing, ...]
    comparisons: tuple[Comparison, ...]
    class_costs: tuple[ClassCost, ...]
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]

    def crossing(self, strategy: str, level: float) -> Crossing:
        """Return what a strategy needs for a share of the full-label UAR."""
        return next(of for of in self.crossings if (of.strategy, of.level) == (strategy, level))

    def verdicts(self, strategy: str) -> list[Comparison]:
        """Return the comparisons of a strategy with the reference and the random ones."""
        named = {self.reference} | {of.strategy for of in self.curves if is_random(of.strategy)}
        return [of for of in self.comparisons if of.strategy == strategy and of.against in named]

    def rows(self) -> Sequence[Row]:
        """Return one row per strategy."""
        return [self._row(curve) for curve in self.curves]

    def sentence(self) -> str:
        """Say what the strategy in question saves, and whether it is ever worse than random."""
        needed = self.crossing(self.focus, LEVEL)
        where = f"on {self.corpus} with {format_quantity(len(self.seeds), 'seed')}, {self.focus}"
        aim = f"{format_share(LEVEL)} of the UAR of all true labels ({self.full.value:.3f})"
        if math.isinf(needed.votes.at_most):
            told = f"{where} does not reach {aim} within {needed.limit:,.0f} votes"
        else:
            told = f"{where} needs {write_votes(needed.votes)} votes for {aim}"
        if self.focus != self.reference:
            told += f", {_write_saving(needed, self.reference)}"
        verdicts = write_verdicts(self.verdicts(self.focus))
        return f"{told}; {verdicts}" if verdicts else told

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write; null for NaN and for infinite."""
        return {
            **_plain(asdict(self)),
            "rows": [_plain(dict(row)) for row in self.rows()],
            "sentence": self.sentence(),
        }

    def _row(self, curve: Curve) -> Row:
        crossings = [of for of in self.crossings if of.strategy == curve.strategy]
        decisive = self.crossing(curve.strategy, LEVEL)
        uar = curve.end.uar
        return {
            "strategy": curve.strategy,
            "votes": round(curve.end.votes),
            "hours": curve.end.hours,
            "uar": uar.value,
            "low": uar.low,
            "high": uar.high,
            **{f"votes_{of.level * 100:.0f}": write_votes(of.votes) for of in crossings},
            "ratio": write_ratio(decisive.ratio),
            "verdict": write_verdicts(self.verdicts(curve.strategy)) or None,
        }


def is_random(strategy: str) -> bool:
    """Return whether a strategy asks about random clips, by its name."""
    return strategy.startswith(RANDOM)


def _write_saving(needed: Crossing, reference: str) -> str:
    if needed.ratio.at_least == 0 and math.isinf(needed.ratio.at_most):
        return f"as {reference} does not either"
    told = f"{write_ratio(needed.ratio)} of those of {reference}"
    if math.isnan(needed.chance_half):
        return told
    return f"{told} (at most half in {format_share(needed.chance_half)} of resamples)"


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a document
    if isinstance(value, dict):
        return {name: _plain(of) for name, of in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(of) for of in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
