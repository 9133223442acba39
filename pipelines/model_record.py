"""What is recorded of a model that was trained, pruned or distilled, and the clips it names."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.clipset import TRAIN, ClipSet, select_clip_set
from pipelines.convert import model_row
from pipelines.corpora_together import join_corpora
from pipelines.fitting import Plan
from pipelines.identity import code_version
from pipelines.judged import taxonomy_of
from pipelines.models import describe_environment, save_weights
from pipelines.settings import Settings
from pipelines.unlabelled import keep_label_share
from warehouse import Warehouse

if TYPE_CHECKING:
    from ser.models.trained import TrainedModel

HISTORY = ("loss", "dev_uar", "dev_ccc", "learning_rate")


def select_recorded_clips(store: Warehouse, model: Mapping[str, Any]) -> ClipSet:
    """Return the clips that a model was trained on, and those that it is kept from.

    Args:
        store: The warehouse, as it is or at the model's snapshot.
        model: A row from `pipelines.models.require_model`.

    Raises:
        LeakageError: If parts share a speaker, a session or audio, with the offenders.
        NothingToDoError: If none of its clips is left.
    """
    config = model["config"]
    clips = select_clip_set(
        store,
        corpus=config["corpus"],
        labels=config["labels"],
        test_speakers=config["test_speakers"],
        dev_speakers=config["dev_speakers"],
        taxonomy=taxonomy_of(model) if model["mapping"] else None,
        kind=config.get("targets"),
    )
    clips = join_corpora(store, clips, config["corpus"], tuple(config.get("also", ())))
    return keep_label_share(clips, config.get("label_share"), config["seed"])


def record_model(
    store: Warehouse,
    settings: Settings,
    clips: ClipSet,
    plan: Plan,
    model: "TrainedModel",
    *,
    snapshot: int,
    verb: str,
    parent: str | None = None,
    is_stored: bool = True,
) -> dict[str, Any]:
    """Store a model's weights and its row, and drop what was kept to resume its training.

    Args:
        store: The warehouse.
        settings: Where weights are kept.
        clips: What it learned from.
        plan: What it was made by.
        model: The model.
        snapshot: Snapshot of the warehouse that its clips were read from.
        verb: What made it, for the message of the commit.
        parent: The model it was made from, if it was; its size is recorded then.
        is_stored: False in a process that others store the same model for.

    Returns:
        The row, without the hash of the weights where they are not stored.
    """
    artifact = plan.artifact(settings)
    metrics = {**_summarise(settings, clips, model), **_size(model, parent)}
    row = {
        "model_id": plan.model_id,
        "parent": parent,
        "round_id": plan.config["round_id"],
        "arm": plan.config["arm"],
        "snapshot": snapshot,
        "config": json.dumps(plan.config, sort_keys=True),
        "seed": plan.config["seed"],
        "code_version": code_version(),
        **scale_of(clips),
        **({} if plan.learns_classes else {"classes": []}),
        "feature_set": plan.features.feature_set,
        "labels": plan.config["labels"],
        "train_clips": len(clips.train),
        "metrics": json.dumps(metrics, sort_keys=True),
        "artifact": artifact.name,
    }
    if is_stored:
        row["artifact_sha256"] = save_weights(model, artifact)
        store.commit({"models": model_row(row)}, message=f"{verb} {plan.model_id}")
        for state in (plan.state(settings), plan.fusion_state(settings)):
            state.unlink(missing_ok=True)
    return row


def scale_of(clips: ClipSet) -> dict[str, Any]:
    """Return the taxonomy, mapping and classes that clips are labelled in."""
    return {
        "taxonomy": clips.taxonomy,
        "mapping": clips.mapping,
        "classes": list(clips.classes),
    }


def describe_training(model: "TrainedModel") -> dict[str, Any]:
    """Return what a training came to; measured times are left out, for they never repeat."""
    history = model.history
    dev_uars = [epoch.dev_uar for epoch in history if epoch.dev_uar is not None]
    return {
        "epochs": len(history),
        "best_epoch": model.best_epoch,
        "loss": history[-1].loss,
        "dev_uar": max(dev_uars, default=None),
        "dev_ccc": history[model.best_epoch - 1].dev_ccc,
    }


def _summarise(settings: Settings, clips: ClipSet, model: "TrainedModel") -> dict[str, Any]:
    return {
        **describe_training(model),
        "votes": int(clips.votes[clips.train].sum()),
        "dropped": clips.dropped[TRAIN],
        "tied": clips.tied[TRAIN],
        "history": {name: [getattr(epoch, name) for epoch in model.history] for name in HISTORY},
        # What it came to believe of clips without labels, in the epoch that was kept.
        **{name: model.training[name] for name in ("beside",) if name in model.training},
        "environment": describe_environment(settings),
    }


def _size(model: "TrainedModel", parent: str | None) -> dict[str, int]:
    from ser.models.build import count_parameters  # noqa: PLC0415 - loads torch

    return {} if parent is None else {"parameters": count_parameters(model.network)}
