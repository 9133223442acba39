"""Two ways not to know what a clip sounds like: people disagree, or too few were asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from scipy.special import digamma, entr

from annotation.clips.dirichlet import fit_dirichlet
from annotation.columns import FloatArray, IntArray
from annotation.errors import VoteError
from annotation.votes import VoteMatrix

UNCERTAINTY_SCHEMA: Final = pa.schema(
    [
        pa.field("clip_id", pa.string(), nullable=False),
        pa.field("votes", pa.int64(), nullable=False),
        pa.field("effective_votes", pa.float64(), nullable=False),
        pa.field("total", pa.float64(), nullable=False),
        pa.field("ambiguity", pa.float64(), nullable=False),
        pa.field("ignorance", pa.float64(), nullable=False),
    ]
)

_DECIMALS: Final = 12
_FLOOR: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Uncertainty:
    """What remains unknown of the answers to N clips, in nats.

    Attributes:
        clips: N clip ids, ascending.
        classes: C class names.
        alpha: Dirichlet pseudo-votes on each clip's distribution of answers, (N, C).
        votes: Votes on each clip, (N,).
        effective_votes: Faithful votes that would tell as much as those did, (N,): the votes
            themselves where no confusion was given, fewer where annotators err; below 0 where
            votes contradict what was expected, since one is then less sure than before.
        total: Entropy of the mean distribution, (N,): of the next faithful answer.
        ambiguity: Mean entropy of the distribution, (N,): people disagree, and any number of
            further votes would leave it so.
        ignorance: `total` − `ambiguity`, (N,), at least 0: what further votes would remove. It
            is also the information one more faithful vote gives about the distribution.
        prior: Pseudo-votes of a clip without votes, (C,).
        converged: Whether the prior was found; True where it was given.
    """

    clips: tuple[str, ...]
    classes: tuple[str, ...]
    alpha: FloatArray
    votes: IntArray
    effective_votes: FloatArray
    total: FloatArray
    ambiguity: FloatArray
    ignorance: FloatArray
    prior: FloatArray
    converged: bool

    def to_table(self) -> pa.Table:
        """Return one row per clip, `UNCERTAINTY_SCHEMA`, in order of `clips`."""
        columns = {name: getattr(self, name) for name in UNCERTAINTY_SCHEMA.names[1:]}
        return pa.table({"clip_id": list(self.clips)} | columns, UNCERTAINTY_SCHEMA)


def separate_uncertainty(
    votes: VoteMatrix, *, confusion: FloatArray | None = None, prior: FloatArray | None = None
) -> Uncertainty:
    r"""Tell the clips on which people disagree from those that too few have judged.

    A clip has an unknown distribution p of answers, p ~ Dirichlet(prior); votes make it known.
    With α after the votes and μ = α / Σα,

        total = H(μ),  ambiguity = E[H(p)] = Σ_c μ_c (ψ(Σα + 1) − ψ(α_c + 1)),
        ignorance = total − ambiguity = I(p; next answer).

    Without `confusion` each vote is taken at its word: α = prior + counts. With it, an annotator
    perceives t ~ p and answers l with probability confusion[a, t, l], so a vote says p's density
    is Σ_t p_t · confusion[a, t, l] as high: a careful person's vote counts nearly one, a
    spammer's nothing, and disagreement that known errors explain is no ambiguity. The posterior
    is then a mixture of Cᵛ Dirichlets; votes are taken in one by one, the most telling first, and
    each time the mixture is replaced by the Dirichlet with its mean and total variance. The order
    follows from the annotators' matrices alone, so names do not matter.

    Args:
        votes: N clips, A annotators, C classes.
        confusion: P(answer | perceived), (A, C, C), such as `Consensus.confusion`; None trusts
            every vote.
        prior: Pseudo-votes, (C,), all positive; None fits them to the votes.

    Returns:
        The three quantities per clip and the distributions they are read from.

    Raises:
        VoteError: `confusion` or `prior` has another shape, or a pseudo-vote is not positive.

    Example:
        >>> from annotation.testing import fill_votes
        >>> from annotation.votes import build_vote_matrix
        >>> counts = {"clip_id": ["few", "split", "split"], "label": ["joy", "joy", "calm"]}
        >>> table = fill_votes(counts | {"count": [1, 20, 20]})
        >>> matrix = build_vote_matrix(table, ["calm", "joy"])
        >>> found = separate_uncertainty(matrix, prior=np.array([1.0, 1.0]))
        >>> found.clips, found.ambiguity.round(2).tolist(), found.ignorance.round(2).tolist()
        (('few', 'split'), [0.5, 0.68], [0.14, 0.01])

    Reference:
        S. Depeweg et al. (2018). Decomposition of uncertainty in Bayesian deep learning. ICML.
        Matching moments: T. P. Minka (2001). Expectation propagation for approximate Bayesian
        inference. UAI, 362-369.
    """
    counts = votes.class_counts()
    fitted = fit_dirichlet(counts) if prior is None else None
    start = np.asarray(fitted.alpha if fitted else prior, np.float64)
    _check(votes, start, confusion)
    alpha = start + counts if confusion is None else _absorb(votes, start, confusion)
    strength = alpha.sum(axis=1)
    mean = alpha / strength[:, None]
    total = entr(mean).sum(axis=1)
    ambiguity = (mean * (digamma(strength + 1)[:, None] - digamma(alpha + 1))).sum(axis=1)
    return Uncertainty(
        clips=votes.clips,
        classes=votes.classes,
        alpha=alpha,
        votes=votes.clip_counts(),
        effective_votes=strength - start.sum(),
        total=total,
        ambiguity=ambiguity,
        ignorance=np.maximum(total - ambiguity, 0.0),
        prior=start,
        converged=fitted is None or fitted.converged,
    )


def _check(votes: VoteMatrix, prior: FloatArray, confusion: FloatArray | None) -> None:
    _, annotators, classes = votes.shape
    if prior.shape != (classes,) or not (prior > 0).all():
        msg = f"`prior` must hold {classes} positive pseudo-votes, but is {prior.tolist()}"
        raise VoteError(msg)
    if confusion is not None and confusion.shape != (annotators, classes, classes):
        msg = (
            f"`confusion` must be {(annotators, classes, classes)}, but is {confusion.shape}; "
            "pass the consensus of these very votes"
        )
        raise VoteError(msg)


def _absorb(votes: VoteMatrix, prior: FloatArray, confusion: FloatArray) -> FloatArray:
    """Return the pseudo-votes after all votes, (N, C), taken in one per clip and round."""
    clips, _, classes = votes.shape
    if classes == 1:
        return prior + votes.class_counts()
    likelihood = confusion.transpose(0, 2, 1).reshape(-1, classes)
    pair = votes.annotator_index * classes + votes.label_index
    rank = _rank(likelihood)
    order = np.argsort(votes.clip_index * (rank.max(initial=0) + 1) + rank[pair], kind="stable")
    queue = np.repeat(pair[order], votes.count[order])
    size = votes.clip_counts()
    # Clips with most votes first: those due in a round are then a slice, which is not copied.
    by_size = np.argsort(-size, kind="stable")
    first, size = (np.cumsum(size) - size)[by_size], size[by_size]
    # A class a row: sums over a short last axis take several times as long.
    alpha, rows = np.tile(prior[:, None], clips), np.ascontiguousarray(likelihood.T)
    for turn in range(int(size.max(initial=0))):
        due = int(np.searchsorted(-size, -turn))
        alpha[:, :due] = _match(alpha[:, :due], rows[:, queue[first[:due] + turn]])
    after = np.empty((clips, classes))
    after[by_size] = alpha.T
    return after


def _rank(likelihood: FloatArray) -> IntArray:
    """Rank answers by how much they tell, (P,); equal answers get equal ranks."""
    scaled = likelihood / np.maximum(likelihood.sum(axis=1, keepdims=True), _FLOOR)
    distinct, kind = np.unique(np.round(scaled, _DECIMALS), axis=0, return_inverse=True)
    order = np.argsort(np.round(entr(distinct).sum(axis=1), _DECIMALS), kind="stable")
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return np.asarray(rank[kind.reshape(-1)])


def _match(alpha: FloatArray, likelihood: FloatArray) -> FloatArray:
    """Return the Dirichlet with mean and total variance of Σ_t r_t · Dirichlet(α + e_t), (C, n)."""
    share = alpha * np.maximum(likelihood, _FLOOR)
    share /= share.sum(axis=0)
    size = alpha.sum(axis=0)
    mean = (alpha + share) / (size + 1)
    second = ((alpha + 1) * (alpha + 2 * share)).sum(axis=0)
    second /= (size + 1) * (size + 2)
    strength = (1 - second) / (second - np.square(mean).sum(axis=0))
    return np.asarray(mean * strength)
