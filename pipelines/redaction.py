"""Keep what the settings keep secret out of logs, messages and Prefect's database.

Nothing of ours writes a secret. This is for the libraries underneath, which like to quote the
address they could not reach, and for the day somebody of ours forgets.
"""

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

from pipelines.errors import PipelineError
from pipelines.secret_files import passwords

MASK = "***"
# Shorter ones occur in words by chance; whoever has one has none.
SHORTEST = 4


def find_secrets(settings: BaseModel) -> frozenset[str]:
    """Return every text that may not be shown: secret settings, and passwords within addresses.

    Args:
        settings: The settings, or a section of them.

    Returns:
        The texts, also as addresses and JSON would write them; none under four characters.

    Example:
        >>> from pipelines.sections import WarehouseSettings
        >>> sorted(find_secrets(WarehouseSettings(catalog="postgresql://ann:hunter2@db/lake")))
        ['hunter2']
    """
    found: set[str] = set()
    for text in _walk(settings):
        forms = (text, quote(text, safe=""), quote_plus(text), json.dumps(text)[1:-1])
        found.update(form for form in forms if len(text) >= SHORTEST)
    return frozenset(found)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return a text with asterisks in place of secrets.

    Example:
        >>> redact("the key hunter2 is wrong", {"hunter2"})
        'the key *** is wrong'
    """
    # The longest first: one may be part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def hide_in_logs(secrets: Iterable[str]) -> None:
    """Have every line that this process logs from now on show asterisks in place of secrets.

    It holds for every logger and handler, ours and Prefect's, there now or made later.

    Args:
        secrets: From `find_secrets`; they add to those that are hidden already.
    """
    hidden = frozenset(secrets)
    factory = logging.getLogRecordFactory()
    if isinstance(factory, _Redacting):
        factory.hide(hidden)
    elif hidden:
        logging.setLogRecordFactory(_Redacting(factory, hidden))


def scrub(error: BaseException, secrets: Iterable[str]) -> None:
    """Take secrets out of an error, its notes, its causes, and the errors that it groups.

    Args:
        error: Changed in place, so that whoever shows it later shows no secret.
        secrets: From `find_secrets`.
    """
    hidden = frozenset(secrets)
    seen: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while hidden and waiting:
        current = waiting.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.args = tuple(_mask(value, hidden) for value in current.args)
        for name, value in getattr(current, "__dict__", {}).items():
            setattr(current, name, _mask(value, hidden))
        # An OSError keeps these apart from its arguments, and prints them where they were ever set.
        for name in ("strerror", "filename", "filename2"):
            value = getattr(current, name, None)
            if value is not None and isinstance(current, OSError):
                setattr(current, name, _mask(value, hidden))
        if isinstance(current, BaseExceptionGroup):
            waiting += current.exceptions
        waiting += [current.__cause__, current.__context__]


@contextmanager
def without_secrets(settings: BaseModel) -> Iterator[None]:
    """Let errors of the block out without what the settings keep secret.

    Prefect stores the message of what failed a run, and the log of it with a traceback.

    Args:
        settings: What must not be shown.

    Raises:
        PipelineError: In place of an error that would show a secret whatever is done to it.
    """
    try:
        yield
    except Exception as error:
        secrets = find_secrets(settings)
        scrub(error, secrets)
        shown = str(error)
        if redact(shown, secrets) != shown:
            message = f"{type(error).__name__}: {redact(shown, secrets)}"
            raise PipelineError(message) from None
        raise


class _Redacting:
    """Makes log records that show no secret."""

    def __init__(self, make: Callable[..., logging.LogRecord], hidden: Iterable[str]) -> None:
        self._make = make
        self._hidden = frozenset(hidden)

    def hide(self, secrets: Iterable[str]) -> None:
        """Hide these as well from now on."""
        self._hidden |= frozenset(secrets)

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401
        record = self._make(*args, **kwargs)
        if record.exc_info and record.exc_info[1] is not None:
            scrub(record.exc_info[1], self._hidden)
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # Wrong arguments are told by whoever writes the line.
            record.args = _mask(record.args, self._hidden)
            return record
        shown = redact(message, self._hidden)
        if shown != message:
            record.msg, record.args = shown, ()
        return record


def _walk(value: object) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _walk(getattr(value, name))
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _walk(item)
    elif isinstance(value, SecretStr):
        secret = value.get_secret_value().strip()
        yield secret
        yield from passwords(secret)
    elif isinstance(value, str):
        yield from passwords(value)


def _mask(value: Any, secrets: Iterable[str]) -> Any:  # noqa: ANN401 - of an error is anything
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, bytes):
        return redact(value.decode("latin-1"), secrets).encode("latin-1")
    if type(value) in {tuple, list}:
        return type(value)(_mask(item, secrets) for item in value)
    if type(value) is dict:
        return {name: _mask(item, secrets) for name, item in value.items()}
    return value
