"""Means over the pool from clips that were chosen in several ways, each at its own weight."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from annotation.columns import FloatArray, IntArray
from annotation.errors import AnnotationError
from annotation.estimates.arms import REST, STRATA, Arms, BoolArray
from annotation.estimates.interval import MeanEstimate, check_level, check_values
from annotation.estimates.layers import Layers
from annotation.estimates.prediction_powered import check_predictions, tune_power


def stratified_mean(
    values: npt.ArrayLike,
    strata: IntArray,
    *,
    level: float = 0.95,
    clusters: npt.ArrayLike | None = None,
) -> MeanEstimate:
    """Return Σ_h N_h/N · mean_h, where the answered clips of each stratum stand for all of it.

    Var = Σ_h (N_h/N)² (1 − n_h/N_h) s_h² / n_h: a stratum in which every clip has an answer adds
    none. In s_h² an answer of 0 and one of 1 are added to the n_h, as Agresti and Coull do, so
    that a few clips that happen to agree are not taken for certainty. The noise of the votes
    behind an answer is not counted: the estimate is of what these people would say of the pool.

    Args:
        values: What is averaged, within [0, 1], (N,) or (N, K); NaN for clips without an answer.
        strata: The stratum of each clip, (N,), from 0. Its answered clips must be a uniform
            sample of it.
        level: Coverage wanted, within (0, 1).
        clusters: The speaker of each clip: the interval then says what other speakers would have
            given, and is at least as wide. None for an interval about this pool.

    Returns:
        The estimate, NaN where a stratum has clips and no answer.

    Raises:
        AnnotationError: Shapes differ, a value is outside [0, 1], or `level` is out of range.

    Reference:
        W. G. Cochran (1977). Sampling techniques, ch. 5. A. Agresti and B. A. Coull (1998).
        Approximate is better than "exact" for interval estimation of binomial proportions. The
        American Statistician 52(2), 119-126.

    Example:
        >>> answers = np.array([1.0, 1.0, 0.0, np.nan, np.nan, 1.0])
        >>> stratified_mean(answers, np.array([0, 0, 1, 1, 1, 1])).value.round(3).tolist()
        [0.667]
    """
    check_level(level)
    table, _ = _check_shares(values)
    codes = np.asarray(strata, np.int64)
    if codes.shape != (len(table),) or codes.min() < 0:
        msg = (
            f"`strata` must number a stratum from 0 for each of the {len(table)} clips, but has "
            f"shape {codes.shape} and smallest number {codes.min(initial=0)}"
        )
        raise AnnotationError(msg)
    return Layers.of(table, codes, int(codes.max()) + 1).mean().estimate(level, clusters)


def naive_mean(
    values: npt.ArrayLike, *, level: float = 0.95, clusters: npt.ArrayLike | None = None
) -> MeanEstimate:
    """Return the mean of all answers as if they were a uniform sample, which they are not.

    Arguments are those of `stratified_mean`; it is there to show what selection does.
    """
    table, _ = _check_shares(values)
    return stratified_mean(table, np.zeros(len(table), np.int64), level=level, clusters=clusters)


def uniform_mean(
    values: npt.ArrayLike,
    arms: Arms,
    *,
    saw_seed: bool = False,
    level: float = 0.95,
    clusters: npt.ArrayLike | None = None,
) -> MeanEstimate:
    r"""Return the mean from the clips drawn at random alone: seed and random arm.

    Args:
        values: What is averaged, within [0, 1], (N,) or (N, K); NaN for clips without an answer.
        arms: Who asked about which clip.
        saw_seed: Whether the values depend on what the seed's answers taught, as the errors of a
            model do. The seed then stands for itself, and the random arm for pool \ seed.
        level: Coverage wanted.
        clusters: See `stratified_mean`.

    Raises:
        AnnotationError: As `stratified_mean` does.
    """
    check_level(level)
    table, _ = _check_shares(values, arms)
    return _uniform(table, arms, saw_seed=saw_seed).mean().estimate(level, clusters)


def corrected_mean(
    values: npt.ArrayLike,
    arms: Arms,
    *,
    saw_seed: bool = False,
    level: float = 0.95,
    clusters: npt.ArrayLike | None = None,
) -> MeanEstimate:
    r"""Return the mean from all answers, corrected for how each arm chose its clips.

    Given the seed, T₁ = Σ_h N_h/N · mean_h over seed, active arm and rest (see `Arms`) is
    unbiased: only the rest is sampled, by the random clips outside the active arm's. While these
    are few, T₂, the mean of seed and random arm as one sample of the pool, is better. The result
    is w·T₁ + (1 − w)·T₂, unbiased since w follows from the sizes of pool and arms alone: it would
    be best if all clips varied alike. Its variance is w² V₁ + (1 − w)² V₂ + 2 w (1 − w) C with
    C = Σ_h (N_h/N) (u_h/n) (1 − n_h/N_h) s_h² / n_h, where u_h of the n clips of T₂ lie in
    stratum h.

    Where people have not answered yet, the answered clips of a stratum stand for all of it.
    Once every clip of the pool has its answer, w is 1 and nothing is left to chance.

    Args:
        values: What is averaged, within [0, 1], (N,) or (N, K); NaN for clips without an answer.
        arms: Who asked about which clip.
        saw_seed: Whether values depend on what the seed's answers taught, as the errors of a
            model do: it errs less on clips it learned from. Then w is 1.
        level: Coverage wanted.
        clusters: See `stratified_mean`.

    Returns:
        The estimate; NaN where no random clip tells of the rest.

    Raises:
        AnnotationError: As `stratified_mean` does.

    Example:
        >>> arms = Arms.checked(seed=[0] * 6, active=[1, 1, 0, 0, 0, 0], random=[0, 0, 0, 0, 1, 1])
        >>> answers = np.array([1, 1, np.nan, np.nan, 0, 0])
        >>> [mean.value.round(3).tolist() for mean in (
        ...     naive_mean(answers), uniform_mean(answers, arms), corrected_mean(answers, arms))]
        [[0.5], [0.0], [0.333]]
    """
    check_level(level)
    table, answered = _check_shares(values, arms)
    layers = Layers.of(table, arms.strata, STRATA)
    if saw_seed or answered.all():
        return layers.mean().estimate(level, clusters)
    whole = _uniform(table, arms, saw_seed=False).mean()
    share = _share_of_strata(arms, answered) if layers.is_known else 0.0
    if share == 0:
        return whole.estimate(level, clusters)
    common = np.bincount(arms.strata[arms.is_uniform & answered], minlength=STRATA)
    parts = layers.sizes / len(table) * common / common.sum()
    covariance = (parts[:, None] * np.nan_to_num(layers.variance)).sum(axis=0)
    return layers.mean().mix(whole, share, covariance).estimate(level, clusters)


def assisted_mean(
    values: npt.ArrayLike,
    predictions: npt.ArrayLike,
    arms: Arms,
    *,
    level: float = 0.95,
    clusters: npt.ArrayLike | None = None,
) -> MeanEstimate:
    """Return the stratified mean with the rest estimated by the help of a model's predictions.

    The model of the active arm learned from the seed and from its own clips, so these stand for
    themselves. In the rest, which it never saw, the random clips correct its guesses, see
    `prediction_powered_mean`. It serves values that depend on the model as well as others.

    Args:
        values: What is averaged, within [0, 1], (N,) or (N, K); NaN for clips without an answer.
        predictions: The model's guess at it for every clip of the pool, shaped like `values`.
        arms: Who asked about which clip.
        level: Coverage wanted.
        clusters: See `stratified_mean`.

    Returns:
        The estimate; NaN where no random clip tells of the rest.

    Raises:
        AnnotationError: As `stratified_mean` does, or a prediction is missing.
    """
    check_level(level)
    table, answered = _check_shares(values, arms)
    guess = check_predictions(predictions, table)
    layers = Layers.of(table, arms.strata, STRATA)
    rest = arms.strata == REST
    told = rest & answered
    count, size = int(told.sum()), int(rest.sum())
    if not layers.is_known or not size:
        return layers.mean().estimate(level, clusters)
    power = tune_power(table[told], guess[told])
    residual = table[told] - power * guess[told]
    fitted, variance = layers.fitted, layers.variance.copy()
    fitted[rest] = power * guess[rest] + residual.mean(axis=0)
    # Two answers more, as wrong as the model itself expects: residuals that happen to be alike,
    # such as those of a class nobody named, are not taken for certainty.
    expected = np.clip(guess[rest] * (1 - guess[rest]), 0, None).mean(axis=0)
    square = (((residual - residual.mean(axis=0)) ** 2).sum(axis=0) + 2 * expected) / count
    variance[REST] = (1 - count / size) * square / count
    return layers.mean_of(fitted, variance).estimate(level, clusters, max(count - 1, 1))


def _uniform(values: FloatArray, arms: Arms, *, saw_seed: bool) -> Layers:
    """Return the clips drawn at random as layers: all as one, or the seed apart from the others."""
    drawn = np.where(arms.is_uniform[:, None], values, np.nan)
    apart = ~arms.is_seed if saw_seed else np.zeros(len(arms), np.bool_)
    return Layers.of(drawn, apart.astype(np.int64), 2 if saw_seed else 1)


def _share_of_strata(arms: Arms, answered: BoolArray) -> float:
    """Return w, the share of T₁ that is best if all clips vary alike.

    Of the random clips outside the active arm's it takes the number that is expected, not that
    which was drawn: a w that depended on it would depend on T₂, too, and bias the result.
    """
    pool, seed = len(arms), int(arms.is_seed.sum())
    drawn = int((arms.is_random & answered).sum())
    number = drawn + int((arms.is_seed & answered).sum())
    rest, others = pool - seed - int(arms.is_active.sum()), pool - seed
    if not drawn or not rest:
        return 0.0 if rest else 1.0
    stratified = rest * (others - drawn) / (pool**2 * drawn)
    uniform = 1 / number - 1 / pool
    covariance = rest * (others - drawn) / (pool * number * others)
    spread = stratified + uniform - 2 * covariance
    return float(np.clip((uniform - covariance) / spread, 0, 1)) if spread > 0 else 1.0


def _check_shares(values: npt.ArrayLike, arms: Arms | None = None) -> tuple[FloatArray, BoolArray]:
    table, answered = check_values(values)
    outside = (table < 0) | (table > 1)
    if outside.any():
        row, column = np.argwhere(outside)[0]
        msg = f"`values` must lie within [0, 1], but clip {row} has {table[row, column]}"
        raise AnnotationError(msg)
    if arms is not None and len(arms) != len(table):
        msg = f"`arms` must tell of the {len(table)} clips of the values, but tell of {len(arms)}"
        raise AnnotationError(msg)
    if arms is not None and (answered & ~arms.is_asked).any():
        row = int(np.argmax(answered & ~arms.is_asked))
        msg = (
            f"`values` must be NaN for clips that no arm asked about, but clip {row} has an "
            "answer; answers from elsewhere are chosen in a way that nothing corrects for"
        )
        raise AnnotationError(msg)
    return table, answered
