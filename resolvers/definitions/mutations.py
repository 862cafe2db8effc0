"""Definitions: save and delete an organization's own, copy the catalogue's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Violation
from models.tables import Definition, Integration
from models.vocabulary import Permission
from proxy.expressions import Budget
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.reading import read_definition
from resolvers.definitions.stored import new_row, write_row
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class SaveDefinition:
    """An organization's own vendor. `definition` has the shape of the catalogue's files; its `vendor` is optional."""

    vendor: str
    definition: Any


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def save_definition(work: Work, new: SaveDefinition) -> Definition:
    """Add or replace a vendor of the organization. Its integrations keep the values they have."""
    definition = _read(new, work.hub.expressions.budget)
    row: Definition | None = await work.first(_own(work, definition.vendor))
    if row is not None and row.digest == definition.digest():
        return row
    known = row is not None
    if row is None:
        row = work.add(new_row(definition, work.organization_id))
    else:
        write_row(row, definition)
    work.audit(row, "definition.updated" if known else "definition.created")
    return row


@operation(needs=Permission.ORGANIZATION_ADMIN, refuses=(NotFound, Conflict, Forbidden))
async def delete_definition(work: Work, id: str) -> str:
    """Remove a vendor of the organization that no integration uses. Answers its id."""
    found = await work.get(Definition, id, path=("id",))
    if found.organization_id is None:
        raise Forbidden("This definition is built in and cannot be removed.", path=("id",))
    row = await work.lock(Definition, id, path=("id",))
    used = await work.first(_uses(row).where(col(Integration.organization_id) == work.organization_id))
    if used is not None:
        shown = await work.find(Integration, used.id)
        raise Conflict("An integration uses this vendor; delete it first.", existing=shown, path=("id",))
    work.audit(row, "definition.deleted")
    await work.remove(row)
    return row.id


@operation(needs=OPERATOR)
async def sync_catalogue(work: Work, catalogue: Sequence[VendorDefinition]) -> None:
    """Copy the catalogue's files into rows. A vendor without a file is removed, or deprecated while it is used."""
    rows = await work.all(select(Definition).where(col(Definition.organization_id).is_(None)))
    known = {row.vendor: row for row in rows}
    for definition in catalogue:
        row = known.pop(definition.vendor, None)
        if row is None:
            work.add(new_row(definition, None))
        elif (row.digest, row.deprecated) != (definition.digest(), definition.deprecated):
            write_row(row, definition)
    for row in known.values():
        await _retire(work, row)


async def _retire(work: Work, row: Definition) -> None:
    if await work.first(_uses(row)) is None:
        await work.remove(row)
    else:
        row.deprecated = True


def _read(new: SaveDefinition, budget: Budget) -> VendorDefinition:
    given = new.definition
    if not isinstance(given, dict):
        raise InvalidInput.at(("definition",), "It must be a JSON object.")
    if given.get("vendor", new.vendor) != new.vendor:
        raise InvalidInput.at(("definition", "vendor"), "It must equal `vendor` of the input, or be left out.")
    if "hosts" in given:
        message = "Only the hub's own definitions have hosts; leave it out."
        raise InvalidInput.at(("definition", "hosts"), message)
    try:
        return read_definition({"vendor": new.vendor, **given}, budget=budget)
    except InvalidInput as refusal:
        faults = [_below(fault) for fault in refusal.violations]
        raise InvalidInput(faults, count=refusal.count) from None


def _below(fault: Violation) -> Violation:
    outside = fault.path == ("vendor",)
    where = fault.path if outside else ("definition", *fault.path)
    return Violation(path=where, message=fault.message)


def _own(work: Work, vendor: str) -> Any:
    mine = (col(Definition.organization_id) == work.organization_id, col(Definition.vendor) == vendor)
    return select(Definition).where(*mine).with_for_update()


def _uses(row: Definition) -> Any:
    living = col(Integration.removed_at).is_(None)
    return select(Integration).where(col(Integration.definition_id) == row.id, living)
