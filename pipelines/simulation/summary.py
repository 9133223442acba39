"""From replays to what came of them: curves, votes needed, comparisons and costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.simulation.class_costs import LEVEL, ClassCost, find_class_costs
from pipelines.simulation.comparisons import Comparison, compare_strategies
from pipelines.simulation.crossings import find_crossings, find_reach
from pipelines.simulation.curves import draw_hours, make_curve
from pipelines.simulation.files import write_simulation
from pipelines.simulation.outcome import SimulationSummary, is_random
from pipelines.simulation.records import Replay
from pipelines.simulation.resampling import Resamples, draw_resamples, draw_uar, estimate
from pipelines.simulation.strategies import DEFAULT
from pipelines.simulation.tally import FloatArray, Tallies, Tally, tally_replays

__all__ = ["SimulationSummary", "summarise", "write_simulation"]

RESAMPLES = 1000
ASSUMPTIONS = (
    (
        "Annotators take the intended emotion for what a clip sounds like, and err by its class "
        "alone: no clip is easier than another of its class."
    ),
    (
        "What all true labels give is the UAR of the same learner on every clip of the pool; "
        "labels of people who err need not reach it."
    ),
    (
        "Intervals say what other annotators, draws and test speakers of this corpus would have "
        "given. Pools of different test speakers share most of their clips, and another corpus "
        "is another matter."
    ),
)


def summarise(
    replays: Sequence[Replay],
    *,
    classes: Sequence[str],
    corpus: str,
    learner: str,
    reference: str = "random-3",
    focus: str | None = None,
    confusion: str = "listeners of CREMA-D who heard the voice alone",
    facts: Mapping[str, str] | None = None,
    every_pair: bool = False,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> SimulationSummary:
    """Summarise replays: all sets of test speakers of a seed pooled, strategies compared in pairs.

    Args:
        replays: Replays of every strategy and of `records.FULL`, each once.
        classes: C names, in the order of the replays' counts.
        corpus: The corpus replayed.
        learner: What learned, in words.
        reference: The strategy that the others' votes are divided by.
        focus: The strategy in question; default: serloop's own, else the first by name that is
            not random.
        confusion: Whose confusions the annotators have, in words.
        facts: What else was simulated, name and value.
        every_pair: Compare every strategy with every other, not only the focus; the others are
            compared with the reference and with random ones.
        resamples: Bootstrap draws behind the intervals, at least 1.
        seed: Seed of these draws.

    Returns:
        The summary; equal replays give an equal one.

    Raises:
        PipelineError: If reference or focus were not replayed, or replays are incomplete or
            contradict each other (see `tally_replays`).
    """
    tallies = tally_replays(replays, len(classes))
    focus = focus or _usual_focus(tallies)
    tallies = _order(tallies, tallies[focus].strategy, tallies[reference].strategy)
    drawn = draw_resamples(len(tallies.seeds), len(tallies.speakers), resamples, seed)
    uar = {tally.strategy: draw_uar(tally, tallies, drawn) for tally in tallies.strategies}
    full = draw_uar(tallies.full, tallies, drawn)
    return SimulationSummary(
        corpus=corpus,
        learner=learner,
        confusion=confusion,
        classes=tuple(classes),
        reference=reference,
        focus=focus,
        seeds=tallies.seeds,
        speakers=len(tallies.speakers),
        folds=tallies.folds,
        test_clips=int(tallies.clips.sum()),
        resamples=len(drawn.seeds) - 1,
        full=estimate(full)[0],
        curves=tuple(make_curve(of, uar[of.strategy], full) for of in tallies.strategies),
        crossings=find_crossings(
            uar,
            {of.strategy: of.votes for of in tallies.strategies},
            {of.strategy: draw_hours(of, drawn) for of in tallies.strategies},
            full[:, 0],
            reference=reference,
        ),
        comparisons=_compare(tallies, drawn, (reference, focus), every_pair=every_pair, seed=seed),
        class_costs=_class_costs(tallies, uar, full[:, 0], drawn, tuple(classes)),
        facts=tuple((facts or {}).items()),
        notes=(*ASSUMPTIONS, *_notes(tallies, resamples=len(drawn.seeds) - 1)),
    )


def _usual_focus(tallies: Tallies) -> str:
    names = sorted(tally.strategy for tally in tallies.strategies)
    chosen = [name for name in names if not is_random(name)] or names
    return DEFAULT if DEFAULT in names else chosen[0]


def _order(tallies: Tallies, focus: str, reference: str) -> Tallies:
    """Sort strategies by how much they matter, so that replays may come in any order."""

    def rank(tally: Tally) -> tuple[bool, bool, bool, str]:
        name = tally.strategy
        return name != focus, name != reference, is_random(name), name

    return replace(tallies, strategies=tuple(sorted(tallies.strategies, key=rank)))


def _compare(
    tallies: Tallies, drawn: Resamples, named: tuple[str, str], *, every_pair: bool, seed: int
) -> tuple[Comparison, ...]:
    reference, focus = named
    return tuple(
        compare_strategies(first, second, tallies, drawn, seed=seed)
        for second in tallies.strategies
        for first in tallies.strategies
        if first is not second
        and (
            every_pair
            or first.strategy == focus
            or second.strategy == reference
            or is_random(second.strategy)
        )
    )


def _class_costs(
    tallies: Tallies,
    uar: Mapping[str, FloatArray],
    full: FloatArray,
    drawn: Resamples,
    classes: tuple[str, ...],
) -> tuple[ClassCost, ...]:
    return tuple(
        cost
        for tally in tallies.strategies
        for cost in find_class_costs(
            tally,
            tallies,
            find_reach(uar[tally.strategy][:1], LEVEL * full[:1]),
            classes,
            drawn,
        )
    )


def _notes(tallies: Tallies, *, resamples: int) -> list[str]:
    notes = []
    if tallies.left_out:
        seeds = ", ".join(map(str, tallies.left_out))
        notes.append(f"Seeds not replayed to the end are left out: {seeds}.")
    if not resamples:
        notes.append("One seed and one test speaker give no interval.")
    elif len(tallies.seeds) == 1:
        notes.append("With one seed, intervals are about other test speakers alone.")
    return notes
