"""The addresses of personal pages: nobody guesses one, and each can be revoked."""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import PipelineError
from pipelines.private_file import read_private, write_first, write_private
from pipelines.settings import Settings

_SECRET_BYTES = 32
# 128 bits: as many as a random UUID has and more.
_MAC_BYTES = 16
_SEPARATOR = "\x1f"


@dataclass(frozen=True)
class Links:
    """What makes and checks the tokens.

    Args:
        secret: Known to this home alone.
        renewals: How often a person's token was renewed; the former ones are void.
    """

    secret: bytes = field(repr=False)
    renewals: Mapping[str, int]

    def token(self, campaign: str, annotator: str) -> str:
        """Return the last part of the address of somebody's page.

        Args:
            campaign: The campaign the page is about.
            annotator: Whose page it is, as in the ledger.
        """
        named = base64.urlsafe_b64encode(f"{campaign}{_SEPARATOR}{annotator}".encode())
        return f"{named.decode().rstrip('=')}.{_encode(self._sign(campaign, annotator))}"

    def read(self, token: str) -> tuple[str, str] | None:
        """Return campaign and annotator of a token; None if we did not make it, or it is void.

        Args:
            token: Whatever came.
        """
        named, _, given = token.partition(".")
        try:
            padded = named + "=" * (-len(named) % 4)
            text = base64.urlsafe_b64decode(padded.encode("ascii")).decode()
        except (binascii.Error, ValueError):
            return None
        campaign, _, annotator = text.partition(_SEPARATOR)
        wanted = _encode(self._sign(campaign, annotator))
        is_ours = hmac.compare_digest(wanted.encode(), given.encode())
        # Base64 has several spellings of one text; a page has one address.
        is_plain = hmac.compare_digest(self.token(campaign, annotator).encode(), token.encode())
        return (campaign, annotator) if is_ours and is_plain else None

    def _sign(self, campaign: str, annotator: str) -> bytes:
        parts = (campaign, annotator, str(self.renewals.get(annotator, 0)))
        message = _SEPARATOR.join(parts).encode()
        return hmac.digest(self.secret, message, "sha256")[:_MAC_BYTES]


def read_links(settings: Settings) -> Links:
    """Return the links of a home; the secret is drawn the first time, in a file with mode 600.

    Args:
        settings: The home.

    Raises:
        PipelineError: If the file cannot be used, or others may read it.
    """
    path = _place(settings)
    kept = _read(path)
    if kept is not None:
        return kept
    new = Links(secrets.token_bytes(_SECRET_BYTES), {})
    write_first(path, _document(new))
    return _read(path) or new


def renew_link(settings: Settings, annotator: str) -> Links:
    """Make the address of somebody's pages void and give another; return the links.

    Args:
        settings: The home.
        annotator: Whose.

    Raises:
        PipelineError: If the file cannot be used, or others may read it.
    """
    kept, path = read_links(settings), _place(settings)
    new = Links(kept.secret, {**kept.renewals, annotator: kept.renewals.get(annotator, 0) + 1})
    write_private(path, _document(new))
    return new


def _place(settings: Settings) -> Path:
    return settings.home / "people" / "links.json"


def _encode(mac: bytes) -> str:
    return base64.urlsafe_b64encode(mac).decode().rstrip("=")


def _read(path: Path) -> Links | None:
    said = read_private(path, "the secret of annotators' pages")
    if said is None:
        return None
    try:
        return Links(bytes.fromhex(said["secret"]), {**said["renewals"]})
    except (ValueError, KeyError, TypeError) as error:
        raise PipelineError(
            f"`{path}` holds no secret; restore it, or remove it to make all addresses void"
        ) from error


def _document(links: Links) -> dict[str, object]:
    return {"secret": links.secret.hex(), "renewals": dict(links.renewals)}
