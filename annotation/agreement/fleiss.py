"""Fleiss' kappa and the plain share of agreeing pairs, for any number of people per clip."""

from __future__ import annotations

import numpy as np

from annotation.agreement.counts import check_counts
from annotation.agreement.estimate import Statistic
from annotation.columns import FloatArray


def fleiss_kappa(counts: FloatArray) -> Statistic:
    r"""Return Fleiss' kappa as a statistic of clips, with unequally many people per clip.

    kappa = (P − E) / (1 − E), where P is the mean over clips of the share of pairs of people who
    agree on the clip, (Σ_c n[c]² − n) / (n (n − 1)), and E = Σ_c p[c]² with p the share of all
    judgements. With equally many people it is Fleiss' formula; otherwise each clip counts once
    in P and each judgement once in p, the usual generalisation. Clips judged by fewer than two
    people are left out of both. NaN where only one class was ever given.

    Args:
        counts: People per clip and class, (N, C); see `people_per_class`.

    Returns:
        The statistic; hand it to `estimate` or `estimate_by_group`.

    Raises:
        VoteError: `counts` is not (N, C), finite and at least 0.

    Reference:
        J. L. Fleiss (1971). Measuring nominal scale agreement among many raters. Psychological
        Bulletin 76(5), 378-382. doi:10.1037/h0031619

    Example:
        >>> from annotation.agreement import estimate
        >>> counts = np.array([[2.0, 0], [0, 2], [1, 1]])
        >>> round(estimate(fleiss_kappa(counts), resamples=0).value, 3)
        0.333
    """
    table, people, used = _pairable(counts)
    agreeing = (table**2).sum(axis=1) - people
    share = np.divide(agreeing, people * (people - 1), out=np.zeros_like(people), where=used > 0)
    terms = np.column_stack([used, share, table])
    return Statistic("fleiss_kappa", terms, _finish_kappa, used, people)


def pair_agreement(counts: FloatArray) -> Statistic:
    """Return the share of pairs of people on the same clip who gave the same class.

    Pairs are pooled, so a clip judged by many counts more. It is not corrected for chance.

    Args:
        counts: People per clip and class, (N, C).

    Returns:
        The statistic; NaN without any pair.

    Raises:
        VoteError: `counts` is not (N, C), finite and at least 0.
    """
    table, people, used = _pairable(counts)
    agreeing = (table**2).sum(axis=1) - people
    terms = np.column_stack([agreeing, people * (people - 1)])
    return Statistic("pair_agreement", terms, ratio, used, people)


def _pairable(counts: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the counts without clips judged once, the people and which clips remain."""
    table = check_counts(counts)
    used = (table.sum(axis=1) >= 2).astype(np.float64)
    table = table * used[:, None]
    return table, table.sum(axis=1), used


def _finish_kappa(sums: FloatArray) -> FloatArray:
    observed = divide(sums[:, 1], sums[:, 0])
    given = sums[:, 2:]
    expected = divide((given**2).sum(axis=1), given.sum(axis=1) ** 2)
    return correct_for_chance(observed, expected)


def correct_for_chance(observed: FloatArray, expected: FloatArray) -> FloatArray:
    """Return (observed − expected) / (1 − expected); NaN where chance agrees perfectly."""
    room = 1 - expected
    return divide(observed - expected, np.where(room > 1e-12, room, 0.0))


def ratio(sums: FloatArray) -> FloatArray:
    """Return the first of two sums over the second, (B,) of (B, 2); NaN where that is 0."""
    return divide(sums[:, 0], sums[:, 1])


def divide(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return the quotient, NaN where the denominator is not above 0."""
    out = np.full(np.broadcast(numerator, denominator).shape, np.nan)
    return np.asarray(np.divide(numerator, denominator, out=out, where=denominator > 0))
