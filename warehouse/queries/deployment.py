"""Reads of what was made of models to run elsewhere."""

import pyarrow as pa

from warehouse import schemas
from warehouse.queries.read import read
from warehouse.warehouse import Warehouse


def select_bundles(warehouse: Warehouse, *, model_id: str | None = None) -> pa.Table:
    """Return `bundles` ordered by model and id.

    Args:
        warehouse: An open warehouse.
        model_id: Only those of this model.
    """
    return read(warehouse, "select_bundles", schemas.BUNDLES.schema, model_id=model_id)


def select_calibrations(warehouse: Warehouse, *, model_id: str | None = None) -> pa.Table:
    """Return `calibrations` ordered by model and id.

    Args:
        warehouse: An open warehouse.
        model_id: Only those of this model.
    """
    return read(warehouse, "select_calibrations", schemas.CALIBRATIONS.schema, model_id=model_id)


def select_baselines(
    warehouse: Warehouse, *, model_id: str | None = None, speaker: str | None = None
) -> pa.Table:
    """Return `baselines` ordered by model, speaker and id.

    Args:
        warehouse: An open warehouse.
        model_id: Only those of this model.
        speaker: Only those of this speaker.
    """
    return read(
        warehouse, "select_baselines", schemas.BASELINES.schema, model_id=model_id, speaker=speaker
    )
