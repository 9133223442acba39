"""Open the warehouse that the settings name."""

from datetime import datetime
from pathlib import Path

from pipelines.errors import SettingsError
from pipelines.settings import Settings
from warehouse import S3Access, Warehouse, open_warehouse


def open_store(
    settings: Settings, *, snapshot: int | None = None, as_of: datetime | None = None
) -> Warehouse:
    """Open the warehouse, creating it when it is new.

    Args:
        settings: Where the catalog and the data live.
        snapshot: Read the past as of this snapshot number.
        as_of: Read the past as of this time.

    Returns:
        The warehouse, a context manager.

    Raises:
        SettingsError: If the data path is a bucket and its credentials are incomplete.
    """
    return open_warehouse(
        settings.catalog, settings.data_path, s3=s3_access(settings), snapshot=snapshot, as_of=as_of
    )


def has_warehouse(settings: Settings) -> bool:
    """Return whether there may be a warehouse; False is certain, and nothing is made by asking.

    Args:
        settings: Where the catalog lives. A database server is not asked.
    """
    return "://" in settings.catalog or Path(settings.catalog.removeprefix("sqlite:")).exists()


def s3_access(settings: Settings) -> S3Access | None:
    """Collect the access to the bucket, or None for a local data path.

    Args:
        settings: Where the data lives and the bucket's credentials.

    Returns:
        The access record that the warehouse and its shard writers need.

    Raises:
        SettingsError: If the credentials are incomplete.
    """
    if not settings.data_path.startswith("s3://"):
        return None
    given = settings.warehouse
    if given.s3_access_key is None or given.s3_secret_key is None:
        raise SettingsError(
            f"`warehouse.data_path` is the bucket `{settings.data_path}`, which needs "
            "SERLOOP_WAREHOUSE__S3_ACCESS_KEY and SERLOOP_WAREHOUSE__S3_SECRET_KEY; set both"
        )
    return S3Access(
        key_id=given.s3_access_key.get_secret_value(),
        secret=given.s3_secret_key.get_secret_value(),
        endpoint=given.s3_endpoint,
        region=given.s3_region,
        # Self-hosted stores rarely resolve one host name per bucket.
        url_style="path" if given.s3_endpoint else "vhost",
        use_ssl=given.s3_use_ssl,
    )
