"""The OAuth token of a call: facts of its rows, read together with the credential to save a second read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from models.tables import Connection, Integration
from resolvers.auth_kinds import KINDS

#: A token that ends sooner than this is renewed before it is used: the call takes time, and clocks differ.
SKEW_MS: Final = 30_000


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldToken:
    """The token of one version of a connection's secret. `due`: it must be renewed before use.

    A token that is not `renewable` is used until the remote service refuses it, even after its stated end.
    """

    connection_id: str
    organization_id: str
    version: int
    due: bool
    renewable: bool


def held_token(
    connection: Connection, integration: Integration, stored: Mapping[str, str], now: int
) -> HeldToken | None:
    """The token of a connection; None for a credential that the hub does not renew. `now` in ms since 1970 UTC."""
    kind = KINDS[connection.auth_type]
    if not kind.renewed:
        return None
    has_grant = kind.needs_no_user or "refreshToken" in stored
    renewable = has_grant and integration.token_url is not None and integration.client_id is not None
    ends = connection.expires_at is not None and connection.expires_at - SKEW_MS <= now
    return HeldToken(
        connection_id=connection.id,
        organization_id=connection.organization_id,
        version=connection.secret_version,
        due="accessToken" not in stored or (ends and renewable),
        renewable=renewable,
    )
