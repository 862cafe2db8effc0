"""Checking the values of a step, together with those that stay, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import InvalidInput
from models.tables import Capability, Connection, Integration, Registration, Step
from models.vocabulary import CapabilityEffect, StepDirection
from proxy.expressions import check_expression
from proxy.inputs.simple import properties_of
from proxy.paging import Paging
from resolvers.faults import NAME, Faults
from resolvers.flows.request_check import check_request
from resolvers.managing import require_own_app
from resolvers.work import Work

MOST_BATCH: Final = 1_000
#: The longest time by which an export of changes reaches back, in ms.
MOST_LAG_MS: Final = 30 * 24 * 3_600_000
_EXPRESSIONS: Final = ("filter", "mapping", "record_key")
_OF_BATCH: Final = ("input", "results", "id", "ok")
_NEVER_NULL: Final = ("name", "batch_size")
_ITEMS: Final = "items"


async def check_step(work: Work, values: dict[str, Any], direction: StepDirection, stored: Step | None) -> None:
    """Raise InvalidInput with every fault of the values that are given; they get the step's `integration_id`.

    Raises NotFound for a capability, integration or connection that does not exist for the caller, and Forbidden for
    an app's token beside its own app.
    """
    after = {name: values.get(name, getattr(stored, name, None)) for name in (*values, "capability_id", "request")}
    faults = Faults()
    capability = await _capability(work, after)
    integration = await _integration(work, values, capability, stored)
    require_own_app(work, integration, path=("integration_id",))
    for name in _NEVER_NULL:
        faults.check(values.get(name, "") is not None, name, "It cannot be null.")
    faults.name("name", values.get("name"))
    if after["capability_id"] is None and after["request"] is None:
        faults.add("capability_id", "Give a capability to dispatch, or a request of its own.")
    if after["capability_id"] is not None and after["request"] is not None:
        faults.add("request", "A step has a capability or a request of its own; give one of them.")
    if capability is not None and direction is StepDirection.EXPORT:
        reads = capability.effect is CapabilityEffect.READ
        faults.check(
            reads, "capability_id", f"An EXPORT reads; {capability.name} has the effect {capability.effect}."
        )
    if values.get("request") is not None:
        check_request(faults, values["request"], direction)
        faults.check(integration is not None, "integration_id", "A request of its own needs an integration.")
    _check_expressions(work, faults, values)
    _check_export(faults, values, direction)
    _check_batch(work, faults, values, direction, capability)
    await _check_connection(work, faults, values, stored, integration)
    faults.refuse()


async def _capability(work: Work, after: Mapping[str, Any]) -> Capability | None:
    """The capability that the step will dispatch. One that stays may be gone meanwhile."""
    if after["capability_id"] is None:
        return None
    return await work.get(Capability, after["capability_id"], path=("capability_id",))


async def _integration(
    work: Work, values: dict[str, Any], capability: Capability | None, stored: Step | None
) -> Integration | None:
    """The integration of the capability, else the one that the request goes through: one that is the caller's."""
    if capability is not None:
        values["integration_id"] = capability.integration_id
        return await work.get(Integration, capability.integration_id, path=("capability_id",))
    wanted = values.get("integration_id", None if stored is None else stored.integration_id)
    if wanted is None:
        return None
    integration = await work.get(Integration, wanted, path=("integration_id",))
    if integration.organization_id != work.organization_id:
        sentence = "It is another organization's app, which takes calls of its capabilities alone; give a capability."
        raise InvalidInput.at("integration_id", sentence)
    return integration


def _check_expressions(work: Work, faults: Faults, values: Mapping[str, Any]) -> None:
    for name in _EXPRESSIONS:
        check_text(work, faults, (name,), values.get(name))


def check_text(work: Work, faults: Faults, path: tuple[str, ...], text: object) -> None:
    """Add a fault for a text that is no expression; None is no text."""
    if text is None:
        return
    if not isinstance(text, str):
        faults.add(path, "It must be text: a JMESPath expression.")
    elif faults.text(path, text, most=work.hub.expressions.budget.characters, least=1):
        problem = check_expression(text, work.hub.expressions.budget)
        faults.check(problem is None, path, problem or "")


def _check_export(faults: Faults, values: Mapping[str, Any], direction: StepDirection) -> None:
    for name in ("pagination", "delta"):
        if values.get(name) is None:
            continue
        faults.object(name, values[name])
        exports = direction is StepDirection.EXPORT
        faults.check(exports, name, "An EXPORT alone has it; an IMPORT writes the records that it is given.")
    pagination, delta = values.get("pagination"), values.get("delta")
    try:
        Paging.read(pagination if isinstance(pagination, dict) else None)
    except InvalidInput as refusal:
        faults.found.extend(refusal.violations)
    if isinstance(delta, dict):
        for name in delta.keys() - {"lagMs"}:
            faults.add(("delta", name), "There is no such member; there is lagMs.")
        lag = delta.get("lagMs", 0)
        fits = isinstance(lag, int) and not isinstance(lag, bool) and 0 <= lag <= MOST_LAG_MS
        faults.check(fits, ("delta", "lagMs"), f"It must be from 0 to {MOST_LAG_MS} milliseconds.")


def _check_batch(
    work: Work, faults: Faults, values: Mapping[str, Any], direction: StepDirection, capability: Capability | None
) -> None:
    size, batch = values.get("batch_size"), values.get("batch")
    if isinstance(size, int):
        faults.check(1 <= size <= MOST_BATCH, "batch_size", f"It must be from 1 to {MOST_BATCH:,}.")
        writes = size == 1 or direction is StepDirection.IMPORT
        faults.check(writes, "batch_size", "An IMPORT alone sends several records in a call; an EXPORT has 1.")
    if batch is not None:
        faults.object("batch", batch)
    if not isinstance(batch, dict):
        batch = {}
    for name in batch.keys() - set(_OF_BATCH):
        faults.add(("batch", name), f"There is no such member; there are {', '.join(_OF_BATCH)}.")
    for name in _OF_BATCH[1:]:
        check_text(work, faults, ("batch", name), batch.get(name))
    if capability is not None and isinstance(size, int) and size > 1:
        _check_input(faults, batch.get("input", _ITEMS), capability)


def _check_input(faults: Faults, name: object, capability: Capability) -> None:
    """The list of a batch goes into an input of the capability."""
    known = properties_of(capability.input_schema)
    takes = name in known or capability.input_schema.get("additionalProperties", True) is not False
    if not isinstance(name, str) or not takes:
        told = ", ".join(known) or "none"
        faults.add(("batch", "input"), f"It must be the input that takes the list; {capability.name} has: {told}.")
    else:
        faults.text(("batch", "input"), name, most=NAME, least=1)


async def _check_connection(
    work: Work, faults: Faults, values: Mapping[str, Any], stored: Step | None, integration: Integration | None
) -> None:
    """A connection must be registered to the step's integration."""
    wanted = values.get("connection_id", None if stored is None else stored.connection_id)
    if wanted is None or not values.keys() & {"connection_id", "integration_id"} or integration is None:
        return
    connection = await work.get(Connection, wanted, path=("connection_id",))
    registered = select(Registration).where(
        col(Registration.connection_id) == connection.id, col(Registration.integration_id) == integration.id
    )
    found = await work.first(registered) is not None
    faults.check(found, "connection_id", f"It is not registered to {integration.name}; register it there first.")
