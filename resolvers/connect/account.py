"""The account of a new consent: by the definition's account request, by the id_token, or by userinfo."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from models.errors import DomainError, InvalidInput, NotReady
from models.tables import Integration
from proxy.auth import with_bearer
from proxy.oauth import TokenAnswer
from proxy.shown import shown
from proxy.transport import EgressTransport, fetch
from resolvers.connect.vendor import Vendor
from resolvers.definitions.definition import VendorDefinition
from resolvers.hub import Hub
from resolvers.outbound.probe import Identity, ask, identity_of, probe_of
from resolvers.outbound.probe import account_of as told_by
from resolvers.outbound.request import Outbound
from resolvers.work import Work

_LEEWAY_MS: Final = 10 * 60 * 1000
_SECONDS: Final = 10.0
_MOST_BYTES: Final = 256 * 1024
_LONGEST: Final = 255


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """The definition's account request, complete except for the access token."""

    probe: Outbound
    identity: Identity


async def inquiry_of(work: Work, integration: Integration, definition: VendorDefinition | None) -> Inquiry | None:
    """The account request; None if the definition has none, or if it cannot be sent, such as without an API base."""
    identity = identity_of(definition, integration.parameters) if definition and definition.account else None
    if identity is None:
        return None
    try:
        return Inquiry(probe=await probe_of(work, integration, None, identity.request), identity=identity)
    except (InvalidInput, NotReady):
        return None


async def learn_account(
    hub: Hub,
    vendor: Vendor,
    inquiry: Inquiry | None,
    client_id: str,
    answer: TokenAnswer,
    *,
    lane: str,
    secrets: Sequence[str],
) -> dict[str, str]:
    """`accountId`, `email`, `displayName`, as far as they are known; empty if unknown. Never refuses.

    The `secrets` of the exchange and its tokens are masked, whichever way the vendor repeats them.
    """
    secrets = (*secrets, *(text for text in (answer.access_token, answer.refresh_token, answer.id_token) if text))
    if inquiry is not None and (found := await _inquire(hub, inquiry, answer.access_token, secrets)):
        return found
    claims = None
    if answer.id_token is not None:
        claims = claims_of(answer.id_token, vendor.issuer, client_id, hub.clock())
    if claims is None and vendor.userinfo_url is not None:
        claims = await _userinfo(hub, vendor.userinfo_url, answer.access_token, lane)
    return account_of(claims or {}, secrets)


def claims_of(id_token: str, issuer: str | None, client_id: str, now_ms: int) -> dict[str, Any] | None:
    """The claims of an id_token from the token endpoint; None if it is for another client or has expired.

    Its signature is not checked: it came from the issuer over TLS (OpenID Connect Core §3.1.3.7, point 6).
    """
    claims = _payload(id_token)
    if claims is None or (issuer is not None and claims.get("iss") != issuer):
        return None
    audience = claims.get("aud")
    if client_id not in (audience if isinstance(audience, list) else [audience]):
        return None
    until = claims.get("exp")
    return claims if isinstance(until, int | float) and until * 1000 > now_ms - _LEEWAY_MS else None


def account_of(claims: dict[str, Any], secrets: Sequence[str]) -> dict[str, str]:
    """The account by the standard claims (OpenID Connect Core §5.1), as far as they are given; secrets masked."""
    name = claims.get("name") or claims.get("preferred_username") or claims.get("nickname")
    facts = {"accountId": claims.get("sub"), "email": claims.get("email"), "displayName": name}
    given = {key: str(value) for key, value in facts.items() if isinstance(value, str | int) and value}
    return {key: text for key, value in given.items() if (text := shown(value, secrets)[:_LONGEST])}


async def _inquire(hub: Hub, inquiry: Inquiry, access_token: str, secrets: Sequence[str]) -> dict[str, str]:
    """The account by the definition's request. Failures are ignored, as in `_userinfo`."""
    request = inquiry.probe.request
    armed = replace(request, headers=with_bearer(request.headers, access_token))
    try:
        reply = await ask(hub, Outbound(request=armed, secrets=(*secrets, access_token)))
        return await told_by(hub, inquiry.identity, reply) if reply.status == 200 else {}
    except DomainError:
        return {}


async def _userinfo(hub: Hub, url: str, access_token: str, lane: str) -> dict[str, Any] | None:
    """Failures are ignored: an unknown account does not make the connection invalid."""
    transport = EgressTransport(hub.egress, lane=lane, seconds=_SECONDS, most=_MOST_BYTES, repeats=True)
    headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
    try:
        answer = await fetch(transport, "GET", url, headers=headers)
    except DomainError:
        return None
    return _object(answer.content) if answer.status_code == 200 else None


def _payload(token: str) -> dict[str, Any] | None:
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        raw = base64.urlsafe_b64decode(parts[1].encode("ascii") + b"=" * (-len(parts[1]) % 4))
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None
    return _object(raw)


def _object(raw: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
