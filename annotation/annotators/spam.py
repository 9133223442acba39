"""Whether an annotator's votes depend on the clips at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from annotation.annotators.judgements import Judgements
from annotation.annotators.skill import Skills
from annotation.columns import FloatArray

PRIOR_SPAM: Final = 0.05
"""Share of annotators taken for spammers before a vote is seen."""

PRIOR_OWN_WAYS: Final = 0.01
"""Share of listeners taken to hear unlike the average before a vote is seen."""


@dataclass(frozen=True, slots=True, eq=False)
class SpamScores:
    """How much of each annotator's voting is explained by guessing, (A,) each.

    Attributes:
        informativeness: The spammer score of Raykar and Yu: mean squared difference between the
            answers to different classes, 0 for one whose answers do not depend on the clip, 1
            for one who is always right; from the smoothed confusion matrix.
        evidence: Natural log of how much better "listens" predicts the votes than "guesses from a
            fixed habit"; negative speaks for guessing. 0 without judged votes.
        probability: P(spammer) that follows from `evidence` and `PRIOR_SPAM`.
    """

    informativeness: FloatArray
    evidence: FloatArray
    probability: FloatArray


def score_spam(judgements: Judgements, skills: Skills) -> SpamScores:
    """Weigh for each annotator the story that they listen against the story that they guess.

    A listener hears as the average does or, rarely, in their own way; either predicts each vote
    from its clip through a confusion matrix. A guesser's votes follow from how often they use
    each class. What is the annotator's own is learnt from their *other* votes only, so no story
    is favoured by having more to fit.

    Args:
        judgements: The votes.
        skills: Their confusion matrices.

    Returns:
        The scores.

    Reference:
        V. C. Raykar and S. Yu (2012). Eliminating spammers and ranking annotators for
        crowdsourced labeling tasks. Journal of Machine Learning Research 13, 491-518.
    """
    who, label = judgements.annotator_index, judgements.label_index
    known = np.isfinite(skills.hit)
    used = skills.counts.sum(axis=1)[who, label] - known
    habit = (used + 0.5) / (skills.judged[who] - known + 0.5 * len(judgements.classes))
    guesses, average, own = (
        judgements.sum(np.where(known, np.log(np.maximum(answer, 1e-12)), 0.0))
        for answer in (habit, skills.average_answer, skills.own_answer)
    )
    listens = np.logaddexp(average + np.log(1 - PRIOR_OWN_WAYS), own + np.log(PRIOR_OWN_WAYS))
    evidence = listens - guesses
    prior = np.log((1 - PRIOR_SPAM) / PRIOR_SPAM)
    return SpamScores(
        informativeness=spammer_score(skills.confusion),
        evidence=evidence,
        probability=1 / (1 + np.exp(np.clip(evidence + prior, -700, 700))),
    )


def spammer_score(confusion: FloatArray) -> FloatArray:
    """Return how far answers depend on the truth, in [0, 1], (A,).

    Args:
        confusion: P(vote | truth), (A, C, C) with truth on axis 1.

    Example:
        >>> spammer_score(np.array([np.eye(3), np.full((3, 3), 1 / 3)])).tolist()
        [1.0, 0.0]
    """
    classes = confusion.shape[-1]
    if classes < 2:
        return np.full(len(confusion), np.nan)
    # Σ_{c<c'} Σ_k (a[c, k] − a[c', k])² = C Σ a² − Σ_k (Σ_c a[c, k])².
    squares = classes * (confusion**2).sum(axis=(1, 2))
    total = (confusion.sum(axis=1) ** 2).sum(axis=1)
    return np.asarray(np.maximum(squares - total, 0.0) / (classes * (classes - 1)))
