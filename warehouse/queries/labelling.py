"""Reads of the bridge to Label Studio."""

import pyarrow as pa

from warehouse import schemas
from warehouse.queries.read import read
from warehouse.warehouse import Warehouse


def select_projects(warehouse: Warehouse, *, campaign: str | None = None) -> pa.Table:
    """Return `projects` ordered by the time they were decided on.

    Args:
        warehouse: An open warehouse.
        campaign: Only those of this campaign.
    """
    return read(warehouse, "select_projects", schemas.PROJECTS.schema, campaign=campaign)


def select_tasks(warehouse: Warehouse, *, project: str | None = None) -> pa.Table:
    """Return `tasks` ordered by project and place in the queue.

    Args:
        warehouse: An open warehouse.
        project: Only those of this project.
    """
    return read(warehouse, "select_tasks", schemas.TASKS.schema, project=project)


def select_deliveries(warehouse: Warehouse, *, project: str | None = None) -> pa.Table:
    """Return `deliveries` ordered by project, clip and task.

    Args:
        warehouse: An open warehouse.
        project: Only those of this project.
    """
    return read(warehouse, "select_deliveries", schemas.DELIVERIES.schema, project=project)


def select_gold(warehouse: Warehouse, *, campaign: str | None = None) -> pa.Table:
    """Return `gold` ordered by campaign and clip.

    Args:
        warehouse: An open warehouse.
        campaign: Only those of this campaign.
    """
    return read(warehouse, "select_gold", schemas.GOLD.schema, campaign=campaign)


def select_collections(warehouse: Warehouse, *, project: str | None = None) -> pa.Table:
    """Return `collections` ordered by project and the last change they saw.

    Args:
        warehouse: An open warehouse.
        project: Only those of this project.
    """
    return read(warehouse, "select_collections", schemas.COLLECTIONS.schema, project=project)


def select_accounts(warehouse: Warehouse, *, project: str | None = None) -> pa.Table:
    """Return `accounts` ordered by project and user.

    Args:
        warehouse: An open warehouse.
        project: Only those of this project.
    """
    return read(warehouse, "select_accounts", schemas.ACCOUNTS.schema, project=project)


def select_withdrawals(warehouse: Warehouse) -> pa.Table:
    """Return `withdrawals` ordered by ask."""
    return read(warehouse, "select_withdrawals", schemas.WITHDRAWALS.schema)
