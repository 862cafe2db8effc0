"""The OAuth token of a call: facts of its rows, read together with the credential to save a second read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from models.tables import Connection, Integration
from models.vocabulary import ConnectionStatus
from resolvers.auth_kinds import KINDS
from resolvers.emission.draft import Cause

#: A token that ends sooner than this is renewed before it is used: the call takes time, and clocks differ.
SKEW_MS: Final = 30_000
#: … but not before its last tenth, since a token of 30 s would be renewed by every call otherwise.
_SKEW_SHARE: Final = 10
#: Nor in its first second, whatever the vendor said of its end: it is asked for a token once a second at most.
_FIRST_MS: Final = 1_000
#: After a renewal that ended no 401, such a refusal renews nothing for this long, unless it says `invalid_token`.
_FUTILE_MS: Final = 60_000


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldToken:
    """The token of one version of a connection's secret. `due`: it must be renewed before use.

    A token that is not `renewable` is used until the remote service refuses it, even after its stated end (`ended`).
    `refused_at`: the time of the last refusal, unless a call has succeeded since. `refusals`: those of renewed
    tokens, in a row. `futile`: a renewal ended no 401 a moment ago. `narrowed`: the last renewal named fewer scopes
    than are granted. `cause`: the step of a run that makes the call, of the same organization.
    """

    connection_id: str
    organization_id: str
    version: int
    due: bool
    renewable: bool
    ended: bool = False
    refused_at: int | None = None
    refusals: int = 0
    futile: bool = False
    narrowed: bool = False
    cause: Cause | None = None


def held_token(
    connection: Connection, integration: Integration, stored: Mapping[str, str], now: int
) -> HeldToken | None:
    """The token of a connection; None for a credential that the hub does not renew. `now` in ms since 1970 UTC."""
    kind = KINDS[connection.auth_type]
    if not kind.renewed:
        return None
    has_grant = kind.needs_no_user or "refreshToken" in stored
    renewable = has_grant and integration.token_url is not None and integration.client_id is not None
    return HeldToken(
        connection_id=connection.id,
        organization_id=connection.organization_id,
        version=connection.secret_version,
        due="accessToken" not in stored or (renewable and is_due(connection, now)),
        renewable=renewable,
        ended=connection.expires_at is not None and connection.expires_at <= now,
        refused_at=connection.last_error_at if connection.status is ConnectionStatus.CONNECTED else None,
        refusals=connection.token_refusals,
        futile=connection.futile_renewal_at is not None and abs(now - connection.futile_renewal_at) < _FUTILE_MS,
        narrowed=connection.answered_scopes is not None,
    )


def is_due(connection: Connection, now: int) -> bool:
    """Whether a renewable token is too near its end to be used. `now` in ms since 1970 UTC."""
    ends, issued = connection.expires_at, connection.issued_at
    if ends is None:
        return False
    if issued is None or ends < issued:  # a token that was got elsewhere: its life is not known
        return ends - SKEW_MS <= now
    skew = min(SKEW_MS, (ends - issued) // _SKEW_SHARE)
    return max(ends - skew, issued + _FIRST_MS) <= now
