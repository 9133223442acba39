"""Anchoring: do people agree with a model more often when they are shown what it says?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.estimates.interval import cluster_variance, share_interval
from annotation.label_studio.parse import SOURCE
from pipelines.errors import NothingToDoError
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

LEVEL = 0.95
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class AgreementShare:
    """How often votes agree with a model's prediction.

    Args:
        clips: Clips with votes.
        votes: Votes on them that name a class.
        value: Share of the votes that agree; NaN without votes.
        low: Lower end of its 95 % interval; NaN from fewer than two clips.
        high: Upper end.
    """

    clips: int
    votes: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class AnchoringResult:
    """What showing predictions does to votes.

    Args:
        shown: Tasks drawn to show the prediction.
        hidden: The others, as controls.
        difference: Agreement in shown tasks minus that in hidden ones; NaN without either.
        low: Lower end of its 95 % interval: above 0, people follow the model.
        high: Upper end.
    """

    shown: AgreementShare
    hidden: AgreementShare
    difference: float
    low: float
    high: float

    def rows(self) -> Sequence[Row]:
        """Return one row per group, and their difference."""
        groups = {"shown": self.shown, "hidden": self.hidden}
        rows: list[Row] = [
            {
                "prediction": name,
                "clips": group.clips,
                "votes": group.votes,
                "agreement": _told(group.value),
                "low": _told(group.low),
                "high": _told(group.high),
            }
            for name, group in groups.items()
        ]
        ends = {"low": _told(self.low), "high": _told(self.high)}
        between = {"clips": None, "votes": None, "agreement": _told(self.difference), **ends}
        return [*rows, {"prediction": "difference", **between}]


def anchoring(
    settings: Settings,
    progress: Progress,  # noqa: ARG001 - one read: nothing to show in between
    *,
    campaign: str,
) -> AnchoringResult:
    """Compare votes in the tasks that were drawn to show a prediction with those that were not.

    Who refuses to decide neither agrees nor disagrees. Gold takes part like any other task.

    Args:
        settings: Where the warehouse is.
        progress: Where progress is shown.
        campaign: The campaign; all its projects.

    Returns:
        Agreement in both groups, and their difference.

    Raises:
        NothingToDoError: If no prediction was ever tried on its annotators.
    """
    with open_store(settings) as store:
        trial = _read_trial(store, campaign)
        if not trial.num_rows:
            raise NothingToDoError(
                f"campaign `{campaign}` has tried no prediction on its annotators; set "
                "SERLOOP_LABELLING__SHOWN_SHARE before a round that a model chose is published"
            )
        votes = _read_votes(store, trial)
    is_shown = votes["is_shown"].to_numpy(zero_copy_only=False)
    agrees = pc.equal(votes["label"], votes["predicted"]).to_numpy(zero_copy_only=False)
    clips = votes["task"].to_numpy(zero_copy_only=False)
    return compare_agreement(agrees, clips, is_shown)


def compare_agreement(
    agrees: BoolArray, clips: npt.NDArray[np.object_], is_shown: BoolArray
) -> AnchoringResult:
    """Return agreement in shown and hidden tasks, and their difference, with intervals.

    Clips are drawn, not votes, so that votes on one clip count as alike: the variance is that of
    sums over clips. The interval of the difference joins both Wilson intervals by Newcombe's
    square-and-add, so that it has a width where everybody agrees.

    Args:
        agrees: Whether each vote agrees with the prediction, ``(V,)``.
        clips: The clip of each vote, ``(V,)``.
        is_shown: Whether its task shows the prediction, ``(V,)``.

    Reference:
        R. G. Newcombe (1998). Interval estimation for the difference between independent
        proportions: comparison of eleven methods. Statistics in Medicine 17, 873-890.
        G. Y. Zou and A. Donner (2008). Construction of confidence limits about effect measures.
        Statistics in Medicine 27, 1693-1702.

    Example:
        >>> votes = np.arange(40)
        >>> found = compare_agreement(votes % 4 > 0, votes.astype(object), votes < 20)
        >>> found.shown.value, found.difference, found.low < 0 < found.high
        (0.75, 0.0, True)
    """
    shown = share_of(agrees[is_shown], clips[is_shown])
    hidden = share_of(agrees[~is_shown], clips[~is_shown])
    difference = shown.value - hidden.value
    down = np.hypot(shown.value - shown.low, hidden.high - hidden.value)
    up = np.hypot(shown.high - shown.value, hidden.value - hidden.low)
    return AnchoringResult(
        shown, hidden, difference, low=difference - float(down), high=difference + float(up)
    )


def share_of(agrees: BoolArray, clips: npt.NDArray[np.object_]) -> AgreementShare:
    """Return how often votes agree, with Wilson's interval at their effective number.

    Args:
        agrees: Whether each vote agrees, ``(V,)``.
        clips: The clip of each vote, ``(V,)``.
    """
    votes, count = len(agrees), len(set(clips.tolist()))
    value = float(agrees.mean()) if votes else np.nan
    if count < 2:
        return AgreementShare(count, votes, value, np.nan, np.nan)
    errors = (agrees - value)[:, None] / votes
    variance, freedom = cluster_variance(errors, clips.astype(str))
    centre = np.array([(agrees.sum() + 2) / (votes + 4)])
    # Where all votes agree they show no spread; then each clip tells as much as one vote.
    least = centre * (1 - centre) / (votes if variance[0] > 0 else count)
    low, high = share_interval(
        np.array([value]),
        np.maximum(variance, least),
        centre,
        level=LEVEL,
        freedom=freedom,
    )
    return AgreementShare(count, votes, value, float(low[0]), float(high[0]))


def _told(value: float) -> float | None:
    return None if np.isnan(value) else value


def _read_trial(store: Warehouse, campaign: str) -> pa.Table:
    """Return the rows of `tasks` that a prediction was recorded with."""
    keys = queries.select_projects(store, campaign=campaign)["project"].to_pylist()
    tasks = [queries.select_tasks(store, project=key) for key in keys]
    table = pa.concat_tables([queries.select_tasks(store).slice(0, 0), *tasks])
    return table.filter(pc.is_valid(table["predicted"]))


def _read_votes(store: Warehouse, trial: pa.Table) -> pa.Table:
    """Return the votes in tasks of the trial: `task`, `is_shown`, `predicted` and `label`."""
    votes = queries.select_effective_votes(store, clip_ids=trial["clip_id"].to_pylist())
    votes = votes.filter(pc.and_(pc.equal(votes["source"], SOURCE), pc.is_valid(votes["label"])))
    project = pc.replace_substring_regex(votes["source_ref"], r"/[^/]*$", "")
    said = pa.table({"clip_id": votes["clip_id"], "label": votes["label"], "project": project})
    joined = said.join(trial, ["project", "clip_id"], join_type="inner")
    task = pc.binary_join_element_wise(joined["project"], joined["clip_id"], "/")
    return joined.append_column("task", task).sort_by("task")
