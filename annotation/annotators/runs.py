"""Straight-lining: the same answer over and over, whatever is played."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from annotation.annotators.judgements import Judgements
from annotation.annotators.skill import Skills
from annotation.columns import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """The most suspicious run of equal answers of each annotator, (A,) each.

    Attributes:
        longest: Length of the longest run of one label; 0 without times.
        expected: Longest run that chance makes of the annotator's own use of the classes in
            random order; NaN without times.
        suspicious: Length of the least likely run; 0 without times.
        label: Its label; -1 without times.
        p_value: At most this probable is a run so unlikely for one who listens to these very
            clips; 1 without times. Playing many clips of one class in a row is therefore no
            evidence against anyone.
    """

    longest: IntArray
    expected: FloatArray
    suspicious: IntArray
    label: IntArray
    p_value: FloatArray


def find_runs(judgements: Judgements, skills: Skills) -> Runs:
    """Find each annotator's runs among the votes whose time is known.

    Args:
        judgements: The votes, in the order they were cast.
        skills: What listeners would answer to each clip.

    Returns:
        The runs. The p-value is Boole's bound: the number of votes, each of which could have
        begun such a run, times the product of the probabilities of its answers.

    Reference:
        L. Gordon, M. F. Schilling and M. S. Waterman (1986). An extreme value theory for long
        head runs. Probability Theory and Related Fields 72, 279-287 (the expected length).
    """
    annotators = len(judgements.annotators)
    timed = np.flatnonzero(np.isfinite(judgements.cast_at_s))
    who, label = judgements.annotator_index[timed], judgements.label_index[timed]
    votes = np.bincount(who, minlength=annotators).astype(np.float64)
    longest, suspicious = np.zeros(annotators, np.int64), np.zeros(annotators, np.int64)
    kind, p_value = np.full(annotators, -1), np.ones(annotators)
    if len(timed):
        start = np.flatnonzero((np.diff(who, prepend=-1) != 0) | (np.diff(label, prepend=-1) != 0))
        length = np.diff(np.append(start, len(who)))
        # The kinder of two predictions, so that neither an unusual ear nor an odd clip is a run;
        # a vote that cannot be judged is no evidence at all.
        answer = np.maximum(skills.average_answer, skills.own_answer)[timed]
        surprise = np.add.reduceat(-np.log(np.nan_to_num(answer, nan=1.0)), start)
        np.maximum.at(longest, who[start], length)
        order = np.lexsort((length, surprise, who[start]))
        last = order[np.diff(who[start][order], append=annotators) != 0]
        owner = who[start][last]
        suspicious[owner], kind[owner] = length[last], label[start][last]
        p_value[owner] = np.minimum(votes[owner] * np.exp(-surprise[last]), 1.0)
    use = np.zeros((annotators, len(judgements.classes)))
    np.add.at(use, (who, label), 1.0)
    return Runs(longest, _expected_longest(use, votes), suspicious, kind, p_value)


def _expected_longest(use: FloatArray, votes: FloatArray) -> FloatArray:
    share = use.max(axis=1) / np.maximum(votes, 1.0)
    inner = np.clip(share, 1e-9, 1 - 1e-9)
    rate = -np.log(inner)
    length = np.log(np.maximum(votes * (1 - inner), 1.0)) / rate + np.euler_gamma / rate - 0.5
    length = np.clip(np.where(share >= 1, votes, length), 1.0, np.maximum(votes, 1.0))
    return np.where(votes > 0, length, np.nan)
