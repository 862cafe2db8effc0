"""Removal of a connection: its row is removed at once, and a job revokes its tokens at the vendor.

The row does not wait for the vendor, so no query has to hide it. Connections that are removed together with their
user are revoked in the same way. The job carries the tokens, sealed for the job's own row: in no other do they open.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import orjson

from jobs.job import Claimed, GiveUp, NewJob
from jobs.kind import JobContext
from models.errors import SecretUnreadable, TokenRefused
from models.origins import Origins
from models.secret_place import SecretPlace
from models.tables import Connection, Integration
from models.vocabulary import HubEvent, TokenEndpointAuth
from proxy.oauth import TokenEndpoint, revoke_token
from resolvers.auth_kinds import KINDS
from resolvers.caller import Caller
from resolvers.credentials.unverify import unverify_users_of
from resolvers.history import audit_unreadable, place_of_connection
from resolvers.hub import Hub
from resolvers.oauth.client import client_fits, issuing_integration, token_endpoint
from resolvers.work import Work

REVOKE: Final = "connection.revoke"
_MAX_ATTEMPTS: Final = 8
_WITHHELD: Final = (
    "The address for revocation has changed since the tokens were stored, so they were not sent there;"
    " revoke them at the vendor."
)
_UNREADABLE: Final = (
    "The tokens do not open with the present master keys, so they were not revoked; revoke them at the vendor."
)
#: A vendor that revokes a refresh token may leave its access tokens alive (RFC 7009 §2.1), so both are revoked.
_HINTS: Final = {"refreshToken": "refresh_token", "accessToken": "access_token"}


async def forget_connection(work: Work, connection: Connection, *, client: TokenEndpoint | None = None) -> None:
    """Remove a connection, and enqueue the revocation of its tokens. The calling code audits it.

    Integrations that share it have to be verified again.

    `client` is the revocation endpoint to use if the integration no longer has one.
    """
    place = await place_of_connection(work, connection.id)
    await _ask_to_revoke(work, connection, client, place)
    payload = {"connectionId": connection.id}
    work.announce(HubEvent.CONNECTION_REMOVED, connection.id, payload, integration_id=place)
    await unverify_users_of(work, connection)
    await work.remove(connection)


def revocation_endpoint(work: Work, integration: Integration | None) -> TokenEndpoint | None:
    """The revocation endpoint of an integration, with its client; None without an address or a client.

    None also if the client secret was not entered for the address or does not open: then the deletion goes on
    without it.
    """
    if integration is None or integration.revocation_url is None:
        return None
    if not client_fits(integration, integration.revocation_url):
        return None
    try:
        return token_endpoint(work, integration, integration.revocation_url)
    except SecretUnreadable:
        return None


def with_client(hub: Hub, organization_id: str, new: NewJob, client: TokenEndpoint | None) -> NewJob:
    """The job with a client, sealed; unchanged without one."""
    return new if client is None else _with_secret(hub, organization_id, new, _written(client))


def client_of(hub: Hub, job: Claimed) -> TokenEndpoint | None:
    """The client of a job; None without one, or if it does not open: the job goes on without it."""
    try:
        return None if job.secret is None else _read(_unsealed(hub, job))
    except GiveUp:
        return None


async def revoke(caller: Caller, context: JobContext) -> None:
    """Revoke the tokens at the vendor. A token that it refuses to revoke counts as revoked.

    Raises GiveUp if they were not entered for the address, or do not open.
    """
    hub, job = caller.hub, context.job
    farewell = _unsealed(hub, job)
    if farewell["client"] is None:
        raise GiveUp(_UNREADABLE if farewell.get("unreadable") else _WITHHELD)
    for token, hint in farewell["tokens"]:
        try:
            await revoke_token(hub.egress, _read(farewell["client"]), token, hint=hint, lane=caller.organization_id)
        except TokenRefused:
            continue


async def _ask_to_revoke(work: Work, connection: Connection, client: TokenEndpoint | None, place: str | None) -> None:
    if not KINDS[connection.auth_type].renewed:
        return
    issuer = await issuing_integration(work, connection)
    client = client or revocation_endpoint(work, issuer)
    address = client.url if client else issuer.revocation_url if issuer else None
    if address is None:
        return
    if client is not None and not Origins.read(connection.secret_origins).allows_token(address):
        client = None
    tokens = await _tokens(work, connection)
    if tokens is not None and not tokens:
        return
    new = NewJob(
        operation=REVOKE,
        caption="Revoke the tokens of a removed connection",
        organization_id=connection.organization_id,
        subject_kind="Connection",
        subject_id=connection.id,
        integration_id=place,
        principal_id=connection.principal_id or (connection.created_by if place is None else None),
        max_attempts=_MAX_ATTEMPTS,
        created_by=work.caller.principal_id,
    )
    whole = client is not None and tokens is not None
    farewell = {
        "client": _written(client) if client and whole else None,
        "tokens": tokens if whole else None,
        "unreadable": tokens is None,
    }
    await work.enqueue(_with_secret(work.hub, connection.organization_id, new, farewell))


async def _tokens(work: Work, connection: Connection) -> list[tuple[str, str]] | None:
    """The tokens of a connection with their hints; None if they do not open, which does not stop a removal."""
    try:
        stored = work.unseal(connection, "secret")
    except SecretUnreadable as refusal:
        if refusal.place is not None:
            await audit_unreadable(work, refusal.place)
        return None
    return [(stored[key], hint) for key, hint in _HINTS.items() if key in stored]


def _written(client: TokenEndpoint) -> dict[str, Any]:
    return {"url": client.url, "id": client.client_id, "secret": client.client_secret, "auth": client.auth}


def _read(written: dict[str, Any]) -> TokenEndpoint:
    return TokenEndpoint(
        url=written["url"],
        client_id=written["id"],
        client_secret=written["secret"],
        auth=TokenEndpointAuth(written["auth"]),
    )


def _with_secret(hub: Hub, organization_id: str, new: NewJob, value: dict[str, Any]) -> NewJob:
    return replace(new, secret=hub.keyring.seal(orjson.dumps(value), _place(organization_id, new.id)))


def _unsealed(hub: Hub, job: Claimed) -> Any:
    try:
        return orjson.loads(hub.keyring.open(job.secret or b"", _place(job.organization_id or "", job.id)))
    except SecretUnreadable as cause:
        raise GiveUp("The tokens to revoke cannot be read: their master key is missing.") from cause


def _place(organization_id: str, job_id: str) -> SecretPlace:
    return SecretPlace(organization_id=organization_id, table="job", row_id=job_id, column="secret")
