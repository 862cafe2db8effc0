"""Test a connection at the remote service, and record the finding."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound, NotReady, TooMany, UpstreamFailed
from models.tables import Connection, Definition, Integration, Registration
from models.vocabulary import ConnectionStatus, Permission
from resolvers.connections.health import Check, Finding, check_of, note, run_check, unchanged
from resolvers.definitions.stored import definition_of
from resolvers.hub import Hub
from resolvers.operation import READS, WRITES, exchange
from resolvers.scope import visible
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Examined:
    """A connection as it was when its check was built."""

    id: str
    secret_version: int
    integration_id: str
    check: Check


async def load(work: Work, id: str) -> Examined:
    """The check of the first integration, in the order of registration, whose definition has one."""
    connection = await work.get(Connection, id, path=("id",))
    if connection.status is ConnectionStatus.PENDING:
        raise InvalidInput.at(("id",), "It has no secret yet; connect it first.")
    for integration, row in await _places(work, connection):
        definition = definition_of(row)
        check = await check_of(work, integration, definition, connection) if definition else None
        if check is not None:
            return Examined(
                id=connection.id,
                secret_version=connection.secret_version,
                integration_id=integration.id,
                check=check,
            )
    message = "It cannot be tested: no definition of its integrations has a verification or an account request."
    raise InvalidInput.at(("id",), message)


async def send(hub: Hub, examined: Examined) -> Finding:
    """Run the check. Raises UpstreamFailed if the hub has no room for the call; then nothing was sent."""
    try:
        return await run_check(hub, examined.check)
    except TooMany as refusal:
        raise UpstreamFailed(refusal.message) from refusal


@exchange(
    load,
    send,
    loads=READS,
    records=WRITES,
    needs=Permission.CONNECTIONS_READ,
    refuses=(NotFound, InvalidInput, Forbidden, NotReady, UpstreamFailed),
)
async def test_connection(work: Work, examined: Examined, finding: Finding) -> Connection:
    """Test a connection at the remote service, and learn its account. A failed test is a result, not a refusal."""
    connection = await work.lock(Connection, examined.id, path=("id",))
    if unchanged(connection, examined.secret_version):  # else the finding is about an older secret
        note(work, connection, finding, integration_id=examined.integration_id)
        work.audit(connection, "connection.tested", integration_id=examined.integration_id)
    return connection


async def _places(work: Work, connection: Connection) -> list[tuple[Integration, Definition]]:
    rows = await work.session.execute(
        select(Integration, Definition)
        .join(Registration, col(Registration.integration_id) == col(Integration.id))
        .join(Definition, col(Definition.id) == col(Integration.definition_id))
        .where(
            col(Registration.connection_id) == connection.id,
            *visible(work.caller, Integration),
            *visible(work.caller, Definition),
        )
        .order_by(col(Registration.id))
    )
    return [(row[0], row[1]) for row in rows]
