"""The active arm of a round: clips that are worth asking about, together."""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from annotation.columns import FloatArray
from annotation.sampling import STRATEGIES, Pick, Strategy, explain_utility
from annotation.sampling.batches import BATCHES, Candidates
from pipelines.convert import read_posterior
from pipelines.errors import PipelineError
from pipelines.sections import RoundSettings


def pick_active(
    predictions: pa.Table,
    *,
    asked: set[str],
    audio: Mapping[str, str],
    rounds: RoundSettings,
    budget: int,
    classes: Sequence[str],
    rng: np.random.Generator,
) -> list[Pick]:
    """Choose clips by what a model says of them, none of the same audio as another.

    Args:
        predictions: Rows of `predictions` of one model, the pool in the order of clip ids.
        asked: Clips the arm has asked about.
        audio: Name of each clip's audio; copies and near-duplicates share it.
        rounds: Utility, and how it becomes a batch.
        budget: Clips to choose; fewer are left only where the pool is.
        classes: C names.
        rng: Decides between equal choices.

    Raises:
        PipelineError: If the utility needs an ensemble, and the model is none.
    """
    clip_ids = predictions["clip_id"].to_pylist()
    # Without a row nothing tells the number of classes.
    posterior = read_posterior(predictions["posterior"]).reshape(-1, len(classes))
    embeddings = read_posterior(predictions["embedding"])
    utility = _score(predictions, posterior, rounds.strategy)
    is_asked = np.isin(clip_ids, list(asked))
    groups = np.array([audio[clip_id] for clip_id in clip_ids], dtype=str)
    open_ones = _open(utility, groups, is_asked)
    reasons = explain_utility(utility, posterior, strategy=rounds.strategy, classes=classes)
    candidates = Candidates.checked(
        utility[open_ones],
        posterior[open_ones],
        embeddings[open_ones],
        known=embeddings[is_asked],
    )
    chosen = open_ones[BATCHES[rounds.batch](candidates, budget, rng)]
    return [Pick(clip_ids[at], "active", float(utility[at]), reasons[at]) for at in chosen]


def _score(
    predictions: pa.Table, posterior: FloatArray, strategy: Strategy | Literal["bald"]
) -> FloatArray:
    """Return the utility of each clip."""
    if strategy != "bald":
        return STRATEGIES[strategy](posterior)
    if predictions["disagreement"].null_count:
        raise PipelineError(
            f"`rounds.strategy` is `bald`, but `{predictions['model_id'][0]}` is a single network "
            "that cannot contradict itself; set `network.members` to 2 or more and train again"
        )
    return np.asarray(predictions["disagreement"], np.float64)


def _open(
    utility: FloatArray, groups: npt.NDArray[np.str_], is_asked: npt.NDArray[np.bool_]
) -> npt.NDArray[np.int64]:
    """Return the clips whose audio nobody was asked about, the most useful of each audio."""
    fresh = np.flatnonzero(~np.isin(groups, groups[is_asked]))
    falling = fresh[np.argsort(-utility[fresh], kind="stable")]
    _, first = np.unique(groups[falling], return_index=True)
    return np.sort(falling[first])
