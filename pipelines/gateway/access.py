"""Who may come in, how much they may bring, and what is written down about it."""

import asyncio
import base64
import binascii
import hmac
import json
import logging
from typing import Any

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from pipelines.gateway.keys import SECRET_HEADER, USER, Keys
from pipelines.observe.meters import REQUESTS

logger = logging.getLogger(__name__)

# Whoever sends a body slower than this holds a place for nothing.
BODY_S = 10.0
LONG = 65_536
ASK_FOR_PASSWORD = {"WWW-Authenticate": 'Basic realm="serloop"'}
# What is left of a body that was too long is not read, so that nothing else can follow it.
CLOSE = {"Connection": "close"}
ROUTINE = frozenset({"/health", "/metrics"})


class Guard:
    """Compares secrets in constant time.

    Args:
        keys: The secrets.
    """

    def __init__(self, keys: Keys) -> None:
        self._webhook = keys.webhook.encode()
        self._login = f"{USER}:{keys.password}".encode()

    def require_webhook(self, request: Request) -> None:
        """Refuse whoever does not show the secret of webhooks.

        Raises:
            HTTPException: 401.
        """
        shown = request.headers.get(SECRET_HEADER, "").encode("latin-1")
        if not hmac.compare_digest(shown, self._webhook):
            raise HTTPException(401, f"the header {SECRET_HEADER} is missing or wrong")

    def require_password(self, request: Request) -> None:
        """Refuse whoever does not show user and password.

        Raises:
            HTTPException: 401.
        """
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            shown = base64.b64decode(encoded.strip(), validate=True)
        except (binascii.Error, ValueError):
            shown = b""
        if not (hmac.compare_digest(shown, self._login) and kind.lower() == "basic"):
            raise HTTPException(401, "user or password is missing or wrong", ASK_FOR_PASSWORD)


async def read_body(request: Request, largest: int) -> bytes:
    """Read a body that may not be longer than said, whether or not it says how long it is.

    Args:
        request: The request.
        largest: Bytes.

    Raises:
        HTTPException: 413 if it is longer, 408 if it takes too long, 400 if it ends early.
    """
    refusal = HTTPException(413, f"the body has more than {largest} bytes", CLOSE)
    declared = request.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > largest:
        raise refusal
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise refusal
    except TimeoutError as error:
        raise HTTPException(408, f"no whole body within {BODY_S:.0f} s", CLOSE) from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the body ends early", CLOSE) from error
    return bytes(body)


async def read_json(request: Request, largest: int) -> Any:  # noqa: ANN401 - JSON is anything
    """Read a body as JSON.

    Args:
        request: The request.
        largest: Bytes it may have.

    Raises:
        HTTPException: As of `read_body`, and 400 if it is no JSON; it repeats nothing of it.
    """
    body = await read_body(request, largest)
    try:
        # Long ones would keep everybody waiting.
        return await asyncio.to_thread(json.loads, body) if len(body) > LONG else json.loads(body)
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "the body is no JSON") from error


def note_request(method: str, path: str, status: int, took_s: float) -> None:
    """Count a request and write a line about it; `Measured` tells of each.

    Args:
        method: Of HTTP.
        path: The pattern of its path: what stands in it may be a secret.
        status: Of the answer.
        took_s: How long it took, s.
    """
    REQUESTS.labels(method, path, str(status)).observe(took_s)
    told = {"method": method, "path": path, "status": status, "took_s": round(took_s, 4)}
    # Somebody asks every few seconds whether all is well; that it is is no news.
    is_routine = path in ROUTINE and status < 400
    level = logging.DEBUG if is_routine else logging.INFO
    logger.log(level, "%s %s %d %.0f ms", method, path, status, 1000 * took_s, extra=told)
