"""Groups of simulated listeners, some of them faulty in a known way."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from annotation.confusion import CREMA_D_CLASSES
from annotation.simulate import SimulatedAnnotators
from annotation.testing import fill_votes

CLASSES = CREMA_D_CLASSES
FAULTS = ("guesser", "constant", "liner", "swapper", "drifter", "tired", "hasty")
SITTING = 30
START = datetime(2026, 1, 1, tzinfo=UTC)


def spoil(fault: str, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return what a faulty annotator answers instead, in order of voting."""
    votes, classes = len(label), len(CLASSES)
    place = np.arange(votes)
    guess = rng.integers(classes, size=votes)
    swap = np.array([2, 1, 0, 5, 4, 3])
    spoilt = {
        "guesser": guess,
        "constant": np.full(votes, 4),
        "liner": np.where((place >= 40) & (place < 70), 2, label),
        "swapper": swap[label],
        "drifter": np.where(rng.random(votes) < np.maximum(place / votes - 0.2, 0), guess, label),
        "tired": np.where(rng.random(votes) < (place % SITTING) / SITTING, guess, label),
    }
    return spoilt.get(fault, label)


def draw_group(
    seed: int,
    *,
    honest: int = 20,
    faults: tuple[str, ...] = FAULTS,
    votes: int = 200,
    votes_per_clip: int = 8,
) -> pa.Table:
    """Let honest and faulty annotators vote in daily sittings of 30; ids begin with the fault."""
    rng = np.random.default_rng(seed)
    size = honest + len(faults)
    confusion = SimulatedAnnotators.recruit(size, CLASSES, seed=seed).confusion
    clips = size * votes // votes_per_clip
    truth = rng.integers(len(CLASSES), size=clips)
    # Blocks of all annotators in random order, cut into clips: distinct but for the odd repeat.
    order = np.concatenate([rng.permutation(size) for _ in range(votes)])[: clips * votes_per_clip]
    asked = order.reshape(clips, votes_per_clip)
    rows: dict[str, list[object]] = defaultdict(list)
    for annotator in range(size):
        fault = "" if annotator < honest else faults[annotator - honest]
        mine = rng.permutation(np.flatnonzero((asked == annotator).any(axis=1)))
        chance = rng.random(len(mine))[:, None]
        label = (confusion[annotator, truth[mine]].cumsum(axis=1)[:, :-1] <= chance).sum(axis=1)
        lead = np.exp(rng.normal(2, 0.4, len(mine)) + rng.normal(0, 0.2))
        lead *= 0.1 if fault == "hasty" else 1.0
        lead[rng.random(len(mine)) < 0.02] = -3.0
        rows["clip_id"] += [f"clip-{clip:05d}" for clip in mine]
        rows["annotator"] += [f"{fault or 'honest'}-{annotator:03d}"] * len(mine)
        rows["label"] += [CLASSES[index] for index in spoil(fault, label, rng)]
        rows["lead_time_s"] += lead.tolist()
        rows["cast_at"] += [
            START + timedelta(days=vote // SITTING, seconds=10 * (vote % SITTING))
            for vote in range(len(mine))
        ]
    return fill_votes(rows)
