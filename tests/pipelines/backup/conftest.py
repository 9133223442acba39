"""Filled homes, and empty ones on either kind of place."""

import hashlib
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.pipelines.backup.homes import OnPlace, fill
from tests.pipelines.places import make_settings
from warehouse import S3Access


@pytest.fixture(params=["sqlite, folder", "postgres, s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> OnPlace:
    """Return settings of a home by name, where nothing is yet, on one kind of place."""
    if request.param == "sqlite, folder":
        return lambda name: make_settings(tmp_path / name)
    server = request.getfixturevalue("postgres")
    s3: S3Access = request.getfixturevalue("s3")

    def on_servers(name: str) -> Settings:
        database = f"{name}_{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}"
        if database not in made:
            server.psql(f"CREATE DATABASE {database}")
            made.add(database)
        warehouse = {
            "catalog": server.get_uri(database=database),
            "data_path": f"s3://lake/{database}",
            "s3_endpoint": s3.endpoint,
            "s3_access_key": s3.key_id,
            "s3_secret_key": s3.secret,
            "s3_use_ssl": False,
        }
        return make_settings(tmp_path / name, warehouse=warehouse)

    made: set[str] = set()
    return on_servers


@pytest.fixture
def filled(tmp_path: Path) -> Settings:
    """Return a filled home on this machine."""
    settings = make_settings(tmp_path / "home")
    fill(settings, tmp_path / "scratch")
    return settings
