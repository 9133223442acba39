"""What a model may be calibrated on: speakers it did not learn from who do not test it either."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pipelines.errors import NothingToDoError, PipelineError
from pipelines.judged import (
    FACTS,
    JudgedClips,
    read_judgement,
    require_classes,
    select_judged,
)
from pipelines.models import load_weights
from pipelines.predicting import predict_clips
from pipelines.progress import Progress
from pipelines.settings import Settings
from warehouse import Warehouse, queries

Source = Literal["dev", "out_of_fold"]

# What differs between the folds of one cross-validation, and nothing else may.
OF_A_FOLD = ("clips", "test_speakers", "dev_speakers", "words")


@dataclass(frozen=True, eq=False)
class CalibrationClips:
    """Clips with their right class and what was said of them by a model that never met them.

    Args:
        clips: N clips with one leading class each.
        posterior: P(class), ``(N, C)``.
        source: Whether the model itself said it, or its siblings did.
        models: The models that did.
    """

    clips: JudgedClips
    posterior: npt.NDArray[np.float64]
    source: Source
    models: tuple[str, ...]

    @property
    def n_speakers(self) -> int:
        """Number of their speakers."""
        return len(set(self.clips.speakers))

    def groups(self, name: str) -> list[str | None]:
        """Return the group of each clip, such as its gender.

        Args:
            name: One of `pipelines.judged.FACTS` that is text.

        Raises:
            PipelineError: If clips are not grouped by it.
        """
        return groups_of(self.clips, name)


def groups_of(clips: JudgedClips, name: str) -> list[str | None]:
    """Return the group of each clip by a fact of its speaker.

    Args:
        clips: The clips.
        name: One of the columns `FACTS` that is text.

    Raises:
        PipelineError: If there is no such column.
    """
    listed = [
        fact
        for fact in FACTS
        if fact in clips.facts.column_names
        and pa.types.is_string(clips.facts.schema.field(fact).type)
    ]
    if name not in listed:
        known = ", ".join(f"`{fact}`" for fact in listed)
        raise PipelineError(f"clips are not grouped by `{name}`; name `all`, or one of {known}")
    found: list[str | None] = clips.facts[name].to_pylist()
    return found


def collect_calibration(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    model: Mapping[str, Any],
    *,
    truth: str,
    source: Source | None = None,
) -> CalibrationClips:
    """Return clips to calibrate a model on.

    Args:
        store: The warehouse.
        settings: Where the weights are.
        progress: Where progress is shown.
        model: A row from `require_model`.
        truth: `intended`, or the id of a consensus run.
        source: `dev` for its own predictions of its dev speakers; `out_of_fold` for those of its
            siblings, see `find_siblings`, of speakers that do not test it; None for what has
            more speakers.

    Raises:
        PipelineError: If the model predicts no classes.
        LeakageError: If a model learned from a clip or speaker that it shall be calibrated on.
        NothingToDoError: If there is no such clip, with how to get some.
    """
    require_classes(model)
    found = []
    if source in {None, "out_of_fold"}:
        found.append(_out_of_fold(store, model, truth))
    if source in {None, "dev"}:
        found.append(_dev_part(store, settings, progress, model, truth))
    usable = [clips for clips in found if clips is not None]
    if not usable:
        name, corpus = model["model_id"], model["config"]["corpus"]
        asked = "" if source is None else f" from `{source}`"
        raise NothingToDoError(
            f"there is nobody to calibrate `{name}` on{asked}: it needs dev speakers of its own, "
            "or models of the same settings that were tested on speakers it learned from; run "
            f"`serloop crossvalidate {corpus}` with the settings it was trained by"
        )
    return max(usable, key=lambda clips: clips.n_speakers)


def find_siblings(store: Warehouse, model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the other folds of a cross-validation: models alike in all but who is held out.

    Args:
        store: The warehouse.
        model: A row from `require_model`.

    Returns:
        Rows as `require_model` returns them, ordered by id.
    """
    own = _recipe(model["config"])
    rows = queries.select_models(store).to_pylist()
    read = [{**row, "config": json.loads(row["config"])} for row in rows]
    found = [
        row
        for row in read
        if row["model_id"] != model["model_id"]
        and row["feature_set"] == model["feature_set"]
        and _recipe(row["config"]) == own
    ]
    return sorted(found, key=lambda row: str(row["model_id"]))


def _recipe(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in OF_A_FOLD}


def _out_of_fold(store: Warehouse, model: Mapping[str, Any], truth: str) -> CalibrationClips | None:
    """Return what siblings said of speakers that do not test the model, each clip once."""
    own_test = set(model["config"]["test_speakers"])
    parts: list[tuple[str, JudgedClips, npt.NDArray[np.float64]]] = []
    seen: set[str] = set()
    for sibling in find_siblings(store, model):
        if not queries.select_predictions(store, sibling["model_id"]).num_rows:
            continue
        judged = select_judged(store, sibling, truth=truth).decided()
        clips, posterior = read_judgement(store, sibling, judged)
        at = np.flatnonzero(
            [
                speaker not in own_test and clip not in seen
                for clip, speaker in zip(clips.clip_ids, clips.speakers, strict=True)
            ]
        )
        if at.size:
            parts.append((sibling["model_id"], clips.take(at), posterior[at]))
            seen.update(parts[-1][1].clip_ids)
    if not parts:
        return None
    return CalibrationClips(
        clips=_join([clips for _, clips, _ in parts]),
        posterior=np.concatenate([posterior for _, _, posterior in parts]),
        source="out_of_fold",
        models=tuple(name for name, _, _ in parts),
    )


def _dev_part(
    store: Warehouse,
    settings: Settings,
    progress: Progress,
    model: Mapping[str, Any],
    truth: str,
) -> CalibrationClips | None:
    """Return what the model says of its own dev speakers."""
    if not model["config"]["dev_speakers"]:
        return None
    try:
        clips = select_judged(store, model, truth=truth, part="dev").decided()
    except NothingToDoError:
        return None
    if not clips.clip_ids:
        return None
    with progress.track("calibrate", len(clips.clip_ids), "clips") as advance:
        trained = load_weights(settings, dict(model))
        posterior = predict_clips(store, model["config"], trained, clips.clip_ids).posterior
        advance(len(clips.clip_ids))
    return CalibrationClips(
        clips, np.asarray(posterior, np.float64), "dev", (str(model["model_id"]),)
    )


def _join(parts: list[JudgedClips]) -> JudgedClips:
    first = parts[0]
    return JudgedClips(
        clip_ids=tuple(clip for of in parts for clip in of.clip_ids),
        speakers=tuple(speaker for of in parts for speaker in of.speakers),
        targets=np.concatenate([of.targets for of in parts]),
        is_decided=np.concatenate([of.is_decided for of in parts]),
        facts=pa.concat_tables([of.facts for of in parts]),
        classes=first.classes,
        taxonomy=first.taxonomy,
        mapping=first.mapping,
        dropped=sum(of.dropped for of in parts),
    )
