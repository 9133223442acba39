"""PostgreSQL and S3 by settings alone: the same stages, the same rows."""

from pathlib import Path

import pytest

from pipelines.ingest import ingest
from pipelines.progress import SilentProgress
from pipelines.settings import load_settings
from pipelines.status import read_status
from pipelines.workspace import open_store
from ser.corpora.synthetic import write_synthetic_corpus
from warehouse import S3Access, queries


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Write 24 clips."""
    root = tmp_path / "synthetic"
    write_synthetic_corpus(root, speakers=2, sentences=2)
    return root


@pytest.fixture
def team_environment(
    monkeypatch: pytest.MonkeyPatch, postgres_catalog: str, s3: S3Access
) -> dict[str, str]:
    """Point the settings to a real PostgreSQL catalog and an S3 bucket."""
    variables = {
        "CATALOG": postgres_catalog,
        "DATA_PATH": "s3://lake/team",
        "S3_ENDPOINT": str(s3.endpoint),
        "S3_ACCESS_KEY": s3.key_id,
        "S3_SECRET_KEY": "hidden-from-view",
        "S3_USE_SSL": "false",
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"SERLOOP_WAREHOUSE__{name}", value)
    return variables


@pytest.mark.usefixtures("team_environment")
def test_ingest_gives_the_same_rows_as_on_one_machine(tmp_path, corpus, monkeypatch):
    """Where the warehouse lies changes nothing in it, and a second run writes nothing."""
    team = load_settings(home=tmp_path / "team")
    first = ingest(team, SilentProgress(), corpus="synthetic", root=corpus)
    second = ingest(team, SilentProgress(), corpus="synthetic", root=corpus)
    with open_store(team) as store:
        shared = [queries.select_clips(store), queries.select_waveforms(store)]
    for name in ("CATALOG", "DATA_PATH"):
        monkeypatch.delenv(f"SERLOOP_WAREHOUSE__{name}")
    alone = load_settings(home=tmp_path / "alone")
    ingest(alone, SilentProgress(), corpus="synthetic", root=corpus)
    with open_store(alone) as store:
        own = [queries.select_clips(store), queries.select_waveforms(store)]
    assert (first.added, second.added, second.snapshot) == (24, 0, first.snapshot)
    assert [table.equals(other) for table, other in zip(shared, own, strict=True)] == [True, True]


def test_status_shows_the_catalog_without_its_password(team_environment, tmp_path, corpus):
    """A status is pasted into chats."""
    team = load_settings(home=tmp_path)
    ingest(team, SilentProgress(), corpus="synthetic", root=corpus)
    status = read_status(team)
    assert status.corpora[0]["clips"] == 24
    assert "@" not in status.catalog
    assert team_environment["S3_SECRET_KEY"] not in repr(team)
