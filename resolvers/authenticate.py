"""Bearer tokens: how they are made, and who a request speaks for."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Final

from models.errors import Unauthenticated
from models.row import new_id
from models.tables import Principal, Token
from models.vocabulary import Permission, Source
from resolvers.caller import Caller, Hub
from resolvers.recorder import TokenUse

_PREFIX: Final = "pb_"
_TEXT: Final = re.compile(r"pb_[A-Za-z0-9_-]{43}")
_USE_INTERVAL_MS: Final = 60_000
HINT_LENGTH: Final = 4


def new_token_text() -> str:
    """A new bearer text of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest_of(text: str) -> str:
    """The SHA-256 by which a token is stored; the text itself never is."""
    return hashlib.sha256(text.encode()).hexdigest()


async def authenticate(hub: Hub, text: str | None, *, source: Source, request_id: str | None = None) -> Caller:
    """The caller behind a bearer text.

    Raises Unauthenticated in the same words for every text that is missing, malformed, unknown, expired or revoked.
    """
    if text is None or not _TEXT.fullmatch(text):
        raise Unauthenticated
    found = await hub.lookup.token(digest_of(text))
    now = hub.clock()
    if found is None or not _alive(found.token, found.principal, now):
        raise Unauthenticated
    await _note_use(hub, found.token, now)
    return _caller(hub, found.token, found.principal, source, request_id or new_id(now))


def bearer(header: str | None) -> str | None:
    """The text of an `Authorization: Bearer …` header (RFC 6750 §2.1), whose scheme is case-insensitive."""
    scheme, _, text = (header or "").partition(" ")
    return text.strip() if scheme.lower() == "bearer" else None


def granted(token: Token, principal: Principal | None) -> frozenset[Permission]:
    """What a token may do: its own permissions, narrowed by its principal's."""
    words = set(token.permissions)
    if principal is not None:
        words &= set(principal.permissions)
    return frozenset(Permission(word) for word in words if word in Permission.__members__)


def _alive(token: Token, principal: Principal | None, now: int) -> bool:
    ended = token.revoked_at is not None or (token.expires_at is not None and token.expires_at <= now)
    disabled = principal is not None and principal.disabled_at is not None
    return not ended and not disabled


async def _note_use(hub: Hub, token: Token, now: int) -> None:
    if token.last_used_at is None or token.last_used_at + _USE_INTERVAL_MS < now:
        await hub.recorder.write([TokenUse(token_id=token.id, at=now)])


def _caller(hub: Hub, token: Token, principal: Principal | None, source: Source, request_id: str) -> Caller:
    return Caller(
        hub=hub,
        source=source,
        request_id=request_id,
        organization_id=token.organization_id,
        permissions=granted(token, principal),
        actor_name=principal.username if principal else token.name,
        principal_id=token.principal_id,
        token_id=token.id,
        integration_id=token.integration_id,
        installation_id=token.installation_id,
        allowed_capabilities=frozenset(token.allowed_capabilities),
    )
