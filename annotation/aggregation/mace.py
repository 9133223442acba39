"""MACE: who knows and who is guessing, by variational EM."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.special import digamma

from annotation.aggregation.parameters import check_iteration, check_parameter
from annotation.aggregation.result import Consensus, conclude
from annotation.aggregation.sparse_votes import (
    SparseVotes,
    largest_change,
    normalise_log,
)
from annotation.columns import FloatArray
from annotation.votes import VoteMatrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Mace:
    r"""Weighs votes by how often each annotator knows the answer rather than guesses.

    The model: all classes are equally likely; at each vote annotator a knows, with probability
    competence[a], and answers the truth, or guesses from a distribution strategy[a] of their own.
    P(answer l | truth t) = competence · [l = t] + (1 − competence) · strategy[l]. Variational EM
    alternates the expected numbers of known and of guessed votes with the means of log
    competence (Beta prior) and log strategy (Dirichlet prior). Skill is the competence: 0 for
    one who guesses, however well the guesses fit.

    It finds straight-lining and spam with few votes, and forgives nobody who really hears one
    class as another. Everyone starts even, so nothing is random and no restart is needed;
    crowd-kit starts from one fixed random draw, the same in each of its restarts. The mean of
    such annotators is again one, so a pool of anonymous counts is read as repeated responses.

    Attributes:
        competence_prior: Pseudo-votes guessed and known, each above 0.
        strategy_prior: Pseudo-votes per class that each annotator guesses, above 0.
        tolerance: Largest change of a posterior entry at which EM stops, at least 0.
        max_iterations: Bound on its steps, at least 1.

    Raises:
        AnnotationError: A parameter is outside its range.

    Reference:
        D. Hovy, T. Berg-Kirkpatrick, A. Vaswani and E. Hovy (2013). Learning whom to trust with
        MACE. NAACL-HLT, 1120-1130.

    Example:
        >>> from annotation.testing import make_votes
        >>> accuracy = [0.9, 0.9, 0.9, 0.5]
        >>> votes = make_votes(["calm", "joy"], clips=500, annotators=4, accuracy=accuracy)
        >>> Mace().aggregate(votes.matrix()).skill.round(1).tolist()
        [0.8, 0.8, 0.8, 0.0]
    """

    competence_prior: tuple[float, float] = (0.5, 0.5)
    strategy_prior: float = 10.0
    tolerance: float = 1e-5
    max_iterations: int = 500
    name: str = field(default="mace", init=False)
    takes_anonymous: ClassVar[bool] = True

    def __post_init__(self) -> None:
        """Refuse priors that are no distribution."""
        for value in self.competence_prior:
            check_parameter("competence_prior", value, value > 0, "above 0")
        check_parameter("strategy_prior", self.strategy_prior, self.strategy_prior > 0, "above 0")
        check_iteration(self.tolerance, self.max_iterations)

    def aggregate(self, votes: VoteMatrix) -> Consensus:
        """Return the posterior and each annotator's competence at the fixed point."""
        _, annotators, classes = votes.shape
        return self.aggregate_from(
            votes,
            knowing=np.full((annotators, 2), 0.5),
            strategy=np.full((annotators, classes), 1 / classes),
        )

    def aggregate_from(
        self, votes: VoteMatrix, *, knowing: FloatArray, strategy: FloatArray
    ) -> Consensus:
        """Start from given parameters instead of even ones.

        Args:
            votes: The votes.
            knowing: Weight of guessing and of knowing, (A, 2), above 0.
            strategy: Weight of each class when guessing, (A, C), above 0.

        Returns:
            The consensus after at most `max_iterations` steps.
        """
        sums = SparseVotes.of(votes)
        guess = strategy[sums.pair_annotator, sums.pair_label]
        posterior, known = _expect(sums, knowing, guess)
        iterations, change = 0, np.inf if votes.clips else 0.0
        while change > self.tolerance and iterations < self.max_iterations:
            knowing, guess = self._maximise(sums, known)
            updated, known = _expect(sums, knowing, guess)
            change = largest_change(updated, posterior)
            posterior = updated
            iterations += 1
        expected = self._expected_knowing(sums, known)
        return conclude(
            votes,
            posterior,
            skill=expected[:, 1] / expected.sum(axis=1),
            iterations=iterations,
            converged=change <= self.tolerance,
            change=change,
        )

    def _maximise(self, sums: SparseVotes, known: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return exp E log of guessing and knowing, (A, 2), and of each pair's guess, (P,)."""
        expected = self._expected_knowing(sums, known)
        total = digamma(expected.sum(axis=1, keepdims=True))
        guessed = sums.pair_votes - known
        classes = sums.shape[2]
        length = sums.per_annotator(guessed) + classes * self.strategy_prior
        log_guess = digamma(guessed + self.strategy_prior) - digamma(length)[sums.pair_annotator]
        return np.exp(digamma(expected) - total), np.exp(log_guess)

    def _expected_knowing(self, sums: SparseVotes, known: FloatArray) -> FloatArray:
        knew = sums.per_annotator(known)
        guessed = sums.per_annotator(sums.pair_votes) - knew
        return np.asarray(np.stack([guessed, knew], axis=1) + np.array(self.competence_prior))


def _expect(
    sums: SparseVotes, knowing: FloatArray, guess: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the posterior (N, C) and the expected known votes of each pair, (P,)."""
    guessed = knowing[sums.pair_annotator, 0] * guess
    known = knowing[sums.pair_annotator, 1]
    # A class nobody named has the product of all guesses; each vote for a class multiplies in
    # how much likelier the vote is there. So no sum runs over votes × classes.
    posterior = normalise_log(sums.per_answer(np.log1p(known / guessed)))
    return posterior, sums.hits(posterior) * (known / (guessed + known))
