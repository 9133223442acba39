"""Make the bucket of the warehouse where there is none."""

from pyarrow import fs

from pipelines.settings import load_settings
from pipelines.workspace import s3_access


def main() -> None:
    """Make the bucket that the settings name, with the access that they give.

    Raises:
        SystemExit: They name none.
    """
    settings = load_settings()
    access = s3_access(settings)
    if access is None:
        raise SystemExit(f"`{settings.data_path}` is no bucket; set SERLOOP_WAREHOUSE__DATA_PATH")
    store = fs.S3FileSystem(
        access_key=access.key_id,
        secret_key=access.secret,
        region=access.region,
        endpoint_override=access.endpoint,
        scheme="https" if access.use_ssl else "http",
        allow_bucket_creation=True,
    )
    store.create_dir(settings.data_path.removeprefix("s3://").split("/")[0])


if __name__ == "__main__":
    main()
