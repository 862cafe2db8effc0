"""Making and changing integrations by a vendor's form: single values by key, as its definition asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.tables import Connection, Definition, Integration
from models.vocabulary import ConnectionMode, Permission
from resolvers.connections.own import take_away
from resolvers.credentials.binding import require_bound, require_client_bound
from resolvers.credentials.register import shared_default
from resolvers.definitions.form import is_of_client
from resolvers.definitions.queries import of_vendor
from resolvers.definitions.stored import definition_of
from resolvers.faults import Faults
from resolvers.find import managed_integration
from resolvers.hub import Hub
from resolvers.integrations.change import UpdateIntegration, change_integration
from resolvers.integrations.configured import Configured, configured
from resolvers.integrations.creation import (
    CreateIntegration,
    Creation,
    judge_creation,
    make_integration,
    prepare_creation,
)
from resolvers.integrations.keyed import KeyedForm, Merge, Naming, Values, entered, merged, refuse, replaced
from resolvers.managing import require_sharing
from resolvers.operation import READS, WRITES, exchange, operation
from resolvers.unset import UNSET, Unset, given
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class ConfigureIntegration:
    """A new integration of a known vendor. Without a name it has the vendor's.

    `credentials`: values by the client's names, which `naming` gives. `parameters` are readable.
    """

    vendor: str
    naming: Naming
    name: str | None = None
    identifier: str | None = None
    credentials: Values = field(default_factory=dict, repr=False)
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ReconfigureIntegration:
    """New values; an absent one stays unchanged.

    `credentials` are merged by key: null clears one, a mask that is shown leaves it, null for all withdraws them.
    `parameters` replace those that are text; numbers, flags, objects and lists stay.
    """

    id: str
    naming: Naming
    name: str | Unset | None = UNSET
    identifier: str | Unset = UNSET
    credentials: Values | Unset | None = field(default=UNSET, repr=False)
    parameters: Mapping[str, str] | Unset | None = UNSET


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A new integration whose vendor is known, and the faults of its form so far."""

    creation: Creation
    form: KeyedForm
    faults: Faults


async def prepare_entry(work: Work, new: ConfigureIntegration) -> Entry:
    """Find the definition and put the secret together. Raises InvalidInput, Conflict or Forbidden."""
    row = await work.first(of_vendor(work, new.vendor))
    if row is None:
        raise InvalidInput.at(("vendor",), "There is no such vendor; list those that are available, and name one.")
    form = KeyedForm.of(definition_of(row), row.auth_type, new.naming)
    faults = Faults()
    merge = entered(faults, form, new.credentials)
    merge = Merge() if faults.found else merge
    creation = await prepare_creation(
        work,
        CreateIntegration(
            name=row.name if new.name is None else new.name,
            vendor=new.vendor,
            identifier=new.identifier,
            mode=ConnectionMode.SHARED,
            auth=given(form.auth(merge, dict(new.parameters)), None),
            secret=given(form.secret(merge), None),
        ),
    )
    return Entry(creation=creation, form=form, faults=faults)


async def judge_entry(_: Hub, entry: Entry) -> None:
    """Validate it outside of any transaction. Raises InvalidInput with the faults of form and integration."""
    refusal = None
    try:
        await judge_creation(entry.creation)
    except InvalidInput as found:
        refusal = found
    refuse(entry.faults, entry.form, refusal)


@exchange(
    prepare_entry,
    judge_entry,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(Conflict, InvalidInput, Forbidden),
)
async def configure_integration(work: Work, entry: Entry, _: None) -> Configured:
    """Create an integration by its vendor's form, and install it on the caller's own organization."""
    return (await configured(work, [await make_integration(work, entry.creation)]))[0]


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def reconfigure_integration(work: Work, new: ReconfigureIntegration) -> Configured:
    """Change an integration by its vendor's form; new or withdrawn credentials have to be verified again."""
    integration = await managed_integration(work, new.id, path=("id",))
    row = await work.find(Definition, integration.definition_id or "")
    connection = await shared_default(work, integration)
    form = KeyedForm.of(definition_of(row), integration.auth_type, new.naming)
    faults = Faults()
    parameters: dict[str, Any] | Unset = UNSET
    if not isinstance(new.parameters, Unset):
        parameters = replaced(faults, integration.parameters, new.parameters)
    merge = Merge()
    if new.credentials is not UNSET or new.parameters is not UNSET:
        merge = merged(work, faults, form, (integration, connection), given(new.credentials, {}))
    sound = Merge() if faults.found else merge
    change = UpdateIntegration(
        id=integration.id,
        name=_name(row, new.name),
        identifier=new.identifier,
        auth=form.auth(sound, parameters),
        secret=form.secret(sound),
    )
    withdrawn = connection if new.credentials is None or merge.withdraws else None
    refusal = None
    try:
        await change_integration(work, change, withdraws=withdrawn is not None)
        if change.auth is not UNSET:
            await _require_bound(work, form, (integration, connection), merge)
    except InvalidInput as found:
        refusal = found
    refuse(faults, form, refusal)
    if withdrawn is not None:
        await _withdraw(work, integration, withdrawn)
    await work.flush()
    return (await configured(work, [integration]))[0]


def _name(row: Definition | None, name: str | Unset | None) -> str | Unset | None:
    """The name to set: null goes back to the vendor's."""
    return row.name if name is None and row is not None else name


async def _require_bound(
    work: Work, form: KeyedForm, at: tuple[Integration, Connection | None], merge: Merge
) -> None:
    """Raise InvalidInput at the secrets that stay if this change leads them to an address of which nobody knew."""
    integration, connection = at
    kept = form.kept(merge)
    if kept and is_of_client(form.fields):
        await require_client_bound(work, integration)
    elif kept and connection is not None:
        await require_bound(work, integration, connection, kept)


async def _withdraw(work: Work, integration: Integration, connection: Connection) -> None:
    """Remove the shared connection from the integration, which has to be verified again."""
    await require_sharing(work, connection=connection, path=("credentials",))
    work.caller.need_unlimited()
    await take_away(work, integration, connection)
