"""A warehouse with three rounds of one campaign, a model each, and nothing decided yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from warehouse import Warehouse
from warehouse.testing import make_rows
from warehouse.warehouse import open_warehouse

MODELS = ("m0", "m1", "m2")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Warehouse]:
    """Open it, to be written to."""
    with open_warehouse(str(tmp_path / "catalog.sqlite"), str(tmp_path / "data")) as opened:
        names = [f"calls-{number:03d}" for number in range(3)]
        opened.commit(
            {
                "rounds": make_rows(
                    "rounds", round_id=names, campaign=["calls"] * 3, number=[0, 1, 2]
                ),
                "models": make_rows("models", model_id=[*MODELS], round_id=names),
                "evaluations": make_rows(
                    "evaluations",
                    evaluation_id=[f"{name}/test" for name in MODELS],
                    model_id=[*MODELS],
                    part=["test"] * 3,
                    truth=["intended"] * 3,
                    uar=[0.4, 0.5, 0.6],
                    uar_low=[0.3, 0.4, 0.5],
                    uar_high=[0.5, 0.6, 0.7],
                ),
            },
            message="three rounds",
        )
        yield opened
