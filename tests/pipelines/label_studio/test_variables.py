"""The server's environment is complete, and holds nothing that is not its business."""

import json
from pathlib import Path

import pytest

from pipelines.errors import SettingsError
from pipelines.label_studio.identity import Login
from pipelines.label_studio.places import Places, find_places
from pipelines.label_studio.variables import build_variables
from pipelines.settings import Settings

LOGIN = Login("a@b.org", "secret", "t" * 40)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Return the places of a home."""
    return find_places(Settings(home=tmp_path))


def test_everything_a_server_needs_to_be_told_is_told(places: Places) -> None:
    """First user, no telemetry, no sign-up, files below the home, webhooks to this machine."""
    told = build_variables(places, LOGIN)
    expected = {
        "BASE_DATA_DIR": str(places.data),
        "USERNAME": "a@b.org",
        "PASSWORD": "secret",
        "USER_TOKEN": "t" * 40,
        "ENABLE_LEGACY_API_TOKEN": "true",
        "DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
        "LOCAL_FILES_SERVING_ENABLED": "true",
        "LOCAL_FILES_DOCUMENT_ROOT": str(places.files),
        "USE_DEFAULT_BANNED_SUBNETS": "false",
        "TASK_LOCK_TTL": "3600",
    }
    prefixed = {name: value for name, value in told.items() if name.startswith("LABEL_STUDIO_")}
    keys = json.loads(prefixed.pop("LABEL_STUDIO_EDITOR_KEYMAP"))
    banned = prefixed.pop("LABEL_STUDIO_USER_ADDITIONAL_BANNED_SUBNETS").split(",")
    assert prefixed == {f"LABEL_STUDIO_{name}": value for name, value in expected.items()}
    assert "169.254.0.0/16" in banned
    assert not any(network.startswith("127.") for network in banned)
    assert "enter" in keys["annotation:submit"]["key"].split(",")
    assert keys["annotation:skip"]["key"] is None
    assert told["DJANGO_DB"] == "sqlite"


def test_what_we_were_told_is_not_passed_on(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our secrets stay ours, and unprefixed names cannot change what the server does."""
    strangers = ("SERLOOP_WAREHOUSE__S3_SECRET_KEY", "LABEL_STUDIO_HOST", "HOST", "PORT", "DEBUG",
                 "PYTHONPATH", "DJANGO_SETTINGS_MODULE", "POSTGRE_HOST", "HTTP_PROXY")  # fmt: skip
    for name in strangers:
        monkeypatch.setenv(name, "x")
    assert build_variables(places, LOGIN).keys() & set(strangers) == set()


def test_documents_lie_below_the_home_and_audio_below_them(places: Places, tmp_path: Path) -> None:
    """A local storage must be a strict subfolder of the document root."""
    assert places.files.is_relative_to(tmp_path)
    assert places.files in places.audio.parents


ADDRESSES = {
    "whole": (
        "postgresql://ann:p%40ss%2F@db.example.org:5433/labels",
        ("db.example.org", "5433", "ann", "p@ss/", "labels"),
    ),
    "short": ("postgres://ann@db/labels", ("db", "5432", "ann", "", "labels")),
    "socket": (
        "postgresql://postgres:@/labels?host=/run/pg",
        ("/run/pg", "5432", "postgres", "", "labels"),
    ),
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_a_database_server_is_told_in_parts(
    places: Places, address: str, expected: tuple[str, ...]
) -> None:
    """An address becomes the five variables that Label Studio reads, without an S."""
    told = build_variables(places, LOGIN, database=address)
    names = ("HOST", "PORT", "USER", "PASSWORD", "NAME")
    assert tuple(told[f"POSTGRE_{name}"] for name in names) == expected
    assert told["DJANGO_DB"] == "default"


@pytest.mark.parametrize(
    "address",
    ["mysql://u:HUSH@h/n", "postgresql://u:HUSH@h", "postgresql://u:HUSH@h:port/n", "HUSH"],
    ids=["another-kind", "no-name", "no-port", "no-address"],
)
def test_an_address_that_is_none_is_refused_without_its_password(
    places: Places, address: str
) -> None:
    """The message names the setting and the form."""
    with pytest.raises(SettingsError, match=r"label_studio\.database` must be `postgres") as caught:
        build_variables(places, LOGIN, database=address)
    assert "HUSH" not in str(caught.value)
