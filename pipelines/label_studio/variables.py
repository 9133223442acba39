"""The environment in which a server of our own runs: complete, and with nothing else in it."""

import json
import os
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from pipelines.errors import SettingsError
from pipelines.label_studio.identity import Login
from pipelines.label_studio.places import Places

# Label Studio reads names without a prefix, too (HOST, PORT, DEBUG), and our own variables may
# hold secrets that are not its business: only what every program needs is passed on.
INHERITED = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR", "TZ")
BANNED_SUBNETS = "169.254.0.0/16,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,0.0.0.0/8"
POSTGRES_PORT = 5432
# Whoever opens a task and leaves holds its place for so long; the default is a day.
LOCK_S = 3600
# One hand answers: Enter alone submits, too. Skipping by key is a slip away from that and from
# replaying, and asks nobody, so it is left to its button.
KEYMAP = json.dumps(
    {
        "annotation:submit": {"key": "ctrl+enter,enter", "mac": "command+enter,enter"},
        "annotation:skip": {"key": None},
    }
)


def build_variables(places: Places, login: Login, *, database: str | None = None) -> dict[str, str]:
    """Return every environment variable of the server.

    Args:
        places: Where its data and the audio lie.
        login: The first user, made at the first start.
        database: `postgresql://…`; None for a SQLite file among its data.

    Raises:
        SettingsError: If the database's address cannot be used; the message does not repeat it.
    """
    return {
        **{name: os.environ[name] for name in INHERITED if name in os.environ},
        # What it prints is how we know where it is, so it must come at once.
        "PYTHONUNBUFFERED": "1",
        "LABEL_STUDIO_BASE_DATA_DIR": str(places.data),
        "LABEL_STUDIO_USERNAME": login.username,
        "LABEL_STUDIO_PASSWORD": login.password,
        "LABEL_STUDIO_USER_TOKEN": login.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        # Anybody on this machine could make an account otherwise; invitations still work.
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
        "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
        # Empty, not absent: absent means the vendor's own.
        "LABEL_STUDIO_SENTRY_DSN": "",
        "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
        "LABEL_STUDIO_EDITOR_KEYMAP": KEYMAP,
        "LABEL_STUDIO_TASK_LOCK_TTL": str(LOCK_S),
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(places.files),
        # Webhooks and model backends of this machine are reached at its loopback address.
        "LABEL_STUDIO_USE_DEFAULT_BANNED_SUBNETS": "false",
        "LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS": BANNED_SUBNETS,
        **(_postgres(database) if database else {"DJANGO_DB": "sqlite"}),
    }


def _postgres(address: str) -> Mapping[str, str]:
    """Return the variables of a database server.

    Example:
        >>> _postgres("postgresql://ann:p%40ss@db:5433/labels")["POSTGRE_PASSWORD"]
        'p@ss'
    """
    try:
        parts = urlsplit(address)
        port = parts.port or POSTGRES_PORT
    except ValueError:
        parts, port = urlsplit(""), POSTGRES_PORT
    # A socket's folder does not fit where a host name goes, so libpq takes it as a parameter.
    host = parts.hostname or "".join(parse_qs(parts.query).get("host", [])[:1])
    name = unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgresql", "postgres"} or not host or not name:
        raise SettingsError(
            "setting `label_studio.database` must be `postgresql://user:password@host:port/name`"
        )
    return {
        "DJANGO_DB": "default",
        "POSTGRE_HOST": host,
        "POSTGRE_PORT": str(port),
        "POSTGRE_USER": unquote(parts.username or "postgres"),
        "POSTGRE_PASSWORD": unquote(parts.password or ""),
        "POSTGRE_NAME": name,
    }
