"""Aided: a consensus that listens to a model as well, which heard the clips but not their votes."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from annotation.aggregation import Consensus
from annotation.aggregation.model_aided import listen
from annotation.votes import VoteMatrix, build_vote_matrix
from pipelines.aggregate import select_opinions
from pipelines.campaign_runs import AIDED
from pipelines.clipset import ClipSet, select_clip_set
from pipelines.consensus_run import Selection, store_run
from pipelines.errors import NothingToDoError, PipelineError
from pipelines.feature_choice import chosen_features
from pipelines.identity import digest
from pipelines.opinions import Opinions
from pipelines.outside_opinion import (
    FOLDS,
    judge_by_network,
    judge_by_ridge,
    listens_by_ridge,
    soft_settings,
)
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.training_choice import chosen_network, chosen_training
from pipelines.workspace import open_store
from warehouse import Warehouse, queries

# Measured on RAVDESS with listeners who are right in 54 % of their votes.
REPETITIONS = 5
PENALTY = 0.3
SCALE = 6.0
_APART = ("snapshot", "cast_before", "mapping")


@dataclass(frozen=True)
class AidedResult:
    """A consensus that listened to a model.

    Args:
        run_id: Names the rows of `consensus` and `annotators`.
        base: The run whose votes it weighs.
        learner: `ridge` or `network`: who was listened to.
        repetitions: How often the model learned from the consensus and was heard.
        clips: Clips with at least one vote.
        changed: Clips whose label is another one than in the base run, ties included.
        ties: Clips whose leading classes tie.
        is_new: False when the same run was there already.
    """

    run_id: str
    base: str
    learner: str
    repetitions: int
    clips: int
    changed: int
    ties: int
    is_new: bool

    def rows(self) -> Sequence[Row]:
        """Return one row per run."""
        return [{**asdict(self), "is_new": "yes" if self.is_new else "no"}]


def is_wanted(settings: Settings) -> bool:
    """Return whether rounds listen to a model: by default where it is solved for at once.

    Raises:
        PipelineError: If the settings contradict each other.
    """
    asked = settings.rounds.aided
    return asked == "always" or (asked == "auto" and listens_by_ridge(settings))


def aided(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    run_id: str,
    test_speakers: tuple[str, ...] = (),
    arm: str | None = None,  # noqa: ARG001 - names the task, see `pipelines.prefect_runner`
) -> AidedResult:
    """Aggregate the votes of a run again, weighing what a model heard in each clip.

    `annotation.aggregation.model_aided` weighs the votes, at first with an even opinion. The model
    learns from these posteriors and judges every clip out of sample: a light head over a frozen
    encoder without the clip, a network without the half of the speakers it is of. Its opinions are
    weighed against the votes. The light head then learns from the new posteriors, and so on; a
    network is heard once. The run that is named gives the votes, and nothing of its posteriors.

    Args:
        settings: Features, network and training; what a round trains is what is listened to.
        progress: Where progress is shown.
        corpus: Corpus of the clips.
        run_id: A run on votes as they stand, such as that of a campaign's arm.
        test_speakers: Speakers the model must not hear; empty for the default fifth.
        arm: Arm of the campaign that the run is of, for tasks to be named after.

    Returns:
        The run. The same votes and settings give the same one.

    Raises:
        NothingToDoError: If there is no such run, or too few clips or speakers to learn from.
        PipelineError: If the run is about the past or in mapped classes, or votes came since.
    """
    is_ridge = listens_by_ridge(settings)
    repetitions = REPETITIONS if is_ridge else 1
    with open_store(settings) as store:
        base = _require_run(store, run_id)
        opinions = _read_votes(store, base)
        vote_ids = sorted(opinions.votes["vote_id"].to_pylist())
        chosen = {
            **{name: base["parameters"].get(name) for name in Selection().parameters()},
            "base": run_id,
            "start": "even",
            "repetitions": repetitions,
            **(_ridge_options if is_ridge else _network_options)(settings),
        }
        known = _find_known(store, {**chosen, "votes": digest(vote_ids)})
        name = known
        if name is None:
            matrix = build_vote_matrix(opinions.votes, opinions.classes)
            clips = select_clip_set(
                store, corpus=corpus, labels=run_id, test_speakers=test_speakers
            )
            listener = _Listener(store, settings, progress, corpus, is_ridge=is_ridge)
            consensus = listener.repeat(matrix, clips, repetitions)
            header = {
                **{key: base[key] for key in ("taxonomy", "modality", "corpus", "snapshot")},
                "aggregator": AIDED,
                "mapping": None,
            }
            name = store_run(store, consensus, matrix, header, chosen=chosen, vote_ids=vote_ids)
        labels = queries.select_consensus(store, name)
        before = queries.select_consensus(store, run_id)["label"].to_pylist()
    return AidedResult(
        run_id=name,
        base=run_id,
        learner=str(chosen["learner"]),
        repetitions=repetitions,
        clips=labels.num_rows,
        changed=sum(a != b for a, b in zip(labels["label"].to_pylist(), before, strict=True)),
        ties=pc.sum(labels["is_tie"]).as_py() or 0,
        is_new=known is None,
    )


@dataclass(frozen=True)
class _Listener:
    store: Warehouse
    settings: Settings
    progress: Progress
    corpus: str
    is_ridge: bool

    def repeat(self, votes: VoteMatrix, clips: ClipSet, times: int) -> Consensus:
        """Let a model learn from the consensus and be heard, several times."""
        ids = pa.array(clips.ids(clips.train), pa.string())
        place = np.asarray(pc.index_in(ids, pa.array(votes.clips, pa.string())), np.int64)
        with self.progress.track("listen to a model", times, "times") as advance:

            def judge(posterior: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
                targets = clips.targets.copy()
                targets[clips.train] = posterior[place]
                # Of clips it cannot hear, and those of test speakers, a model says nothing.
                opinion = np.full(posterior.shape, 1 / posterior.shape[1])
                opinion[place] = self._judge(replace(clips, targets=targets))
                advance()
                return opinion

            return listen(votes, judge, times=times)

    def _judge(self, clips: ClipSet) -> npt.NDArray[np.float64]:
        if self.is_ridge:
            return judge_by_ridge(self.store, self.settings, clips, penalty=PENALTY, scale=SCALE)
        return judge_by_network(self.store, self.settings, self.progress, clips, self.corpus)


def _ridge_options(settings: Settings) -> dict[str, Any]:
    return {
        "learner": "ridge",
        "feature_set": chosen_features(settings).feature_set,
        "penalty": PENALTY,
        "scale": SCALE,
    }


def _network_options(settings: Settings) -> dict[str, Any]:
    features = chosen_features(settings)
    chosen = soft_settings(settings)
    return {
        "learner": "network",
        "feature_set": features.feature_set,
        "folds": FOLDS,
        "network": asdict(chosen_network(chosen, features, "round")),
        "training": asdict(chosen_training(chosen, features, "round", "soft")),
        "seed": settings.training.seed,
    }


def _require_run(store: Warehouse, run_id: str) -> dict[str, Any]:
    for row in queries.select_consensus_runs(store).to_pylist():
        if row["run_id"] == run_id:
            parameters = json.loads(row["parameters"])
            apart = [name for name in _APART if parameters.get(name)]
            if apart:
                raise PipelineError(
                    f"`{run_id}` was made with `{apart[0]}`, but only votes as they stand, in the "
                    "classes they were given in, can be weighed with a model's word; aggregate "
                    "them without it"
                )
            return {**row, "parameters": parameters}
    raise NothingToDoError(f"no run is called `{run_id}`; `serloop aggregate` prints the ids")


def _read_votes(store: Warehouse, base: dict[str, Any]) -> Opinions:
    """Return the votes of a run, and refuse others."""
    parameters = base["parameters"]
    selection = Selection(**{name: parameters.get(name) for name in Selection().parameters()})
    for opinions in select_opinions(store, selection):
        if (opinions.taxonomy, opinions.modality) == (base["taxonomy"], base["modality"]):
            evidence = digest(sorted(opinions.votes["vote_id"].to_pylist()))
            if evidence == parameters["votes"]:
                return opinions
    raise PipelineError(
        f"votes have changed since `{base['run_id']}` was made; aggregate them again, and name "
        "the new run"
    )


def _find_known(store: Warehouse, parameters: dict[str, Any]) -> str | None:
    wanted = json.dumps(parameters, sort_keys=True)
    for row in queries.select_consensus_runs(store).to_pylist():
        if row["aggregator"] == AIDED and row["parameters"] == wanted:
            return str(row["run_id"])
    return None
