"""Strategies: from what is known of the pool to how many further votes each clip gets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from annotation.clips import separate_uncertainty
from annotation.sampling.ambiguity import expect_ambiguity
from annotation.sampling.batches import BATCHES, Candidates
from annotation.sampling.utilities import UTILITIES, Known
from annotation.sampling.worth import spend_votes, worth_of_votes
from annotation.votes import VoteMatrix
from pipelines.errors import PipelineError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DEFAULT: Final = "worth"
_AMBIGUITY = "reducible"
_NEEDS_MEMBERS = "bald"


@dataclass(frozen=True, eq=False)
class AskState:
    """What a campaign knows when it asks again.

    Args:
        posterior: Consensus of a clip with votes, the model's word otherwise, ``(N, C)``.
        model: The model's word alone, on clips with votes from one that did not learn from them,
            ``(N, C)``.
        votes: Votes each clip has, ``(N,)``.
        labels: The votes so far.
        voted: Which clips those are about, ascending, ``(n,)``.
        embeddings: Where clips lie, float32 ``(N, E)``.
        confusion: P(answer | class) of an average annotator as estimated, ``(C, C)``.
        seconds: Time an answer is expected to take, ``(N,)``.
        most: Votes a clip may have in all.
    """

    posterior: FloatArray
    model: FloatArray
    votes: IntArray
    labels: VoteMatrix
    voted: IntArray
    embeddings: npt.NDArray[np.float32]
    confusion: FloatArray
    seconds: FloatArray
    most: int


class Ask(Protocol):
    """Spends a budget of votes."""

    def __call__(self, state: AskState, budget: int, rng: np.random.Generator, /) -> IntArray:
        """Return how many further votes each clip gets, ``(N,)``; zeros end the campaign."""
        ...


@dataclass(frozen=True)
class Strategy:
    """A named way of asking, and how its campaign begins.

    Args:
        name: How it is called in results.
        ask: What it asks after a model was trained.
        first: Votes on each clip of the random start.
    """

    name: str
    ask: Ask
    first: int = 1


def find_strategies(names: Sequence[str]) -> tuple[Strategy, ...]:
    """Return strategies by name.

    `worth` spends vote by vote where it is worth most per second, `worth-votes` per vote.
    `random-3` draws new clips and gives each 3 votes; so do `margin-1`, `badge-1` and every other
    utility or way of choosing a batch, with clips that are new and chosen by it. One of your
    own is named `package.module:name` and is a function like `Ask`, or a `Strategy`.

    Args:
        names: Names, distinct.

    Raises:
        PipelineError: If one is unknown, needs what a simulation has not, or none is given.
    """
    if not names or len(set(names)) < len(names):
        raise PipelineError(f"name each strategy once and at least one, got {list(names)}")
    return tuple(_find(name) for name in names)


def _find(name: str) -> Strategy:
    if name in ("worth", "worth-votes"):
        return Strategy(name, partial(ask_by_worth, is_timed=name == "worth"))
    if ":" in name:
        return _import(name)
    match = re.fullmatch(r"([a-z_]+)-(\d+)", name)
    way, votes = (match[1], int(match[2])) if match else (name, 0)
    ways = ("random", *(key for key in UTILITIES if key != _NEEDS_MEMBERS), *list(BATCHES)[1:])
    if way not in ways or votes < 1:
        listed = ", ".join(f"`{one}-1`" for one in ways)
        raise PipelineError(
            f"`{name}` is no strategy; choose `worth`, `worth-votes`, or a way and a number of "
            f"votes per clip: {listed}, or `-3` and so on; or one of your own, "
            "`package.module:name`"
        )
    return Strategy(name, partial(ask_new_clips, way=way, votes_per_clip=votes), first=votes)


def _import(name: str) -> Strategy:
    module, _, function = name.partition(":")
    try:
        ask = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise PipelineError(
            f"strategy `{name}` cannot be imported ({error}); name it as "
            "`package.module:name`, and let PYTHONPATH lead to its package"
        ) from error
    return replace(ask, name=name) if isinstance(ask, Strategy) else Strategy(name, ask)


def ask_by_worth(
    state: AskState, budget: int, rng: np.random.Generator, *, is_timed: bool
) -> IntArray:
    """Spend votes on new and on heard clips, wherever the next one is worth most."""
    worth = worth_of_votes(
        state.posterior,
        state.confusion,
        state.votes,
        seconds=state.seconds if is_timed else None,
    )
    return spend_votes(worth, state.votes, budget, most=state.most, rng=rng)


def ask_new_clips(
    state: AskState, budget: int, rng: np.random.Generator, *, way: str, votes_per_clip: int
) -> IntArray:
    """Give clips that nobody has heard the same number of votes each."""
    fresh = np.flatnonzero(state.votes == 0)
    size = min(budget // votes_per_clip, len(fresh))
    if way == "random":
        chosen = rng.choice(len(fresh), size, replace=False)
    else:
        candidates = Candidates.checked(
            _utility(state, way)[fresh],
            state.posterior[fresh],
            state.embeddings[fresh],
            known=state.embeddings[state.voted],
        )
        chosen = BATCHES[way if way in BATCHES else "top"](candidates, size, rng)
    given = np.zeros(len(state.votes), np.int64)
    given[fresh[chosen]] = votes_per_clip
    return given


def _utility(state: AskState, way: str) -> FloatArray:
    known = Known(state.posterior, confusion=state.confusion)
    if way == _AMBIGUITY:
        judged = separate_uncertainty(state.labels)
        ambiguity = expect_ambiguity(
            judged.ambiguity,
            judged.votes,
            state.embeddings[state.voted],
            state.embeddings,
            n_classes=state.posterior.shape[1],
        )
        known = Known(state.posterior, ambiguity=ambiguity)
    return UTILITIES[way if way in UTILITIES else "entropy"](known)
