"""How peers would ask, as strategies of `serloop simulate`: scikit-activeml's and cleanlab's.

`margin` and `badge` of scikit-activeml (`pip install scikit-activeml`) choose among clips that
nobody has heard and give each a fixed number of votes, since they know one label per clip.
ActiveLab of cleanlab (`pip install cleanlab`; AGPL, so it is used in benchmarks and nowhere else)
gives one more vote to each of the clips it scores lowest, heard or not, as its documentation says.
They are told what ours are told: the same model's posteriors, embeddings and votes.

Name them to `serloop simulate` as `tests.benchmarks.peers.asking:badge_1`, from the root of a
checkout with PYTHONPATH set to it.
"""

import warnings
from functools import partial

import numpy as np

from pipelines.simulation.strategies import AskState, Strategy

IntArray = np.ndarray


def ask_scikit_activeml(
    state: AskState, budget: int, rng: np.random.Generator, *, way: str, votes_per_clip: int
) -> IntArray:
    """Give new clips, chosen by margin or BADGE, the same number of votes each."""
    from skactiveml.base import SkactivemlClassifier
    from skactiveml.pool import Badge, UncertaintySampling

    fresh = np.flatnonzero(state.votes == 0)
    size = min(budget // votes_per_clip, len(fresh))
    given = np.zeros(len(state.votes), np.int64)
    if not size:
        return given

    class Told(SkactivemlClassifier):
        """A model that is trained already, and is only asked about the new clips, in order."""

        def fit(self, X, y, sample_weight=None):  # noqa: ARG002, N803 - the peer's names
            return self

        def predict_proba(self, X):  # noqa: N803 - the peer's name
            if len(X) != len(fresh):
                raise ValueError(f"asked about {len(X)} clips, but {len(fresh)} are new")
            return state.model[fresh]

    labels = np.full(len(state.votes), np.nan)
    labels[state.voted] = state.posterior[state.voted].argmax(axis=1)
    seed = int(rng.integers(2**31))
    peer = (
        Badge(random_state=seed)
        if way == "badge"
        else UncertaintySampling(method="margin_sampling", random_state=seed)
    )
    model = Told(classes=list(range(state.model.shape[1])))
    chosen = peer.query(state.embeddings, labels, clf=model, fit_clf=False, batch_size=size)
    given[chosen] = votes_per_clip
    return given


def ask_activelab(state: AskState, budget: int, rng: np.random.Generator) -> IntArray:
    """Give one vote to each of the clips with the lowest ActiveLab score that have room for it."""
    from cleanlab.multiannotator import get_active_learning_scores

    is_new = state.votes == 0
    clips, annotators, _ = state.labels.shape
    labels = np.full((clips, annotators), np.nan)
    labels[state.labels.clip_index, state.labels.annotator_index] = state.labels.label_index
    with warnings.catch_warnings():
        # Early on it warns that few annotators share a clip.
        warnings.simplefilter("ignore")
        heard, new = get_active_learning_scores(
            labels,
            state.model[state.voted].copy(),
            state.model[is_new].copy() if is_new.any() else None,
        )
    score = np.empty(len(state.votes))
    score[state.voted], score[is_new] = heard, new
    score[state.votes >= state.most] = np.inf
    order = np.lexsort((rng.random(len(score)), score))[:budget]
    given = np.zeros(len(state.votes), np.int64)
    given[order[np.isfinite(score[order])]] = 1
    return given


def _choose(way: str, votes: int) -> Strategy:
    ask = partial(ask_scikit_activeml, way=way, votes_per_clip=votes)
    return Strategy(f"{way}-{votes}/scikit-activeml", ask, first=votes)


margin_1, margin_3 = _choose("margin", 1), _choose("margin", 3)
badge_1, badge_3 = _choose("badge", 1), _choose("badge", 3)
activelab = Strategy("activelab/cleanlab", ask_activelab)
