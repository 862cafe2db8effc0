"""Connection health: build a definition's checks, run them, record the finding on the connection."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import UpstreamFailed
from models.tables import Connection, Integration
from models.vocabulary import ConnectionStatus, HubEvent
from proxy.redact import redact
from resolvers.auth_kinds import KINDS
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.parts import Verification
from resolvers.hub import Hub
from resolvers.outbound.probe import (
    Identity,
    ask,
    facts_of,
    identity_of,
    objection,
    probe_of,
    shortened,
    shortened_facts,
    texts_of,
)
from resolvers.outbound.request import Outbound
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Check:
    """The requests of a check: `works` verifies, or asks for the account; `who` asks for the account if separate."""

    verification: Verification | None
    works: Outbound
    identity: Identity | None
    who: Outbound | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """The result of a check. `error`: why the connection does not work. `account`: as far as it is known.

    Both are as long as the remote service made them, until they are `masked`.
    """

    error: str | None = None
    account: dict[str, str] | None = None


async def check_of(
    work: Work, integration: Integration, definition: VendorDefinition, connection: Connection | None
) -> Check | None:
    """The check of a definition; None if it has none. Raises InvalidInput if it cannot be sent."""
    verification = definition.verification
    identity = identity_of(definition, integration.parameters)
    request = verification.request if verification else identity.request if identity else None
    if request is None:
        return None
    works = await probe_of(work, integration, connection, request)
    who = None
    if identity is not None and identity.request != request:
        who = await probe_of(work, integration, connection, identity.request)
    return Check(verification=verification, works=works, identity=identity, who=who)


async def run_check(hub: Hub, check: Check) -> Finding:
    """Send the requests, outside of any transaction. Raises TooMany."""
    reply = await ask(hub, check.works)
    error = await objection(hub, reply, check.verification)
    if error is not None or check.identity is None:
        return Finding(error=error)
    answer = reply if check.who is None else await ask(hub, check.who)
    try:
        return Finding(account=await facts_of(hub, check.identity, answer))
    except UpstreamFailed as refusal:
        return Finding(error=refusal.message)


def unchanged(connection: Connection, secret_version: int) -> bool:
    """Whether a finding is about the current secret. Renewed tokens count as unchanged: a check may renew them."""
    return KINDS[connection.auth_type].renewed or connection.secret_version == secret_version


def masked(work: Work, connection: Connection | None, finding: Finding) -> Finding:
    """The finding with the current secret masked, and then cut: a secret at the cut would stay in part otherwise.

    The secret may have been renewed since the check was built.
    """
    secrets = tuple(texts_of(work.unseal(connection, "secret"))) if connection is not None else ()
    account = {name: redact(text, secrets) for name, text in (finding.account or {}).items()}
    error = finding.error and shortened(redact(finding.error, secrets))
    return Finding(error=error, account=shortened_facts(account))


def note(work: Work, connection: Connection, finding: Finding, *, integration_id: str | None = None) -> None:
    """CONNECTED ⇄ OFFLINE by a finding. A PENDING or NEEDS_RECONNECT connection keeps its status."""
    finding = masked(work, connection, finding)
    if finding.error is None:
        connection.last_error = connection.last_error_at = None
        connection.account = finding.account or connection.account
        if connection.status is ConnectionStatus.OFFLINE:
            connection.status = ConnectionStatus.CONNECTED
            payload = {"connectionId": connection.id, "previous": {"status": ConnectionStatus.OFFLINE}}
            work.announce(HubEvent.CONNECTION_RECOVERED, connection.id, payload, integration_id=integration_id)
        return
    connection.last_error, connection.last_error_at = finding.error, work.now()
    if connection.status is ConnectionStatus.CONNECTED:
        connection.status = ConnectionStatus.OFFLINE
