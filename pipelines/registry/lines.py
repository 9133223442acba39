"""Where a model competes: each line has one champion."""

import json
from collections.abc import Mapping
from typing import Any

from warehouse import Warehouse, queries


def line_of(store: Warehouse, model: Mapping[str, Any]) -> str:
    """Return the line that a model belongs to: the campaign of its round, or else its corpus.

    Args:
        store: The warehouse.
        model: A row of `models`, its configuration decoded or not.
    """
    return name_line(model, campaigns_of(store))


def campaigns_of(store: Warehouse) -> dict[str, str]:
    """Return the campaign of every round by its id."""
    rounds = queries.select_rounds(store)
    return dict(zip(rounds["round_id"].to_pylist(), rounds["campaign"].to_pylist(), strict=True))


def name_line(model: Mapping[str, Any], campaigns: Mapping[str, str]) -> str:
    """Return the line of a model, where the campaigns of rounds are known.

    Args:
        model: A row of `models`, its configuration decoded or not.
        campaigns: What `campaigns_of` returns.

    Example:
        >>> name_line({"round_id": "calls-002", "config": "{}"}, {"calls-002": "calls"})
        'calls'
        >>> name_line({"round_id": None, "config": '{"corpus": "ravdess"}'}, {})
        'ravdess'
    """
    if model["round_id"] in campaigns:
        return campaigns[model["round_id"]]
    config = model["config"]
    found: str = (json.loads(config) if isinstance(config, str) else config)["corpus"]
    return found
