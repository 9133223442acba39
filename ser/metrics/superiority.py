"""Whether a model is better than another, or than guessing: tests of one side, over speakers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ser.errors import ConfigurationError
from ser.metrics.bootstrap import Interval, bootstrap_difference, bootstrap_metrics
from ser.metrics.classification import Labels, check_labels, classification_statistic
from ser.metrics.statistic import FloatArray, IntArray, number_speakers

# Sums that rounding alone keeps apart count as equal.
ROUNDING = 1e-10
# Draws held at a time: 32 MB.
CHUNK = 4_000_000


@dataclass(frozen=True)
class Superiority:
    """By how much a model's UAR exceeds another's, or that of guessing.

    Args:
        candidate: UAR of the model.
        reference: UAR of the other one; of guessing, one by the number of classes that occur.
        difference: Candidate minus reference, with its bootstrap interval over speakers.
        p_value: One-sided p: how often chance alone would show so large a difference.
        least_p: The smallest p that these speakers, or this many draws, could have shown.
        clips: Number of clips.
        speakers: Number of their speakers.
    """

    candidate: float
    reference: float
    difference: Interval
    p_value: float
    least_p: float
    clips: int
    speakers: int


def superiority_over(
    truth: Labels,
    candidate: Labels,
    reference: Labels,
    speakers: Sequence[str],
    *,
    n_classes: int,
    margin: float = 0.0,
    confidence: float = 0.9,
    resamples: int = 2000,
    permutations: int = 10_000,
    seed: int = 0,
) -> Superiority:
    """Test whether a model's UAR exceeds another's by more than a margin, over speakers.

    Both models judge the same clips, so the difference of their UARs is a sum of what each
    speaker adds to it: ``d = Σ_g c_g``, and of the margin speaker g bears the share ``w_g`` of
    the clips, each class weighed alike. If the models differ by the margin, then ``c_g − m·w_g``
    is as probable with either sign; p is the share of all ``2^G`` choices of signs under which
    the sum is as large as it is. With a margin of 0 a sign is a swap of the two models.

    What is controlled: where models are exchangeable speaker by speaker (two trainings that differ
    by their seeds alone), or each speaker's excess is symmetric about 0, p is exact for any number
    of speakers. Where only the mean excess over the population of speakers is at most 0, p is
    right for many speakers and approximate for few. What is not: the models and the speakers'
    clips are held fixed, so p says nothing about other seeds, other corpora, or other emotions;
    and a test set that decides again and again, between models chosen by what it said before,
    errs more often in the end than each decision by itself.

    Args:
        truth: True class of each clip, int ``(N,)``.
        candidate: Class predicted by the model, int ``(N,)``.
        reference: Class predicted by the other one, int ``(N,)``.
        speakers: Speaker of each clip; with G of them no p is below ``2^−G``.
        n_classes: C.
        margin: UAR by which it must be better; below 0, by which it may be worse.
        confidence: Of the interval; at ``1 − 2α`` its lower end is a bound of level α, which
            with few speakers is too optimistic, so read it together with p.
        resamples: Bootstrap resamples, at least 1.
        permutations: Most choices of signs to try; that many are drawn where there are more.
        seed: Seed of both draws.

    Raises:
        ConfigurationError: If there is no clip, lengths differ or a parameter lies outside its
            range.

    Example:
        >>> truth, speakers = np.array([0, 1] * 5), [f"s{number // 2}" for number in range(10)]
        >>> found = superiority_over(truth, truth, 1 - truth, speakers, n_classes=2)
        >>> found.difference.estimate, found.p_value, found.least_p
        (1.0, 0.03125, 0.03125)

    Reference:
        R. A. Fisher, "The design of experiments", 1935, §21; E. J. G. Pitman, "Significance
        tests which may be applied to samples from any populations", 1937; J. P. Romano, "On the
        behavior of randomization tests without a group invariance assumption", JASA 85, 1990;
        B. Phipson and G. K. Smyth, "Permutation p-values should never be zero", 2010.
    """
    _check_permutations(permutations)
    names = [str(number) for number in range(n_classes)]
    first, second = (
        classification_statistic(truth, said, names) for said in (candidate, reference)
    )
    found = bootstrap_difference(
        first, second, speakers, resamples=resamples, confidence=confidence, seed=seed
    )
    n_speakers, numbers = number_speakers(speakers, len(truth))
    weights = _weights(truth, n_classes)
    gained = weights * ((candidate == truth).astype(np.float64) - (reference == truth))
    excess = np.bincount(numbers, gained - margin * weights, n_speakers).astype(np.float64)
    p_value, least_p = _sign_flip(excess, permutations, seed)
    return Superiority(
        candidate=first.evaluate()["uar"],
        reference=second.evaluate()["uar"],
        difference=found["uar"],
        p_value=p_value,
        least_p=least_p,
        clips=len(truth),
        speakers=n_speakers,
    )


def superiority_over_guessing(
    truth: Labels,
    candidate: Labels,
    speakers: Sequence[str],
    *,
    n_classes: int,
    confidence: float = 0.9,
    resamples: int = 2000,
    permutations: int = 2000,
    seed: int = 0,
) -> Superiority:
    """Test whether a model knows anything: its UAR against that of guessing, 1/C.

    If what a model says has nothing to do with the truth, the truths of a speaker's clips may
    change places. p is the share of that many shuffles, each within speakers, under which the UAR
    is as large. This works with any number of speakers, a single one too.

    What is controlled: the chance that a model passes whose word is independent of the truth
    within each speaker. What is not: a model that always takes one emotion for another is not
    independent of the truth, and may come out above guessing or below; whether other speakers
    would bear it out is what the interval says, roughly where there are few.

    Args:
        truth: True class of each clip, int ``(N,)``.
        candidate: Class predicted by the model, int ``(N,)``.
        speakers: Speaker of each clip.
        n_classes: C; guessing has one by the number of classes that occur in `truth`.
        confidence: Of the interval, see `superiority_over`.
        resamples: Bootstrap resamples, at least 1.
        permutations: Shuffles, at least 1.
        seed: Seed of both draws.

    Raises:
        ConfigurationError: As `superiority_over`.

    Example:
        >>> truth, speakers = np.array([0, 1] * 10), ["a", "b"] * 10
        >>> truth = np.repeat([0, 1], 10)
        >>> superiority_over_guessing(truth, truth, speakers, n_classes=2).p_value < 0.01
        True
        >>> superiority_over_guessing(truth, np.zeros(20, int), speakers, n_classes=2).p_value
        1.0

    Reference:
        M. Ojala and G. C. Garriga, "Permutation tests for studying classifier performance",
        JMLR 11, 2010.
    """
    _check_permutations(permutations)
    told = classification_statistic(truth, candidate, [str(c) for c in range(n_classes)])
    found = bootstrap_metrics(
        told, speakers, resamples=resamples, confidence=confidence, seed=seed
    )["uar"]
    guessing = 1 / len(np.unique(truth))
    n_speakers, numbers = number_speakers(speakers, len(truth))
    shuffles = np.random.default_rng(seed), permutations
    drawn = _shuffled_uars((truth, candidate, numbers), n_classes, *shuffles)
    as_large = int((drawn >= found.estimate - ROUNDING).sum())
    return Superiority(
        candidate=found.estimate,
        reference=guessing,
        difference=Interval(found.estimate - guessing, found.low - guessing, found.high - guessing),
        p_value=(1 + as_large) / (1 + permutations),
        least_p=1 / (1 + permutations),
        clips=len(truth),
        speakers=n_speakers,
    )


def _check_permutations(permutations: int) -> None:
    if permutations < 1:
        raise ConfigurationError(f"`permutations` must be ≥ 1, but got {permutations}")


def _weights(truth: Labels, n_classes: int) -> FloatArray:
    """Return what a hit on each clip adds to the UAR, (N,)."""
    check_labels("truth", truth, n_classes)
    counts = np.bincount(truth, minlength=n_classes)
    weights: FloatArray = 1 / (counts[truth] * np.count_nonzero(counts))
    return weights


def _sign_flip(excess: FloatArray, permutations: int, seed: int) -> tuple[float, float]:
    """Return the one-sided p of a sum whose terms (G,) may have either sign, and the least p."""
    size = len(excess)
    is_exact = size < 63 and 2**size <= permutations
    if is_exact:
        flipped = np.arange(2**size)[:, None] >> np.arange(size) & 1
    else:
        flipped = np.random.default_rng(seed).integers(2, size=(permutations, size))
    observed = excess.sum()
    drawn = observed - 2 * (flipped @ excess)
    as_large = int((drawn >= observed - ROUNDING * np.abs(excess).sum()).sum())
    extra = 0 if is_exact else 1
    least = max(1, extra) / (len(drawn) + extra)
    return (as_large + extra) / (len(drawn) + extra), least


def _shuffled_uars(
    clips: tuple[Labels, Labels, IntArray],
    n_classes: int,
    generator: np.random.Generator,
    permutations: int,
) -> FloatArray:
    """Return the UAR under shuffles of the truth within speakers, (permutations,).

    `clips` are the truth, the predicted class and the number of the speaker of each, all (N,).
    """
    truth, said, numbers = clips
    order = np.argsort(numbers, kind="stable")
    speaker, labels, guesses = numbers[order], truth[order], said[order]
    weights = _weights(labels, n_classes)
    rows = max(CHUNK // len(labels), 1)
    found = []
    for start in range(0, permutations, rows):
        draws = generator.random((min(rows, permutations - start), len(labels)))
        # Sorting by speaker and then by chance leaves every clip with its speaker.
        places = np.argsort(draws + speaker, axis=1)
        found.append((weights[places] * (labels[places] == guesses)).sum(axis=1))
    return np.concatenate(found)
