"""Lineage: from the bytes that were recorded to a model and back, as far as it is recorded."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.clipset import INTENDED, TEST
from pipelines.errors import PipelineError
from pipelines.lineage.judged import trace_outcome
from pipelines.lineage.labels import trace_labels, trace_votes_on_clip
from pipelines.lineage.sound import trace_features, trace_sound_of_clip, trace_sound_of_clips
from pipelines.lineage.step import Step
from pipelines.models import find_model
from pipelines.progress import Progress
from pipelines.registry.states import read_states
from pipelines.runner import Row
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import SnapshotError, Warehouse, queries

ASKED = ("campaign", "number", "arm", "reason", "utility", "votes_wanted", "votes_received")


@dataclass(frozen=True)
class LineageResult:
    """The steps from sound to model.

    Args:
        subject: The model or the clip.
        kind: `model` or `clip`.
        steps: In the order in which one leads to the next.
    """

    subject: str
    kind: str
    steps: tuple[Step, ...]

    def rows(self) -> Sequence[Row]:
        """Return one row per step."""
        return [step.row() for step in self.steps]

    @property
    def unknown(self) -> tuple[str, ...]:
        """What should be known and is not, such as `trim: found by`."""
        found = [
            f"{step.kind}: {name}"
            for step in self.steps
            for name, fact in step.facts.items()
            if fact is None
        ]
        return tuple(dict.fromkeys(found))

    def document(self) -> dict[str, Any]:
        """Return everything as values that JSON can write."""
        return {
            self.kind: self.subject,
            "steps": [step.document() for step in self.steps],
            "unknown": list(self.unknown),
        }


def lineage(settings: Settings, progress: Progress, *, subject: str) -> LineageResult:
    """Tell where a model or a clip's label comes from, and what became of it.

    Nothing is inferred: a step tells what was recorded when it was made, and what was not is
    unknown. What a model learned from is read at its snapshot.

    Args:
        settings: Where the warehouse and the weights are.
        progress: Where progress is shown.
        subject: Id of a model or of a clip.

    Returns:
        Audio, trim, features, votes, consensus, snapshot, model, evaluation, gate, registry,
        drift and round, each as often as there is one.

    Raises:
        PipelineError: If there is no such model or clip.
    """
    with (
        open_store(settings) as store,
        progress.track(f"trace {subject}", 1, "subjects") as advance,
    ):
        model = find_model(store, subject)
        if model is not None:
            read = {**model, "config": json.loads(model["config"])}
            result = LineageResult(subject, "model", tuple(_of_model(settings, store, model, read)))
        else:
            result = LineageResult(subject, "clip", tuple(_of_clip(settings, store, subject)))
        advance()
    return result


def _of_model(
    settings: Settings, store: Warehouse, row: Mapping[str, Any], model: Mapping[str, Any]
) -> list[Step]:
    config, number = model["config"], model["snapshot"]
    try:
        with open_store(settings, snapshot=number) as past:
            there = queries.select_clips(past, corpus=config["corpus"])
        is_learned = pc.is_in(there["clip_id"], pa.array(config["clips"], pa.string()))
        sound = trace_sound_of_clips(store, config["corpus"], there.filter(is_learned))
    except SnapshotError:
        gone = {"clips": len(config["clips"]), "sha256 of all": None, "files": None}
        sound = [
            Step("audio", config["corpus"], gone),
            Step("trim", config["corpus"], {"speech h": None}),
        ]
    times = queries.select_snapshots(store, since=number).to_pylist()
    there_still = times[0]["committed_at"] if times and times[0]["snapshot"] == number else None
    return [
        *sound,
        trace_features(model),
        *trace_labels(settings, store, config["labels"], config["clips"]),
        Step("snapshot", str(number), {"committed": there_still}),
        _model(settings, store, row, config),
        *trace_outcome(store, model),
    ]


def _model(
    settings: Settings, store: Warehouse, row: Mapping[str, Any], config: Mapping[str, Any]
) -> Step:
    children = [
        other["model_id"]
        for other in queries.select_models(store).to_pylist()
        if other["parent"] == row["model_id"]
    ]
    told = hashlib.sha256(row["config"].encode()).hexdigest()
    facts = {
        "code": row["code_version"],
        "seed": row["seed"],
        "arm": row["arm"] or "none",
        "parent": row["parent"] or "none",
        "children": children,
        "taxonomy": row["taxonomy"],
        "mapping": row["mapping"] or "none",
        "configuration": told if told == row["config_sha256"] else "not the one recorded",
        "held out": sorted({*config["test_speakers"], *config["dev_speakers"]}),
        "weights sha256": row["artifact_sha256"],
        "weights file": _weights(settings.artifacts / row["artifact"], row["artifact_sha256"]),
    }
    return Step("model", row["model_id"], facts)


def _weights(path: Path, recorded: str) -> str:
    if not path.is_file():
        return "missing"
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    return "as recorded" if found == recorded else "not the one recorded"


def _of_clip(settings: Settings, store: Warehouse, clip_id: str) -> list[Step]:
    clips = queries.select_clips(store, corpus=clip_id.partition("/")[0])
    found = clips.filter(pc.equal(clips["clip_id"], clip_id)).to_pylist()
    if not found:
        raise PipelineError(
            f"there is neither a model nor a clip `{clip_id}`; `serloop status` lists models and "
            "corpora, and a clip's id is `CORPUS/NATIVE_ID`"
        )
    (clip,) = found
    asks = queries.select_asks(store)
    return [
        *trace_sound_of_clip(store, clip),
        *trace_votes_on_clip(store, clip_id),
        *_learners(settings, store, clip),
        *_predictions(store, clip_id),
        *(
            Step("round", ask["round_id"], {name: _given(ask[name]) for name in ASKED})
            for ask in asks.filter(pc.equal(asks["clip_id"], clip_id)).to_pylist()
        ),
    ]


def _given(value: str | float | None) -> str | float:
    # Only clips of the active arm have a utility.
    return "none" if value is None else value


def _learners(settings: Settings, store: Warehouse, clip: Mapping[str, Any]) -> list[Step]:
    """Return the models of the clip's corpus: what each had of it, and what became of them."""
    states, found = read_states(store), []
    uars = {
        row["model_id"]: row["uar"]
        for row in queries.select_evaluations(store).to_pylist()
        if row["part"] == TEST and row["truth"] == INTENDED and row["corpus"] is None
    }
    for row in queries.select_models(store).to_pylist():
        config = json.loads(row["config"])
        if config["corpus"] != clip["corpus"]:
            continue
        is_learned = clip["clip_id"] in set(config["clips"])
        facts = {
            "learned from it": is_learned,
            "kept from its speaker": clip["speaker"] in config["test_speakers"],
            "labels": config["labels"],
            "snapshot": row["snapshot"],
            "round": row["round_id"] or "none",
            "state": states[row["model_id"]],
        }
        if row["model_id"] in uars:
            facts["test uar"] = uars[row["model_id"]]
        if is_learned and clip["revision"] > 1:
            facts["revision"] = _revision_at(settings, clip, row["snapshot"])
        found.append(Step("model", row["model_id"], facts))
    return found


def _revision_at(settings: Settings, clip: Mapping[str, Any], snapshot: int) -> int | None:
    try:
        with open_store(settings, snapshot=snapshot) as past:
            clips = queries.select_clips(past, corpus=clip["corpus"])
    except SnapshotError:
        return None
    then = clips.filter(pc.equal(clips["clip_id"], clip["clip_id"]))["revision"].to_pylist()
    return then[0] if then else None


def _predictions(store: Warehouse, clip_id: str) -> list[Step]:
    classes = {row["model_id"]: row["classes"] for row in queries.select_models(store).to_pylist()}
    return [
        Step(
            "prediction",
            row["model_id"],
            {"posterior": dict(zip(classes[row["model_id"]], row["posterior"], strict=False))},
        )
        for row in queries.select_clip_predictions(store, clip_id).to_pylist()
    ]
