"""What tells whether knowing a speaker helps: clips of others, and models that never heard them."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.clipset import read_features, select_clip_set
from pipelines.errors import PipelineError
from pipelines.judged import taxonomy_of
from pipelines.models import load_weights
from pipelines.settings import Settings
from warehouse import Warehouse, queries

if TYPE_CHECKING:
    from ser.inference.baseline_gain import Known
    from ser.inference.strangers import Stranger
    from ser.models.trained import TrainedModel

# What differs between the folds of one recipe.
OF_FOLD = ("clips", "dev_speakers", "seed", "test_speakers")


def read_known(store: Warehouse, model: Mapping[str, Any]) -> "Known":
    """Return the clips a model was trained on, with their labels.

    Args:
        store: The warehouse.
        model: A row from `require_model`.

    Raises:
        PipelineError: If the warehouse does not have these clips with labels any more.
    """
    from ser.inference.baseline_gain import Known  # noqa: PLC0415 - loads torch

    config = model["config"]
    clips = select_clip_set(
        store,
        corpus=config["corpus"],
        labels=model["labels"],
        test_speakers=config["test_speakers"],
        dev_speakers=config["dev_speakers"],
        taxonomy=taxonomy_of(model),
    )
    learned = set(config["clips"])
    at = clips.decided(clips.train)
    at = at[[clips.clip_ids[position] in learned for position in at]]
    if not at.size:
        raise PipelineError(
            f"no clip that `{model['model_id']}` learned from has a label in the warehouse; ingest "
            "its corpus again"
        )
    return Known(
        read_features(store, model["feature_set"], clips.ids(at)),
        clips.targets[at].argmax(axis=1),
        clips.speakers[at],
        len(clips.classes),
    )


def find_strangers(
    store: Warehouse,
    settings: Settings,
    model: Mapping[str, Any],
    trained: "TrainedModel",
    known: "Known",
) -> "list[Stranger]":
    """Return models that never heard the speakers a model was trained on.

    A head that ridge regression solved for is solved for again without each of them. Other
    networks take too long to train again: models of the same recipe from other folds, as
    `serloop crossvalidate` leaves them, stand in for them. Those have heard the test speakers of
    this one, which says nothing about the speakers they are asked about.

    Args:
        store: The warehouse.
        settings: Where weights are.
        model: A row from `require_model`.
        trained: Its weights.
        known: The clips it was trained on.

    Returns:
        None where there is no such model.
    """
    from ser.inference.strangers import Stranger, solve_strangers  # noqa: PLC0415 - loads torch

    speakers = known.speakers.tolist()
    if trained.training.get("solver") == "ridge":
        return solve_strangers(trained, known.features, known.labels, speakers)
    wanted = set(speakers)
    found = []
    for sibling in _siblings(store, model):
        unheard = wanted & set(sibling["config"]["test_speakers"])
        if unheard:
            found.append(Stranger(load_weights(settings, sibling), tuple(sorted(unheard))))
            wanted -= unheard
    return found


def _siblings(store: Warehouse, model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return models of the same recipe and other folds, those of the same seed first."""
    recipe = _recipe(model["config"])
    rows = [
        {**row, "config": json.loads(row["config"])}
        for row in queries.select_models(store).to_pylist()
        if row["feature_set"] == model["feature_set"] and row["model_id"] != model["model_id"]
    ]
    alike = [row for row in rows if _recipe(row["config"]) == recipe]
    seed = model["config"]["seed"]
    return sorted(alike, key=lambda row: (row["config"]["seed"] != seed, row["model_id"]))


def _recipe(config: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in config.items() if name not in OF_FOLD}
