"""What the supervisor is told."""

import shlex
from configparser import RawConfigParser
from pathlib import Path

import pytest

from pipelines.settings import Settings
from pipelines.stack import configuration
from pipelines.stack.configuration import build_configuration


def parse(text: str) -> RawConfigParser:
    """Read it as the supervisor does."""
    parser = RawConfigParser(inline_comment_prefixes=(" ;",), strict=True)
    parser.read_string(text)
    return parser


def test_every_service_is_started_again_without_end() -> None:
    """No service is given up, and each has logs that do not grow for ever."""
    parser = parse(build_configuration(Settings(home=Path("/data"))))
    programs = [name for name in parser.sections() if name.startswith("program:")]
    assert programs == [
        f"program:{name}" for name in ("prefect", "worker", "label-studio", "gateway", "watch")
    ]
    for name in programs:
        assert parser[name]["autorestart"] == "true"
        assert int(parser[name]["startretries"]) > 10_000
        assert int(parser[name]["stdout_logfile_maxbytes"]) > 0
    assert parser["unix_http_server"]["chmod"] == "0700"


def test_a_label_studio_elsewhere_is_not_started() -> None:
    """What is not ours is not supervised."""
    settings = Settings(label_studio={"url": "https://labels.example", "token": "t"})
    assert "program:label-studio" not in parse(build_configuration(settings))


def test_no_secret_is_told() -> None:
    """Secrets reach services by their environment alone."""
    settings = Settings(
        label_studio={"database": "postgresql://ann:sesame@db/labels"},
        warehouse={"s3_access_key": "sesame", "s3_secret_key": "sesame"},
    )
    assert "sesame" not in build_configuration(settings)


def test_other_ports_give_another_text() -> None:
    """It tells services that run as they are set from others; equal settings give equal text."""
    texts = [build_configuration(Settings(stack={"prefect_port": port})) for port in (1, 2, 2)]
    assert texts[0] != texts[1] == texts[2]


def test_odd_names_of_folders_are_told_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path of the interpreter may hold what means something to the supervisor."""
    monkeypatch.setattr(configuration.sys, "executable", "/my 100% own/python")
    settings = Settings(home=Path("/odd ;%home"))
    parser = parse(build_configuration(settings))
    command = shlex.split(parser["program:worker"]["command"] % {})
    assert command == ["/my 100% own/python", "-P", "-m", "pipelines.stack.launch", "worker"]
    assert (
        parser["program:worker"]["stdout_logfile"] == "%(ENV_SERLOOP_HOME)s/stack/logs/worker.log"
    )
