"""Further hosts of a vendor: the catalogue lists them, and only the operator adds them to stored secrets."""

from __future__ import annotations

from typing import Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import SecretUnreadable
from models.origins import Origins
from models.tables import Connection, Definition, Integration, Registration
from resolvers.caller import Caller
from resolvers.credentials.binding import standing
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.stored import definition_of
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_BITE: Final = 100


@operation(needs=OPERATOR)
async def add_hosts(work: Work, after: str = "") -> str | None:
    """Add the `hosts` of built-in definitions to the origins of secrets that were entered for those vendors.

    It goes through 100 integrations at a time, by id: answers the last one, from which to go on; None at the end. A
    second run changes nothing. A secret that does not open stays as it is.
    """
    listed = await _listed(work)
    rows = (
        select(Integration)
        .where(col(Integration.definition_id).in_(listed), col(Integration.id) > after)
        .order_by(col(Integration.id))
        .limit(_BITE)
        .with_for_update()
    )
    integrations = await work.all(rows) if listed else []
    for integration in integrations:
        hosts = listed[integration.definition_id or ""].hosts
        await _add(work, integration, Origins.of(api=hosts, token=hosts))
    return integrations[-1].id if integrations else None


async def _listed(work: Work) -> dict[str, VendorDefinition]:
    """The built-in definitions that list hosts, by the id of their row."""
    rows = await work.all(select(Definition).where(col(Definition.organization_id).is_(None)))
    read = {row.id: definition_of(row) for row in rows}
    return {row_id: one for row_id, one in read.items() if one is not None and one.hosts}


async def _add(work: Work, integration: Integration, hosts: Origins) -> None:
    connections = (
        select(Connection)
        .join(Registration, col(Registration.connection_id) == col(Connection.id))
        .where(col(Registration.integration_id) == integration.id)
        .order_by(col(Connection.id))
        .with_for_update(of=Connection)
    )
    here = await standing(work, [integration])
    rows: list[Integration | Connection] = [integration, *await work.all(connections)]
    for row in rows:
        columns = ("client_secret", "headers") if row is integration else ("secret",)
        extended = [_extend(work, row, column, here, hosts) for column in columns]
        if True in extended:
            own = work.as_caller(Caller.of_hub(work.hub, row.organization_id))
            own.audit(row, "secret.hosts_added")


def _extend(work: Work, row: Integration | Connection, column: str, here: Origins, hosts: Origins) -> bool:
    """Bind one secret to the hosts too, in those parts in which it was entered for this vendor. Answers whether."""
    origins = f"{column}_origins"
    bound = Origins.read(getattr(row, origins))
    wider = Origins(
        api=bound.api | hosts.api if bound.api & here.api else bound.api,
        token=bound.token | hosts.token if bound.token & here.token else bound.token,
    )
    if getattr(row, column) is None or wider == bound:
        return False
    try:
        plain = work.unseal(row, column)
    except SecretUnreadable:  # a call that needs it says so, and a rotation names it
        return False
    setattr(row, origins, wider.text())
    setattr(row, column, work.seal(row, column, plain))
    return True
