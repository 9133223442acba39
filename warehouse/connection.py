"""Attach the lake: the only place that connects to DuckDB."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from tempfile import gettempdir
from urllib.parse import urlsplit
from uuid import uuid4

import duckdb

from warehouse.contention import is_contention
from warehouse.errors import SnapshotError, WarehouseError
from warehouse.storage import S3Access

_POSTGRES = ("postgres://", "postgresql://")
# Of the folders that queries larger than memory spill to; the process's id follows.
SPILL_PREFIX = "serloop-duckdb-"


def connect(
    catalog: str,
    data_path: str,
    *,
    s3: S3Access | None = None,
    snapshot: int | None = None,
    as_of: datetime | None = None,
) -> duckdb.DuckDBPyConnection:
    """Attach a lake as `lake` and make it current; create it unless a past is asked for.

    Args:
        catalog: `sqlite:PATH`, a plain path, or `postgresql://…`.
        data_path: Normalised data path.
        s3: Access to the object store, for a data path there.
        snapshot: Read the lake as of this snapshot, read-only.
        as_of: Read the lake as of this moment (with a time zone), read-only.

    Returns:
        A connection whose default database is the lake.

    Raises:
        SnapshotError: If there is no such past.
        WarehouseError: If the lake cannot be attached.
        duckdb.Error: If another writer is creating it; try again.
    """
    past = _past_options(snapshot, as_of)
    if past and not catalog.startswith(_POSTGRES) and not _sqlite_path(catalog).exists():
        # SQLite would create the file it is asked to look into.
        raise SnapshotError(f"there is no lake with catalog `{catalog}`, so it has no past")
    connection = _load_duckdb(catalog, s3)
    try:
        _attach(connection, catalog, [f"DATA_PATH {_quote(data_path)}", *past])
    except duckdb.Error as error:
        reason: WarehouseError | None = None
        # Who keeps a catalog busy, or does not answer, is not asked more.
        if not is_contention(error) and not isinstance(error, duckdb.IOException):
            reason = _explain_moved(connection, catalog, data_path)
            if reason is None and past:
                reason = _explain_missing_past(connection, catalog, snapshot, as_of)
        connection.close()
        if reason is not None:
            raise reason from error
        if is_contention(error):
            raise
        with explained(catalog, f"cannot attach the lake with catalog `{redact(catalog)}`"):
            raise
    if as_of is not None:
        try:
            _refuse_expired(connection, as_of)
        except SnapshotError:
            connection.close()
            raise
    return connection


def reattach(connection: duckdb.DuckDBPyConnection, catalog: str, data_path: str) -> None:
    """Attach the lake anew, so that nothing cached from a lost commit is left.

    A commit that fails leaves the ids it meant to give to its shards' column maps in DuckLake's
    cache; once the winner's maps are loaded under the same ids, DuckLake 1.0 reads freed memory
    (duckdb/ducklake issue 1431).

    Args:
        connection: A connection made by `connect`, outside a transaction.
        catalog: The catalog it was made with.
        data_path: The data path it was made with.

    Raises:
        duckdb.Error: If the lake cannot be attached; try again.
    """
    connection.execute("USE memory")
    connection.execute("DETACH DATABASE IF EXISTS lake")
    _attach(connection, catalog, [f"DATA_PATH {_quote(data_path)}"])


def _past_options(snapshot: int | None, as_of: datetime | None) -> list[str]:
    if snapshot is not None and as_of is not None:
        raise SnapshotError("`snapshot` and `as_of` exclude each other; pass one of them")
    if as_of is not None and as_of.tzinfo is None:
        raise SnapshotError(f"`as_of` must carry a time zone, got `{as_of.isoformat()}`")
    if snapshot is not None:
        return [f"SNAPSHOT_VERSION {int(snapshot)}", "CREATE_IF_NOT_EXISTS false"]
    if as_of is not None:
        return [f"SNAPSHOT_TIME {_quote(as_of.isoformat())}", "CREATE_IF_NOT_EXISTS false"]
    return []


def _load_duckdb(catalog: str, s3: S3Access | None) -> duckdb.DuckDBPyConnection:
    is_postgres = catalog.startswith(_POSTGRES)
    names = ["ducklake", "postgres_scanner" if is_postgres else "sqlite_scanner"]
    connection = open_duckdb(names if s3 is None else [*names, "httpfs"])
    connection.execute("SET TimeZone = 'UTC'")
    # Progress is the caller's to show; DuckDB would draw over the terminal.
    connection.execute("SET enable_progress_bar = false")
    # The default is `.tmp` where the process runs, for every process there.
    spill = Path(gettempdir()) / f"{SPILL_PREFIX}{os.getpid()}-{uuid4().hex}"
    connection.execute(f"SET temp_directory = {_quote(str(spill))}")
    # It would keep whatever was read up to most of the machine's memory, and an ingest grow with
    # its corpus; files are hardly read twice, and the system keeps local ones anyway.
    connection.execute("SET enable_external_file_cache = false")
    # DuckLake would rebase a lost commit on the winner's without looking at keys again;
    # only our own retry (lake.py) repeats the anti-join that keeps rows unique.
    connection.execute("SET ducklake_max_retry_count = 0")
    if s3 is not None:
        _create_s3_secret(connection, s3)
    return connection


def open_duckdb(extensions: Sequence[str]) -> duckdb.DuckDBPyConnection:
    """Open DuckDB in memory and load extensions from their wheels, or from DuckDB's repository.

    A wheel is native code that was installed beside DuckDB's own and is trusted like it, so its
    file is loaded as it is. What was downloaded is loaded only if DuckDB's signature fits, which
    takes 0.13 s per extension to verify.

    Args:
        extensions: Names, such as `ducklake`.

    Raises:
        WarehouseError: If one is neither installed as a wheel nor to be downloaded.

    Example:
        >>> with open_duckdb(["ducklake"]) as connection:
        ...     connection.execute("SELECT current_setting('allow_unsigned_extensions')").fetchall()
        [(False,)]
    """
    wheels = {name: file for name in extensions if (file := find_wheel(name)) is not None}
    connection = duckdb.connect(
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_unsigned_extensions": True,
        }
    )
    try:
        for file in wheels.values():
            connection.load_extension(str(file))
        connection.execute("SET allow_unsigned_extensions = false")
        for name in extensions:
            if name not in wheels:
                _download_extension(connection, name)
    except BaseException:
        connection.close()
        raise
    return connection


def find_wheel(name: str) -> Path | None:
    """Return the file of an extension that is installed as a wheel; None if it is not.

    Args:
        name: Such as `ducklake`.
    """
    found = find_spec(f"duckdb_extension_{name}")
    if found is None or found.origin is None:
        return None
    folder = Path(found.origin).parent / "extensions" / f"v{duckdb.__version__}"
    file = folder / f"{name}.duckdb_extension"
    return file if file.is_file() else None


def _download_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    try:
        connection.install_extension(name)
    except duckdb.Error as error:
        wheel = f"duckdb-extension-{name.replace('_', '-')}=={duckdb.__version__}"
        raise WarehouseError(
            f"DuckDB extension `{name}` is missing; run `pip install {wheel}`"
        ) from error
    connection.load_extension(name)


def _create_s3_secret(connection: duckdb.DuckDBPyConnection, s3: S3Access) -> None:
    options = {
        "KEY_ID": s3.key_id,
        "SECRET": s3.secret,
        "REGION": s3.region,
        "URL_STYLE": s3.url_style,
        "USE_SSL": s3.use_ssl,
    }
    if s3.endpoint is not None:
        options["ENDPOINT"] = s3.endpoint
    clauses = ", ".join(f"{name} ?" for name in options)
    connection.execute(f"CREATE SECRET (TYPE s3, {clauses})", list(options.values()))


def _attach(connection: duckdb.DuckDBPyConnection, catalog: str, options: list[str]) -> None:
    if catalog.startswith(_POSTGRES):
        target = f"ducklake:postgres:{catalog}"
    else:
        path = _sqlite_path(catalog)
        path.parent.mkdir(parents=True, exist_ok=True)
        target = f"ducklake:sqlite:{path}"
        # Write-ahead logging lets readers and the one writer pass each other.
        options = [*options, "META_JOURNAL_MODE 'WAL'", "META_BUSY_TIMEOUT 10000"]
    connection.execute(f"ATTACH {_quote(target)} AS lake ({', '.join(options)})")
    connection.execute("USE lake")


def _sqlite_path(catalog: str) -> Path:
    return Path(catalog.removeprefix("sqlite:")).resolve()


def _quote(text: str) -> str:
    # ATTACH takes no bound parameters.
    return "'" + text.replace("'", "''") + "'"


def _refuse_expired(connection: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    """Refuse a moment whose own snapshot may have been expired: the one before it is another."""
    ((found, following),) = connection.execute(
        "SELECT any_value(now.id), min(snapshot_id) FILTER (snapshot_id > now.id)"
        " FROM ducklake_current_snapshot('lake') AS now,"
        " __ducklake_metadata_lake.ducklake_snapshot"
    ).fetchall()
    if following is not None and following > found + 1:
        raise SnapshotError(
            f"`as_of` {as_of.isoformat()} lies between snapshots {found} and {following}, and those"
            " between them were expired (`maintenance.keep_snapshots_d`); choose one of the two"
        )


def _explain_moved(
    connection: duckdb.DuckDBPyConnection, catalog: str, data_path: str
) -> WarehouseError | None:
    """Explain a data path other than the one that the catalog names, as after moving a home."""
    try:
        _attach(connection, catalog, ["CREATE_IF_NOT_EXISTS false", "READ_ONLY"])
        ((recorded,),) = connection.execute(
            "SELECT value FROM __ducklake_metadata_lake.ducklake_metadata WHERE key = 'data_path'"
        ).fetchall()
        connection.execute("USE memory")
        connection.execute("DETACH DATABASE lake")
    except duckdb.Error:
        return None
    if recorded == data_path:
        return None
    return WarehouseError(
        f"the lake with catalog `{redact(catalog)}` keeps its data at `{recorded}`, and was asked "
        f"for at `{data_path}`; if its folder was moved or copied by hand, put it back where it "
        "was, and to have it here run `serloop backup` there and `serloop restore` here; if a "
        "setting changed, set SERLOOP_HOME or SERLOOP_WAREHOUSE__DATA_PATH back"
    )


def _explain_missing_past(
    connection: duckdb.DuckDBPyConnection,
    catalog: str,
    snapshot: int | None,
    as_of: datetime | None,
) -> SnapshotError | None:
    wanted = f"`snapshot` {snapshot}" if as_of is None else f"`as_of` {as_of.isoformat()}"
    try:
        _attach(connection, catalog, ["CREATE_IF_NOT_EXISTS false", "READ_ONLY"])
        first, last, begin, end = connection.execute(
            "SELECT min(snapshot_id), max(snapshot_id), min(snapshot_time)::VARCHAR,"
            " max(snapshot_time)::VARCHAR FROM ducklake_snapshots('lake')"
        ).fetchall()[0]
    except duckdb.Error:
        return None
    held = f"snapshots {first} to {last} ({begin} to {end}), less those that were expired"
    return SnapshotError(f"{wanted} does not exist; the lake holds {held}")


@contextmanager
def explained(catalog: str, action: str) -> Iterator[None]:
    """Turn DuckDB's errors into ours, without the catalog's password.

    Args:
        catalog: The catalog's address, which DuckDB likes to quote.
        action: What could not be done.

    Raises:
        WarehouseError: If the block raises an error of DuckDB.

    Example:
        >>> with explained("postgresql://ser:hunter2@db/lake", "cannot attach the lake"):
        ...     raise duckdb.IOException("no answer from postgresql://ser:hunter2@db/lake")
        Traceback (most recent call last):
        warehouse.errors.WarehouseError: cannot attach the lake: no answer from
            postgresql://ser:***@db/lake
    """
    try:
        yield
    except duckdb.Error as error:
        shown = redact(str(error), catalog)
        # A traceback prints the cause, and with it the password.
        cause = error if shown == str(error) else None
        raise WarehouseError(f"{action}: {shown}") from cause


def redact(text: str, catalog: str | None = None) -> str:
    """Return a text without the password of a catalog address.

    Args:
        text: What is about to be shown.
        catalog: The address that may occur in it; the text itself when absent.

    Example:
        >>> redact("postgresql://ser:hunter2@db/lake")
        'postgresql://ser:***@db/lake'
        >>> redact("postgresql:///lake?user=ser&password=hunter2")
        'postgresql:///lake?user=ser&password=***'
    """
    address = urlsplit(text if catalog is None else catalog)
    options = dict(option.partition("=")[::2] for option in address.query.split("&"))
    for password in filter(None, (address.password, options.get("password"))):
        text = text.replace(password, "***")
    return text
