"""What each class costs: votes spent on it until the model is nearly as good as it gets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.simulation.crossings import Reach
from pipelines.simulation.resampling import Estimate, Resamples, draw_recalls, estimate
from pipelines.simulation.tally import Tallies, Tally

LEVEL = 0.95
"""Share of the full-label UAR at which classes are looked at."""


@dataclass(frozen=True)
class ClassCost:
    """Votes on the clips of one class, and how well it is recognised by then.

    Args:
        strategy: The strategy.
        label: The class.
        votes: Votes on clips whose true class it is, mean over seeds and sets of test speakers.
        share: The same over all votes.
        recall: Recall on the test speakers.
        full_recall: Recall of the model of all true labels.
        is_reached: Whether the strategy got to `LEVEL`; otherwise all is told of its end.
    """

    strategy: str
    label: str
    votes: float
    share: float
    recall: Estimate
    full_recall: float
    is_reached: bool


def find_class_costs(
    tally: Tally, tallies: Tallies, reach: Reach, classes: tuple[str, ...], drawn: Resamples
) -> list[ClassCost]:
    """Return the cost of every class, where the strategy's mean curve reaches `LEVEL`.

    Args:
        tally: What the strategy had.
        tallies: The clips it was judged on, and the model of all true labels.
        reach: Where its curve in each draw, the mean curve first, reaches the level.
        classes: C names.
        drawn: The draws.
    """
    grid = np.arange(len(tally.votes), dtype=np.float64)
    place = np.array([np.interp(reach.position[0], grid, row) for row in np.eye(len(grid))])
    votes = tally.class_votes.mean(axis=0) @ place
    recalls = estimate(draw_recalls(tally.hits @ place, tallies.clips, drawn))
    full = draw_recalls(tallies.full.hits[..., 0], tallies.clips, drawn)[0]
    total = votes.sum() or np.nan
    return [
        ClassCost(
            strategy=tally.strategy,
            label=label,
            votes=float(votes[at]),
            share=float(votes[at] / total),
            recall=recalls[at],
            full_recall=float(full[at]),
            is_reached=not bool(reach.is_never[0]),
        )
        for at, label in enumerate(classes)
    ]
