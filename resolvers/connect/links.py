"""Connect links: stored ones, kept as a digest, and signed ones, which the database does not know until used."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

import orjson

from models.secret import Keyring
from resolvers import base64url

PATH: Final = "/connect/"
SIGNED_LASTS_MS: Final = 30 * 60 * 1000
_PURPOSE: Final = "connect link of a maker"
_MAC_BYTES: Final = 32
_TEXT: Final = re.compile(r"[A-Za-z0-9_-]{43,8192}")
_KEPT: Final = 43  # characters of 256 bits in base64url


@dataclass(frozen=True, kw_only=True)
class SignedLink:
    """The facts of a signed link: its user, integration, connection to renew, scopes to add, and its maker."""

    organization_id: str
    principal_id: str | None
    integration_id: str
    connection_id: str | None
    scopes: tuple[str, ...]
    expires_at: int
    created_by: str | None
    created_by_token: str | None


def new_secret() -> str:
    """256 random bits as text for an address or a cookie: of a link, a state or a browser."""
    return secrets.token_urlsafe(32)


def digest_of(text: str) -> str:
    """The SHA-256 of such a text. It is stored; the text itself never is."""
    return hashlib.sha256(text.encode()).hexdigest()


def may_be_link(text: str) -> bool:
    """Whether a text has the form of a link. Any other text needs no look-up."""
    return _TEXT.fullmatch(text) is not None


def sign(keyring: Keyring, link: SignedLink) -> str:
    """The text of a signed link. The ids in it are readable; they are no secrets."""
    facts = [link.organization_id, link.principal_id, link.integration_id, link.connection_id]
    payload = orjson.dumps([*facts, link.scopes, link.expires_at, link.created_by, link.created_by_token])
    mac = _mac(keyring.derive(_PURPOSE), payload)
    return base64url.encode(mac + payload)


def read_signed(keyring: Keyring, text: str) -> SignedLink | None:
    """The facts of a link that a key of this ring signed, expired or not; None for any other text."""
    if not may_be_link(text) or len(text) == _KEPT:
        return None
    raw = base64url.decode(text) or b""
    mac, payload = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
    if not any(hmac.compare_digest(mac, _mac(key, payload)) for key in keyring.derive_each(_PURPOSE)):
        return None
    organization_id, principal_id, integration_id, connection_id, scopes, *more = orjson.loads(payload)
    expires_at, created_by, created_by_token = more
    return SignedLink(
        organization_id=organization_id,
        principal_id=principal_id,
        integration_id=integration_id,
        connection_id=connection_id,
        scopes=tuple(scopes),
        expires_at=expires_at,
        created_by=created_by,
        created_by_token=created_by_token,
    )


def _mac(key: bytes, payload: bytes) -> bytes:
    return hmac.digest(key, payload, hashlib.sha256)
