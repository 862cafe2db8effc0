"""What the hub knows by, that a connection works: its checks, made ready, sent, and what becomes of its row."""

from __future__ import annotations

from dataclasses import dataclass

from models.tables import Connection, Integration
from models.vocabulary import ConnectionStatus, HubEvent
from proxy.redact import redact
from resolvers.credentials.held import RENEWED
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.parts import Verification
from resolvers.hub import Hub
from resolvers.outbound.probe import Identity, account_of, ask, identity_of, objection, probe_of, texts_of
from resolvers.outbound.request import Outbound
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Check:
    """What is to be asked: whether it works, and who it is. Both may be one request."""

    verification: Verification | None
    works: Outbound
    identity: Identity | None
    who: Outbound | None


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`error`: why it does not work. `account`: who is connected, where that could be learnt."""

    error: str | None = None
    account: dict[str, str] | None = None


async def check_of(
    work: Work, integration: Integration, definition: VendorDefinition, connection: Connection | None
) -> Check | None:
    """The checks that a definition has; None where it has none. Raises InvalidInput where they cannot be sent."""
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
    """Ask, outside of any transaction. Raises TooMany."""
    reply = await ask(hub, check.works)
    error = objection(reply, check.verification)
    if error is not None or check.identity is None:
        return Finding(error=error)
    told = reply if check.who is None else await ask(hub, check.who)
    return Finding(account=account_of(check.identity, told))


def unchanged(connection: Connection, secret_version: int) -> bool:
    """Whether a finding is still of the connection's secret. Tokens are renewed on the way, and are its own."""
    return connection.auth_type in RENEWED or connection.secret_version == secret_version


def masked(work: Work, connection: Connection | None, finding: Finding) -> Finding:
    """The finding without the secret as it is now, which may have been renewed since the check was made ready."""
    if connection is None:
        return finding
    secrets = tuple(texts_of(work.unseal(connection, "secret")))
    account = {name: redact(text, secrets) for name, text in (finding.account or {}).items()}
    return Finding(error=finding.error and redact(finding.error, secrets), account=account)


def note(work: Work, connection: Connection, finding: Finding, *, integration_id: str | None = None) -> None:
    """CONNECTED ⇄ OFFLINE by a finding. One that is not connected, or has to be again, stays so."""
    finding = masked(work, connection, finding)
    if finding.error is None:
        connection.last_error = connection.last_error_at = None
        connection.account = finding.account or connection.account
        if connection.status is ConnectionStatus.OFFLINE:
            connection.status = ConnectionStatus.CONNECTED
            said = {"connectionId": connection.id, "previous": {"status": ConnectionStatus.OFFLINE}}
            work.announce(HubEvent.CONNECTION_RECOVERED, connection.id, said, integration_id=integration_id)
        return
    connection.last_error, connection.last_error_at = finding.error, work.now()
    if connection.status is ConnectionStatus.CONNECTED:
        connection.status = ConnectionStatus.OFFLINE
