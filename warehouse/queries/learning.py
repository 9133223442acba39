"""Reads of what is learned and asked."""

from collections.abc import Sequence

import pyarrow as pa

from warehouse import schemas
from warehouse.queries.read import columns, count, listed, read
from warehouse.warehouse import Warehouse

_ASKS = pa.schema(
    [
        *schemas.ASKS.schema,
        *columns(schemas.ROUNDS, "campaign", "number"),
        count("votes_received"),
    ]
)


def select_models(warehouse: Warehouse) -> pa.Table:
    """Return `models` ordered by the snapshot they were trained on."""
    return read(warehouse, "select_models", schemas.MODELS.schema)


def select_evaluations(warehouse: Warehouse) -> pa.Table:
    """Return `evaluations` ordered by model and part."""
    return read(warehouse, "select_evaluations", schemas.EVALUATIONS.schema)


def select_metrics(warehouse: Warehouse, *, evaluation_id: str | None = None) -> pa.Table:
    """Return `metrics` ordered by evaluation, group and metric.

    Args:
        warehouse: An open warehouse.
        evaluation_id: Only those of this evaluation.
    """
    return read(warehouse, "select_metrics", schemas.METRICS.schema, evaluation_id=evaluation_id)


def select_predictions(warehouse: Warehouse, model_id: str) -> pa.Table:
    """Return `predictions` of one model, ordered by clip_id."""
    return read(warehouse, "select_predictions", schemas.PREDICTIONS.schema, model_id=model_id)


def select_clip_predictions(warehouse: Warehouse, clip_id: str) -> pa.Table:
    """Return `predictions` of one clip, ordered by model."""
    return read(warehouse, "select_clip_predictions", schemas.PREDICTIONS.schema, clip_id=clip_id)


def select_trials(warehouse: Warehouse, *, study: str | None = None) -> pa.Table:
    """Return `trials` ordered by study and number.

    Args:
        warehouse: An open warehouse.
        study: Only this study.
    """
    return read(warehouse, "select_trials", schemas.TRIALS.schema, study=study)


def select_rounds(warehouse: Warehouse, *, campaign: str | None = None) -> pa.Table:
    """Return `rounds` ordered by campaign and number.

    Args:
        warehouse: An open warehouse.
        campaign: Only this campaign.
    """
    return read(warehouse, "select_rounds", schemas.ROUNDS.schema, campaign=campaign)


def select_asks(
    warehouse: Warehouse, *, campaign: str | None = None, sources: Sequence[str] | None = None
) -> pa.Table:
    """Return `asks` with their round's campaign and number and the votes their clip has by now.

    Who skipped a clip has not answered. A withdrawn ask wants no more votes than it has, and is
    left out where it has none.

    Args:
        warehouse: An open warehouse.
        campaign: Only this campaign.
        sources: Count only standing votes of these sources; None counts those of every source,
            the corpus's own among them.

    Returns:
        The columns of `asks`, then campaign, number, votes_received; ordered by campaign,
        number and ask_id.
    """
    return read(warehouse, "select_asks", _ASKS, campaign=campaign, sources=listed(sources))
