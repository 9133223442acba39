"""Train: labelled clips become a model, recorded with everything needed to make it again."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.clipset import INTENDED, ClipSet, select_clip_set
from pipelines.convert import model_row
from pipelines.errors import NothingToDoError
from pipelines.fitting import Plan, Recipe, fit, make_plan
from pipelines.identity import code_version
from pipelines.models import find_model
from pipelines.progress import Progress
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Warehouse


@dataclass(frozen=True)
class TrainResult:
    """A trained model.

    Args:
        model_id: Names it in the warehouse.
        labels: `intended`, or the consensus run the labels came from.
        clips: Clips it learned from.
        speakers: Distinct speakers among them.
        test_speakers: Speakers it must never meet.
        epochs: Passes over the clips.
        dev_uar: Best UAR on the development speakers, if there were any.
        artifact: File of the weights.
        is_new: False when the same model was there already.
        seconds: Wall time.
    """

    model_id: str
    labels: str
    clips: int
    speakers: int
    test_speakers: tuple[str, ...]
    epochs: int
    dev_uar: float | None
    artifact: str
    is_new: bool
    seconds: float

    def rows(self) -> Sequence[Row]:
        """Return one row per model."""
        return [
            {
                "model_id": self.model_id,
                "labels": self.labels,
                "clips": self.clips,
                "speakers": self.speakers,
                "held_out": len(self.test_speakers),
                "epochs": self.epochs,
                "dev_uar": self.dev_uar,
                "new": "yes" if self.is_new else "no",
                "seconds": round(self.seconds, 1),
            }
        ]


def train(
    settings: Settings,
    progress: Progress,
    *,
    corpus: str,
    labels: str = INTENDED,
    test_speakers: tuple[str, ...] = (),
    dev_speakers: tuple[str, ...] = (),
    recipe: Recipe = "full",
    round_id: str | None = None,
    arm: str | None = None,
) -> TrainResult:
    """Train the CRNN on labelled clips of speakers that are not held out.

    The same data, settings, seed and code give the same model: if it is there, nothing is done.

    Args:
        settings: Training settings, and where the warehouse is.
        progress: Where progress is shown.
        corpus: Corpus to learn from.
        labels: `intended` for the corpus's own labels, or the id of a consensus run.
        test_speakers: Speakers held out for evaluation; empty for the default fifth.
        dev_speakers: Speakers held out to choose the best epoch; empty for none.
        recipe: `full` trains to convergence, `round` trains a smaller network in seconds.
        round_id: Round this model belongs to.
        arm: Arm of the round whose asks it learned from.

    Returns:
        The model's id and what it learned from.

    Raises:
        LeakageError: If a speaker or session would be on both sides, with the offenders.
        NothingToDoError: If no labelled clip remains.
    """
    started = time.monotonic()
    with open_store(settings) as store:
        clips = select_clip_set(
            store,
            corpus=corpus,
            labels=labels,
            test_speakers=test_speakers,
            dev_speakers=dev_speakers,
        )
        if not clips.train.size:
            raise NothingToDoError(
                f"every labelled clip of corpus `{corpus}` belongs to a held-out speaker; hold "
                "fewer speakers out, or label clips of others"
            )
        origin = {"corpus": corpus, "labels": labels, "round_id": round_id, "arm": arm}
        plan = make_plan(settings, clips, recipe, origin)
        known = find_model(store, plan.model_id)
        is_new = known is None or not plan.artifact(settings).is_file()
        if known is None or is_new:
            known = _fit_and_record(store, settings, progress, clips, plan)
    metrics = json.loads(known["metrics"])
    return TrainResult(
        model_id=plan.model_id,
        labels=labels,
        clips=len(clips.train),
        speakers=len(set(clips.speakers[clips.train])),
        test_speakers=clips.test_speakers,
        epochs=metrics["epochs"],
        dev_uar=metrics["dev_uar"],
        artifact=str(plan.artifact(settings)),
        is_new=is_new,
        seconds=time.monotonic() - started,
    )


def _fit_and_record(
    store: Warehouse, settings: Settings, progress: Progress, clips: ClipSet, plan: Plan
) -> dict[str, Any]:
    from ser.training.checkpoint import save_model  # noqa: PLC0415 - loads torch

    snapshot = store.snapshot
    model = fit(store, settings, progress, clips, plan)
    artifact = plan.artifact(settings)
    artifact.parent.mkdir(parents=True, exist_ok=True)
    dev_uars = [epoch.dev_uar for epoch in model.history if epoch.dev_uar is not None]
    metrics = {
        "epochs": len(model.history),
        "best_epoch": model.best_epoch,
        "loss": model.history[-1].loss,
        "dev_uar": max(dev_uars, default=None),
        "votes": int(clips.votes[clips.train].sum()),
    }
    row = {
        "model_id": plan.model_id,
        "round_id": plan.config["round_id"],
        "arm": plan.config["arm"],
        "snapshot": snapshot,
        "config": json.dumps(plan.config, sort_keys=True),
        "seed": settings.training.seed,
        "code_version": code_version(),
        "taxonomy": clips.taxonomy,
        "classes": list(clips.classes),
        "feature_set": plan.features.feature_set,
        "labels": plan.config["labels"],
        "train_clips": len(clips.train),
        "metrics": json.dumps(metrics, sort_keys=True),
        "artifact": artifact.name,
        "artifact_sha256": save_model(model, artifact),
    }
    store.commit({"models": model_row(row)}, message=f"train {plan.model_id}")
    return row
