"""Filled homes, and empty ones on either kind of place."""

import hashlib
import shutil
from pathlib import Path

import pytest

from pipelines.settings import Settings
from tests.pipelines.backup.homes import OnPlace, fill
from tests.pipelines.places import make_settings
from warehouse import S3Access
from warehouse.backup import copy_catalog, restore_catalog
from warehouse.storage import normalise_data_path


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


@pytest.fixture(scope="session")
def filled_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    """Fill a home, for copying only; its catalog is beside it as a single file."""
    root = tmp_path_factory.mktemp("filled")
    settings = make_settings(root / "home")
    fill(settings, root / "scratch")
    copy_catalog(settings.catalog, root / "catalog")
    return settings, root / "catalog"


@pytest.fixture
def filled(filled_once: tuple[Settings, Path], tmp_path: Path) -> Settings:
    """Return a filled home on this machine."""
    lender, catalog = filled_once
    settings = make_settings(tmp_path / "home")
    shutil.copytree(lender.home, settings.home, ignore=shutil.ignore_patterns("catalog.sqlite*"))
    # A catalog names the folder that its data lies in.
    restore_catalog(catalog, settings.catalog, normalise_data_path(settings.data_path, None))
    return settings
