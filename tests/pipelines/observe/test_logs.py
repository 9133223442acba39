"""What a process writes to standard error, read by another."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
SECRET = "hunter2hunter2"  # noqa: S105 - looked for in what is written


def run_process(body: str, *, returncode: int = 0, **variables: str) -> list[str]:
    """Run Python that has configured its log, and return the lines it wrote."""
    start = """
    import logging
    from pipelines.observe.context import about, about_stage
    from pipelines.observe.logs import configure
    from pipelines.settings import load_settings
    logger = logging.getLogger("pipelines.ingest")
    """
    text = textwrap.dedent(start) + textwrap.dedent(body)
    environment = {**os.environ, "SERLOOP_WAREHOUSE__S3_SECRET_KEY": SECRET, **variables}
    done = subprocess.run(
        [sys.executable, "-c", text],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    assert done.returncode == returncode, done.stderr
    return done.stderr.splitlines()


def read_json(body: str, **given: Any) -> list[dict[str, Any]]:
    """Run Python that logs as JSON, and return its lines; each must be one."""
    return [json.loads(line) for line in run_process(body, SERLOOP_LOG__FORM="json", **given)]


def test_a_line_says_what_it_is_about() -> None:
    """Run, stage and corpus come from around it, the clip from its words or what it was given."""
    first, second = read_json(
        """
        configure(load_settings())
        with about(run="5f3a"), about_stage("ingest", {"corpus": "demo"}):
            logger.info("clip `demo/7` is %s", "silent", extra={"took_s": 0.5})
            logger.warning("given", extra={"clip": "demo/8"})
        """
    )
    time = first.pop("time")
    assert time.endswith("+00:00")
    assert first == {
        "level": "info",
        "logger": "pipelines.ingest",
        "message": "clip `demo/7` is silent",
        "run": "5f3a",
        "stage": "ingest",
        "corpus": "demo",
        "clip": "demo/7",
        "took_s": 0.5,
    }
    assert (second["level"], second["clip"]) == ("warning", "demo/8")


def test_an_error_is_one_line_without_values_of_variables() -> None:
    """The traceback shows where, and no value; the clip that the error names is found."""
    (line,) = read_json(
        """
        configure(load_settings())
        try:
            token = "a value ".strip() + " of a variable"
            raise KeyError("clip `demo/9` has no audio")
        except KeyError:
            logger.exception("failed")
        """
    )
    assert line["error"] == "KeyError: 'clip `demo/9` has no audio'"
    assert line["clip"] == "demo/9"
    assert line["traceback"].startswith("Traceback (most recent call last):")
    assert "a value of a variable" not in json.dumps(line)


def test_what_nobody_caught_is_a_line_too() -> None:
    """A service that dies does not leave text among JSON."""
    (line,) = read_json(
        """
        configure(load_settings())
        raise ValueError("no more")
        """,
        returncode=1,
    )
    assert (line["level"], line["error"]) == ("critical", "ValueError: no more")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_written(form: str) -> None:
    """Not in a message, an error or what was given; also where settings were handed over."""
    body = f"""
    import pickle
    settings = pickle.loads(pickle.dumps(load_settings()))
    logging.setLogRecordFactory(logging.LogRecord)
    configure(settings)
    logger.warning("the key is {SECRET}", extra={{"key": "{SECRET}"}})
    with about(run="{SECRET}"):
        try:
            raise OSError("cannot reach s3://{SECRET}@store")
        except OSError:
            logger.exception("failed with %s", "{SECRET}")
    """
    lines = run_process(body, SERLOOP_LOG__FORM=form)
    assert any("***" in line for line in lines)
    # A traceback of text quotes the code, which has it here.
    shown = [line for line in lines if not line.startswith("    ")] if form == "text" else lines
    quoted = 'raise OSError("cannot reach'
    assert not [line for line in shown if SECRET in line.replace(quoted, "")]


def test_the_least_severity_is_that_of_the_setting() -> None:
    """Ours are heard from it on, libraries from `warning` on."""
    body = """
    configure(load_settings())
    logging.getLogger("httpx").info("library")
    logger.debug("debug")
    logger.warning("warning")
    """
    heard = {"debug": ["debug", "warning"], "info": ["warning"], "error": []}
    for level, expected in heard.items():
        found = read_json(body, SERLOOP_LOG__LEVEL=level)
        assert [line["message"] for line in found] == expected


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_is_written_twice(form: str) -> None:
    """Configured twice, with Prefect's own console there, a line is one line."""
    lines = run_process(
        """
        import prefect
        from prefect.logging.configuration import setup_logging
        setup_logging()
        for _ in range(2):
            configure(load_settings())
        logger.info("once")
        """,
        SERLOOP_LOG__FORM=form,
    )
    assert len([line for line in lines if "once" in line]) == 1


def test_lines_of_prefect_are_of_their_run() -> None:
    """What a task tells Prefect says the same as what we tell."""
    lines = read_json(
        """
        from prefect.logging.configuration import setup_logging
        setup_logging()
        configure(load_settings())
        told = {"flow_run_id": "5f3a", "flow_name": "round", "task_name": "train", "x": None}
        logging.getLogger("prefect.task_runs").warning("slow", extra=told)
        """,
        PREFECT_LOGGING_TO_API_ENABLED="false",
    )
    (line,) = [line for line in lines if line["message"] == "slow"]
    assert (line["run"], line["stage"]) == ("5f3a", "train")


def test_text_is_for_people() -> None:
    """A time, a severity and what is to be said."""
    (line,) = run_process("configure(load_settings())\nlogger.info('ended')")
    assert line.endswith(" INFO ended")
