"""How well a model says what people say, where people disagree.

Against a label by majority, a clip on which people split is either right or wrong; here it is
compared with the split itself.
"""

from functools import partial

import numpy as np
from scipy.special import rel_entr, xlogy

from ser.metrics.moments import moment_rows, moments
from ser.metrics.posteriors import Posterior, check_same_shape, log_posterior
from ser.metrics.statistic import FloatArray, SummedStatistic, ratio

MEANS = (
    "cross_entropy",
    "kl_divergence",
    "js_distance",
    "cosine_similarity",
    "soft_accuracy",
    "expected_accuracy",
    "expected_accuracy_limit",
)


def vote_statistic(vote_posterior: Posterior, model_posterior: Posterior) -> SummedStatistic:
    """Return every metric against the votes, ready to be resampled.

    With v the vote posterior and p the model posterior of a clip, the mean over clips of

    - `cross_entropy`: ``−Σ v ln p``, nats, and `kl_divergence`: the same less the entropy of the
      votes, 0 exactly where they agree;
    - `js_distance`: the root of the Jensen–Shannon divergence in bits, in [0, 1];
    - `cosine_similarity`: ``v·p / |v||p|``, in [0, 1];
    - `soft_accuracy`: ``Σ min(v, p)``, one less their total variation distance, in [0, 1];
    - `expected_accuracy`: v of the predicted class, how often a random voter says the same, and
      `expected_accuracy_limit`: the largest v, the most that any label could reach;

    and over all clips `soft_macro_f1`, the mean over classes of ``2 Σ min(v, p) / Σ (v + p)``,
    and `entropy_correlation`, Pearson's between the entropies of v and p: whether the model
    hesitates where people differ.

    Args:
        vote_posterior: Share of the votes for each class, ``(N, C)``.
        model_posterior: P(class), ``(N, C)``; a 0 is taken as the smallest float32.

    Raises:
        ConfigurationError: If an argument is no posterior or their shapes differ.

    Example:
        >>> votes, said = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[0.6, 0.4], [0.9, 0.1]])
        >>> found = vote_statistic(votes, said).evaluate()
        >>> {name: round(found[name], 3) for name in ("kl_divergence", "soft_accuracy")}
        {'kl_divergence': 0.063, 'soft_accuracy': 0.9}
        >>> found["expected_accuracy"], found["expected_accuracy_limit"]
        (0.75, 0.75)

    Reference:
        A. N. Uma et al., "Learning from disagreement: a survey", JAIR 72, 2021 (cross-entropy,
        Jensen–Shannon, entropy correlation). https://doi.org/10.1613/jair.1.12752
        K. Kurniawan et al., "Training and evaluating with human label variation: an empirical
        study", 2025 (soft accuracy and F1). https://arxiv.org/abs/2502.01891
        S. Steidl et al., "Of all things the measure is man: automatic classification of emotions
        and inter-labeler consistency", ICASSP 2005 (why, for emotional speech).
    """
    votes, model = check_same_shape(
        "vote_posterior", vote_posterior, "model_posterior", model_posterior
    )
    entropies = moment_rows(_entropy(votes), _entropy(model))
    rows = [_means(votes, model), np.minimum(votes, model), votes + model, entropies]
    names = (*MEANS, "soft_macro_f1", "entropy_correlation")
    return SummedStatistic(names, np.hstack(rows), partial(_finish, n_classes=votes.shape[1]))


def _means(votes: FloatArray, model: FloatArray) -> FloatArray:
    """Return the metrics of each clip, (N, 7)."""
    clips = np.arange(len(votes))
    cross_entropy = -(votes * log_posterior(model)).sum(axis=1)
    lengths = np.linalg.norm(votes, axis=1) * np.linalg.norm(model, axis=1)
    columns = (
        cross_entropy,
        cross_entropy - _entropy(votes),
        _js_distance(votes, model),
        (votes * model).sum(axis=1) / lengths,
        np.minimum(votes, model).sum(axis=1),
        votes[clips, model.argmax(axis=1)],
        votes.max(axis=1),
    )
    return np.stack(columns, axis=1)


def _entropy(posterior: FloatArray) -> FloatArray:
    """Return the entropy of each clip, nats, (N,)."""
    entropies: FloatArray = -xlogy(posterior, posterior).sum(axis=1)
    return entropies


def _js_distance(first: FloatArray, second: FloatArray) -> FloatArray:
    middle = (first + second) / 2
    nats = (rel_entr(first, middle) + rel_entr(second, middle)).sum(axis=1) / 2
    # Rounding can leave a divergence of equal rows a little below 0.
    distances: FloatArray = np.sqrt(np.maximum(nats, 0) / np.log(2))
    return distances


def _finish(sums: FloatArray, n_classes: int) -> FloatArray:
    means, shared, total, entropies = np.split(
        sums, np.cumsum([len(MEANS), n_classes, n_classes]), axis=1
    )
    per_class = ratio(2 * shared, total)
    # A class that nobody names and no model gives any chance has no F1.
    soft_f1 = ratio(np.nansum(per_class, axis=1), np.isfinite(per_class).sum(axis=1))
    overall = np.stack([soft_f1, moments(entropies).correlation], axis=1)
    return np.concatenate([ratio(means, entropies[:, :1]), overall], axis=1)
