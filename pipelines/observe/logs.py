"""Lines in logs: for a person to read, or JSON for a program to search."""

import json
import logging
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from pipelines.observe.context import read_about
from pipelines.redaction import find_secrets, hide_in_logs, redact
from pipelines.settings import Settings

# Ours are heard from the level that was set on, those of libraries from `warning` on.
OURS = ("annotation", "pipelines", "ser", "warehouse")
TEXT = "%(asctime)s %(levelname)s %(message)s"
MOMENT = "%Y-%m-%dT%H:%M:%S%z"
# Errors name a clip as "clip `corpus/native-id`".
CLIP = re.compile(r"\bclip `([^`]+)`")
# What every record has; anything else was given with `extra`.
_KNOWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# How records of Prefect's own loggers say what ours say.
_PREFECT = {"flow_run_id": "run", "flow_name": "stage", "task_name": "stage"}


def configure(settings: Settings) -> None:
    """Have this process write its log to standard error as the settings say.

    For services, their children and flows, once each: calling it again changes nothing. What
    writes to standard error already, such as Prefect's console, is kept for text and replaced for
    JSON, so that no line is written twice.

    Args:
        settings: Form and least severity.
    """
    given = settings.log
    secrets = find_secrets(settings)
    # A process that was handed its settings has not read them, and hides nothing yet.
    hide_in_logs(secrets)
    handler = logging.StreamHandler()
    if given.form == "json":
        handler.setFormatter(JsonLines(secrets))
        sys.excepthook = _log_uncaught
        _replace_consoles(handler)
    elif not any(map(_is_console, logging.getLogger().handlers)):
        handler.setFormatter(logging.Formatter(TEXT, MOMENT))
        logging.getLogger().addHandler(handler)
    logging.captureWarnings(capture=True)
    for name in OURS:
        logging.getLogger(name).setLevel(given.level.upper())


class JsonLines(logging.Formatter):
    """Writes a record as one line of JSON, with what it is about.

    Keys are `time`, `level`, `logger` and `message`; `run`, `stage`, `campaign`, `corpus` and
    `clip` where they are known; what the record was given with `extra`; and `error` with
    `traceback` of an exception. The values of variables are never written.

    Args:
        secrets: What no line may show, not even in what it is about.
    """

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        message = record.getMessage()
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message,
            **_find_about(record, message),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
            line["traceback"] = self.formatException(record.exc_info)
        return redact(json.dumps(line, default=str), self._secrets)


def _find_about(record: logging.LogRecord, message: str) -> Mapping[str, object]:
    given = dict(_read_extra(record))
    found: dict[str, object] = {**read_about(), **given}
    error = record.exc_info[1] if record.exc_info else None
    named = CLIP.search(f"{message} {error or ''}")
    if named and "clip" not in found:
        found["clip"] = named[1]
    return found


def _read_extra(record: logging.LogRecord) -> Iterator[tuple[str, Any]]:
    is_prefect = record.name.startswith("prefect.")
    for name, value in vars(record).items():
        if name in _KNOWN or name.startswith("_") or value is None:
            continue
        if not is_prefect:
            yield name, value
        elif name in _PREFECT and str(value) != "<unknown>":
            # A task of a flow comes after its flow, and tells more.
            yield _PREFECT[name], value


def _replace_consoles(handler: logging.Handler) -> None:
    """Have everything that is written to standard error written by one handler, and once."""
    root = logging.getLogger()
    listed = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    for logger in listed:
        consoles = [present for present in logger.handlers if _is_console(present)]
        for present in consoles:
            logger.removeHandler(present)
        if consoles and not logger.propagate:
            logger.addHandler(handler)
    for present in [*filter(_is_console, root.handlers)]:
        root.removeHandler(present)
    root.addHandler(handler)


def _is_console(handler: logging.Handler) -> bool:
    return getattr(handler, "stream", None) in (sys.stderr, sys.__stderr__)


def _log_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("pipelines").critical(
        "ended by an error: %s", error, exc_info=(kind, error, trace)
    )
