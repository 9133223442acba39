"""`serloop maintain` sweeps what killed runs left, and says what it did."""

import json
import os
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.commands.maintain import parse_seconds
from pipelines.maintain import maintain
from pipelines.progress import SilentProgress
from pipelines.settings import Settings
from pipelines.workspace import open_store
from warehouse import Shard, write_shard
from warehouse.testing import make_rows

SILENT = SilentProgress()


@pytest.fixture
def stray(settings: Settings) -> Shard:
    """Write a shard that nobody commits, two days ago."""
    shard = write_shard(settings.data_path, "features", make_rows("features", clip_id=["c/1"]))
    then = time.time() - 2 * 86400
    os.utime(shard.path, (then, then))
    return shard


def test_a_dry_run_only_says_it(settings: Settings, stray: Shard) -> None:
    """Files and bytes are counted, and nothing is removed."""
    result = maintain(settings, SILENT, dry_run=True)
    size = Path(stray.path).stat().st_size
    assert (result.files, result.file_bytes, result.young) == (1, size, 0)
    assert result.rows()[0]["done"] == "nothing, this was a dry run"


def test_an_old_stray_is_removed(settings: Settings, stray: Shard) -> None:
    """What is older than a day goes, and the next call finds nothing."""
    assert maintain(settings, SILENT).files == 1
    assert not Path(stray.path).exists()
    assert maintain(settings, SILENT).files == 0


def test_a_longer_grace_keeps_it(settings: Settings, stray: Shard) -> None:
    """What is younger than the grace is counted apart."""
    result = maintain(settings, SILENT, grace_s=3 * 86400)
    assert (result.files, result.young) == (0, 1)
    assert Path(stray.path).exists()


def test_what_killed_trainings_left_is_removed(settings: Settings) -> None:
    """Half-written weights and states nobody resumed go; finished weights and other files stay."""
    settings.artifacts.mkdir(parents=True)
    names = (".a.safetensors.12.part", "b.training", "model.safetensors", ".gitignore")
    for name in names:
        (settings.artifacts / name).touch()
    assert maintain(settings, SILENT).leftovers == 0
    assert maintain(settings, SILENT, grace_s=0).leftovers == 2
    assert {path.name for path in settings.artifacts.iterdir()} == set(names[2:])


def test_the_verb_prints_what_it_did(settings: Settings, stray: Shard) -> None:
    """The command takes a span of time and prints JSON."""
    arguments = ["maintain", "--home", str(settings.home), "--grace", "90m", "--merge", "--json"]
    done = CliRunner().invoke(app, arguments)
    (row,) = json.loads(done.stdout)
    assert (row["done"], row["stray_files"], row["merged_files"]) == ("removed", 1, 0)
    assert not Path(stray.path).exists()


@pytest.mark.parametrize("text", ["", "soon", "-1h", "1 week"])
def test_what_is_no_span_of_time_is_refused(text: str) -> None:
    """The message says what a span looks like."""
    with pytest.raises(typer.BadParameter, match="such as `90s`"):
        parse_seconds(text)


def test_old_snapshots_that_nobody_needs_go(settings: Settings) -> None:
    """Young ones stay whatever the grace; without days to keep, what a model names is left."""
    with open_store(settings) as store:
        for name in "abc":
            store.commit({"remarks": make_rows("remarks", remark_id=[name])}, message=name)
        model = make_rows("models", model_id=["m"], snapshot=[2])
        store.commit({"models": model}, message="model")
    assert maintain(settings, SILENT, grace_s=0).expired == 0
    maintenance = settings.maintenance.model_copy(update={"keep_snapshots_d": 0})
    unkept = settings.model_copy(update={"maintenance": maintenance})
    assert maintain(unkept, SILENT).expired == 0
    assert maintain(unkept, SILENT, grace_s=0, expire=False).expired == 0
    planned = maintain(unkept, SILENT, grace_s=0, dry_run=True)
    done = maintain(unkept, SILENT, grace_s=0)
    assert (planned.expired, done.expired, done.needed) == (3, 3, 1)
    with open_store(unkept, snapshot=2) as past:
        assert past.snapshot == 2
