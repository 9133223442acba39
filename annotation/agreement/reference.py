"""How often votes and majorities equal a known answer: the intended emotion, or gold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotation.agreement.counts import check_counts
from annotation.agreement.estimate import Agreement, Statistic, estimate
from annotation.agreement.fleiss import ratio
from annotation.columns import FloatArray, IntArray
from annotation.errors import VoteError


@dataclass(frozen=True, slots=True)
class ReferenceAgreement:
    """Agreement of votes with a reference class per clip.

    Attributes:
        single: Share of single votes that equal the reference.
        majority: Share of clips whose leading class is the reference; a tie is a miss.
        majority_split: The same, a tie of k classes that has the reference among them counting 1/k.
        ties: Clips whose leading classes tie.
        decided: Clips one class of which has more than half of the votes.
    """

    single: Agreement
    majority: Agreement
    majority_split: Agreement
    ties: int
    decided: int


def agreement_with_reference(
    counts: FloatArray,
    reference: IntArray,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> ReferenceAgreement:
    """Compare votes with a reference class, with intervals from resampled clips.

    Args:
        counts: People per clip and class, (N, C).
        reference: Class index of each clip, (N,); -1 where there is none, which leaves it out.
        resamples: Bootstrap samples.
        level: Coverage of the intervals.
        seed: Equal seeds give equal intervals.

    Returns:
        Shares, ties and decided clips among those with a reference and a vote.

    Raises:
        VoteError: `reference` is not N indices below C.

    Example:
        >>> counts = np.array([[3.0, 1], [2, 2], [0, 4]])
        >>> found = agreement_with_reference(counts, np.array([0, 0, 0]), resamples=0)
        >>> round(found.single.value, 3), round(found.majority.value, 3), found.ties
        (0.417, 0.333, 1)
    """
    table = check_counts(counts)
    truth = check_reference(reference, table.shape)
    people = table.sum(axis=1)
    used = ((truth >= 0) & (people > 0)).astype(np.float64)
    hits = table[np.arange(len(table)), truth] * used
    leads = (table == table.max(axis=1, keepdims=True, initial=0.0)) & (used > 0)[:, None]
    leaders = leads.sum(axis=1)
    right = leads[np.arange(len(table)), truth].astype(float)
    split = right / np.maximum(leaders, 1)

    def share(name: str, won: FloatArray, of: FloatArray) -> Agreement:
        statistic = Statistic(name, np.column_stack([won, of]), ratio, used, people * used)
        return estimate(statistic, resamples=resamples, level=level, seed=seed)

    return ReferenceAgreement(
        single=share("single_vote", hits, people * used),
        majority=share("majority", right * (leaders == 1), used),
        majority_split=share("majority_split", split, used),
        ties=int((leaders > 1).sum()),
        decided=int(((2 * table.max(axis=1, initial=0.0) > people) & (used > 0)).sum()),
    )


def check_reference(reference: IntArray, shape: tuple[int, ...]) -> IntArray:
    """Return the class index of each clip as int64, or refuse what cannot be one.

    Args:
        reference: Class index of each clip; -1 where there is none.
        shape: Clips and classes, (N, C).

    Raises:
        VoteError: They are not N indices below C.
    """
    truth = np.asarray(reference, np.int64)
    clips, classes = shape
    if truth.shape != (clips,) or (truth >= classes).any() or (truth < -1).any():
        msg = (
            f"`reference` must hold {clips} class indices from -1 to {classes - 1}, "
            f"but has shape {truth.shape} and largest entry {truth.max(initial=-1)}"
        )
        raise VoteError(msg)
    return truth
