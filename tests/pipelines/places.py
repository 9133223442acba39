"""Warehouses for tests: settings that train for a moment, and copies of what others made."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from pipelines.demo import DemoResult
from pipelines.settings import Settings

# Enough to run every stage, and nothing to learn from.
QUICK = {
    "training": {"updates": 2, "batch_size": 16, "speed_perturbation": False},
    "compute": {"processes": 1, "batch_clips": 10},
    "rounds": {"budget": 10, "votes_per_clip": 5, "aggregator": "majority"},
}


@dataclass(frozen=True)
class Trained:
    """A warehouse with a model that was evaluated and has scored the pool."""

    settings: Settings
    model_id: str


@dataclass(frozen=True)
class Campaign:
    """A warehouse in which a seed and a round were asked, answered and learned from."""

    settings: Settings
    result: DemoResult


def make_settings(home: Path, **places: dict[str, str]) -> Settings:
    """Return settings that train for a moment."""
    return Settings(home=home, **QUICK, **places)


def borrow(lender: Settings, home: Path) -> Settings:
    """Return settings of a copy that may be written to; the lender never sees it.

    The catalog is one file, and Parquet files are never changed, so only the catalog is copied.
    """
    home.mkdir(parents=True, exist_ok=True)
    catalog = home / "catalog.sqlite"
    # A plain copy would miss what is still in the write-ahead log.
    with closing(sqlite3.connect(lender.catalog)) as kept, closing(sqlite3.connect(catalog)) as new:
        kept.backup(new)
    if lender.artifacts.is_dir():
        shutil.copytree(lender.artifacts, home / "models")
    place = {"catalog": str(catalog), "data_path": lender.data_path}
    return make_settings(home, warehouse=place)
