"""How far each annotator agrees with the others on the clips they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotation.agreement.counts import people_per_class
from annotation.agreement.estimate import Agreement, Statistic, estimate_by_group
from annotation.agreement.fleiss import correct_for_chance, divide
from annotation.columns import ANONYMOUS, FloatArray, IntArray
from annotation.votes import VoteMatrix


@dataclass(frozen=True, slots=True)
class AnnotatorAgreement:
    """One annotator against everybody else.

    Attributes:
        annotator: The annotator's id.
        share: Mean over their votes of the share of other people's votes that are the same.
        kappa: The same corrected for chance, from their own and the others' use of the classes.
    """

    annotator: str
    share: Agreement
    kappa: Agreement


def agreement_with_others(
    votes: VoteMatrix, *, resamples: int = 1000, level: float = 0.95, seed: int = 0
) -> list[AnnotatorAgreement]:
    """Compare each named annotator with all others on the same clips.

    Anonymous pools are among the others but get no row of their own. Nobody is compared with
    themselves; votes on clips nobody else judged are left out.

    Args:
        votes: The votes.
        resamples: Bootstrap samples of each annotator's clips.
        level: Coverage of the intervals.
        seed: Equal seeds give equal intervals.

    Returns:
        One row per annotator who shares a clip with someone, ascending by id.

    Example:
        >>> from annotation.testing import make_votes
        >>> votes = make_votes(["calm", "joy"], clips=99, annotators=4, accuracy=[0.9] * 3 + [0.5])
        >>> rows = agreement_with_others(votes.matrix())
        >>> [round(row.share.value, 1) for row in rows], rows[0].kappa.value > 0.3
        ([0.7, 0.7, 0.7, 0.5], True)
    """
    who, terms = _compare(votes)
    names = np.asarray(votes.annotators, dtype=str)[who].tolist() if len(who) else []
    used = np.ones(len(who))
    share, kappa = (
        estimate_by_group(
            Statistic(name, terms, finish, used, used),
            names,
            resamples=resamples,
            level=level,
            seed=seed,
        )
        for name, finish in (("agreement_with_others", _share), ("kappa_with_others", _kappa))
    )
    return [
        AnnotatorAgreement(one.group, one, other) for one, other in zip(share, kappa, strict=True)
    ]


def _compare(votes: VoteMatrix) -> tuple[IntArray, FloatArray]:
    """Return who cast each comparable vote, (V,), and its share, 1, own and others' classes."""
    annotators, classes = len(votes.annotators), len(votes.classes)
    named = np.array([not name.startswith(ANONYMOUS) for name in votes.annotators], np.bool_)
    rows = np.flatnonzero(named[votes.annotator_index])
    clip, who, label = (
        index[rows] for index in (votes.clip_index, votes.annotator_index, votes.label_index)
    )
    own = np.eye(classes)[label]
    # One who gave a clip two labels is nobody else under either of them.
    pairs, position = np.unique(clip * max(annotators, 1) + who, return_inverse=True)
    both = np.zeros((len(pairs), classes))
    both[position, label] = 1.0
    others = people_per_class(votes)[clip] - both[position]
    people = others.sum(axis=1)
    kept = people > 0
    mix = others[kept] / people[kept, None]
    agreeing = mix[np.arange(len(mix)), label[kept]]
    return who[kept], np.column_stack([agreeing, np.ones(len(mix)), own[kept], mix])


def _share(sums: FloatArray) -> FloatArray:
    return divide(sums[:, 0], sums[:, 1])


def _kappa(sums: FloatArray) -> FloatArray:
    classes = (sums.shape[1] - 2) // 2
    own, mix = sums[:, 2 : 2 + classes], sums[:, 2 + classes :]
    expected = divide((own * mix).sum(axis=1), sums[:, 1] ** 2)
    return correct_for_chance(_share(sums), expected)
