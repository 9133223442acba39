"""The score on gold clips: control items whose class is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from annotation.annotators.judgements import Judgements
from annotation.annotators.skill import beta_interval
from annotation.columns import FloatArray, IntArray
from annotation.errors import VoteError


@dataclass(frozen=True, slots=True, eq=False)
class GoldScores:
    """Votes on gold clips, (A,) each.

    Attributes:
        votes: How many there are, int64.
        right: How many of them give the known class, int64.
        share: right / votes; NaN without any.
        low: Lower end of the Jeffreys interval of `share`; NaN without any.
        high: Upper end.
        group: Share of right votes of all annotators together; NaN without any gold vote.
    """

    votes: IntArray
    right: IntArray
    share: FloatArray
    low: FloatArray
    high: FloatArray
    group: float


def score_gold(
    judgements: Judgements, gold: Mapping[str, str], *, level: float = 0.95
) -> GoldScores:
    """Score each annotator on the clips whose class is known.

    Args:
        judgements: The votes.
        gold: Class name by clip id; clips nobody voted on are ignored.
        level: Coverage of the interval.

    Returns:
        The scores.

    Raises:
        VoteError: A gold class is none of the classes.
    """
    place = {name: index for index, name in enumerate(judgements.classes)}
    for clip, name in gold.items():
        if name not in place:
            msg = f"`gold` class `{name}` of clip `{clip}` is none of {list(judgements.classes)}"
            raise VoteError(msg)
    known = np.array(
        [place[gold[clip]] if clip in gold else -1 for clip in judgements.clips] or [-1]
    )
    truth = known[judgements.clip_index]
    is_gold = (truth >= 0).astype(np.float64)
    votes = judgements.sum(is_gold)
    right = judgements.sum(is_gold * (truth == judgements.label_index))
    low, high = beta_interval(right, votes - right, level)
    has = votes > 0
    return GoldScores(
        votes=votes.astype(np.int64),
        right=right.astype(np.int64),
        share=np.where(has, right / np.maximum(votes, 1), np.nan),
        low=np.where(has, low, np.nan),
        high=np.where(has, high, np.nan),
        group=float(right.sum() / votes.sum()) if has.any() else float("nan"),
    )
