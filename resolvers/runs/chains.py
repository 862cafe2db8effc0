"""Chains across remote services: the flows that led to a call, signed in a header that comes back with an event.

The header goes with the calls of a run. A service that emits an event because of such a call sends it along, and the
hub knows which flows have led to that event. It holds ids only; a changed, foreign or old one counts as none.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

import orjson

from models.secret import Keyring
from resolvers import base64url
from resolvers.emission.draft import Cause

#: The header of a run's calls, and of calls that a service makes because of them.
HEADER: Final = "Patchbay-Chain"
#: A chain that comes later than this counts as none, in ms: a day, like idempotency keys.
LIFETIME_MS: Final = 24 * 3600 * 1000

_PURPOSE: Final = "chains of flows"
#: Letters of a header that is read at all; 16 flows make 900.
_LONGEST: Final = 2_048


def chain_header(keyring: Keyring, organization_id: str, cause: Cause, now: int) -> tuple[str, str]:
    """The header of a call that a run of this organization makes. `now` in ms since 1970 UTC."""
    members = {
        "organization": organization_id,
        "kind": cause.kind,
        "id": cause.id,
        "correlation": cause.correlation_id,
        "chain": cause.chain,
        "expires": now + LIFETIME_MS,
    }
    content = orjson.dumps(members)
    return HEADER, f"{base64url.encode(content)}.{base64url.encode(_signature(keyring.derive(_PURPOSE), content))}"


def read_chain(keyring: Keyring, organization_id: str, text: str | None, now: int) -> Cause | None:
    """The cause that `chain_header` wrote for this organization; None for any other text, and for an old one."""
    if text is None or len(text) > _LONGEST:
        return None
    content, signature = (base64url.decode(part) for part in text.partition(".")[::2])
    if content is None or signature is None:
        return None
    keys = keyring.derive_each(_PURPOSE)
    if not any(hmac.compare_digest(signature, _signature(key, content)) for key in keys):
        return None
    members = orjson.loads(content)
    if members["organization"] != organization_id or members["expires"] < now:
        return None
    return Cause(
        kind=members["kind"],
        id=members["id"],
        correlation_id=members["correlation"],
        chain=tuple(members["chain"]),
    )


def _signature(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, hashlib.sha256)
