"""Homes with rows in every table and weights that they name."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import write_shard
from warehouse.schemas import TABLES
from warehouse.testing import build_warehouse, make_rows

WEIGHTS = b"weights" * 1000
OnPlace = Callable[[str], Settings]


def fill(settings: Settings, scratch: Path) -> None:
    """Put rows into every table, in files and in the catalog, and the weights that one names."""
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    with build_warehouse(scratch) as toy, open_store(settings) as store:
        tables = {
            name: toy._connection.table(f"lake.main.{name}").to_arrow_table() for name in TABLES
        }
        shards = [
            write_shard(store.data_path, name, tables.pop(name), s3=store.s3)
            for name in ("features", "waveforms")
        ]
        store.commit(tables, shards=shards, message="everything")
        many = make_rows("votes", vote_id=[f"many-{row}" for row in range(50)])
        model = make_rows(
            "models",
            model_id=["weighty"],
            artifact=["weighty.safetensors"],
            artifact_sha256=[sha256],
        )
        store.commit({"votes": many, "models": model}, message="more")
    for path, content in (
        ("models/weighty.safetensors", WEIGHTS),
        ("models/-", b"?"),
        ("models/x.training", b"a training that is going on"),
        ("reports/toy.html", b"<html>"),
        ("gateway/keys.json", b'{"password": "hunter2"}'),
        ("people/links.json", b"{}"),
        ("serving/keys.json", b"{}"),
        ("gateway/gateway.lock", b""),
    ):
        target = settings.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    (settings.home / "gateway" / "keys.json").chmod(0o600)


def read_every_row(settings: Settings, snapshot: int | None = None) -> dict[str, str]:
    """Return every row of every table, in order."""
    with open_store(settings, snapshot=snapshot) as store:
        return {
            name: repr(store._connection.table(name).order("ALL").fetchall()) for name in TABLES
        }


def list_snapshots(settings: Settings) -> list[int]:
    """Return the snapshots that can be read."""
    with open_store(settings) as store:
        found = store._connection.execute("SELECT snapshot_id FROM ducklake_snapshots('lake')")
        return sorted(number for (number,) in found.fetchall())
