"""Steps: the type, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.vocabulary import NullMembers, StepDirection
from resolvers.flows import edges, queries, step_change
from resolvers.flows import step_mutations as operations
from resolvers.page import BY_NAME_KEY
from schema.capability import Capability
from schema.connection import ConnectedAccount
from schema.kit.context import Info
from schema.kit.field import column, given, listing, reading, to_many, to_one
from schema.kit.ids import row_id
from schema.kit.mutation import mutation
from schema.kit.node import RowNode, node
from schema.kit.page import CountedPageOf
from schema.kit.removal import deletion
from schema.kit.result import row_result
from schema.kit.scalars import JSON, DateTime

if TYPE_CHECKING:
    from schema.flow import Flow
    from schema.integration import Integration

_NAME = "Name."
_CAPABILITY = "What it dispatches; an EXPORT takes one that reads."
_REQUEST = (
    "Its own request, through the integration: `method`, `path` with inputs as `{name}`, `query`, `headers`, `body`."
    " No credentials: the connection adds them."
)
_INTEGRATION = "Through which its own request goes; a capability has its own."
_CONNECTION = "The connection, shared or your own; without one the dispatch chooses."
_FILTER = "JMESPath over a record: it takes those for which the result is true."
_MAPPING = "JMESPath from a record to inputs; a source's is over `payload` and `since`."
_NULLS = "What becomes of inputs that are null; unless given OMIT in a query, and KEEP in a body."
_KEY = (
    "JMESPath over a record: what it is. Writes of one record carry one idempotency key; unless given, of the inputs."
)
_PAGINATION = "How an export goes on until exhausted."
_DELTA = "An export of what has changed since its last run: `lagMs` before its start."
_SIZE = "Records per call of an import, 1 to 1,000; 1 sends one each."
_BATCH = (
    "For several records in a call: `input` that takes the list, `results`, `id` and `ok` to find each record's fate."
)


@node(tables.Step)
class Step(RowNode):
    """A reusable export (reads records) or import (writes them)."""

    name: str = column(_NAME)
    direction: StepDirection = column("EXPORT or IMPORT.")
    integration: Annotated[Integration, strawberry.lazy("schema.integration")] | None = to_one(
        edges.INTEGRATION_BY_STEP, "Of its capability or request; null when it is gone."
    )
    capability: Capability | None = to_one(
        edges.CAPABILITY_BY_STEP, "What it dispatches; null when it carries its own request, or it is gone."
    )
    request: JSON | None = column("Its own request, where no capability is declared.")
    connection: ConnectedAccount | None = to_one(
        edges.CONNECTION_BY_STEP, "The connection; null lets the dispatch choose, or you may not see it."
    )
    filter: str | None = column(_FILTER)
    mapping: str | None = column("JMESPath from a record to inputs; null passes the record.")
    nulls: NullMembers | None = column("What becomes of inputs that are null.")
    record_key: str | None = column(_KEY)
    pagination: JSON | None = column(_PAGINATION)
    delta: JSON | None = column(_DELTA)
    batch_size: int = column("Records per call of an import; 1 sends one each.")
    batch: JSON | None = column(_BATCH)
    flows: CountedPageOf[Annotated[Flow, strawberry.lazy("schema.flow")]] = to_many(
        edges.FLOWS_BY_STEP, "Flows that use it."
    )
    version: int = column("Grows with every change; for `expectedVersion`.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column("Last change.")


@strawberry.input(description="Conditions on steps.")
class StepFilter:
    search: str | None = given("Words in the name.")
    direction: StepDirection | None = given("EXPORT or IMPORT.")
    capability_id: list[strawberry.ID] | None = given("Capabilities.")
    connection_id: list[strawberry.ID] | None = given("Connections.")
    integration_id: list[strawberry.ID] | None = given("Integrations.")


@strawberry.input(description="A new export or import.")
class CreateStepInput:
    name: str = strawberry.field(description=_NAME)
    direction: StepDirection = strawberry.field(description="EXPORT or IMPORT.")
    capability_id: strawberry.ID | None = given(_CAPABILITY)
    request: JSON | None = given(_REQUEST)
    integration_id: strawberry.ID | None = given(_INTEGRATION)
    connection_id: strawberry.ID | None = given(_CONNECTION)
    filter: str | None = given(_FILTER)
    mapping: str | None = given(_MAPPING)
    nulls: NullMembers | None = given(_NULLS)
    record_key: str | None = given(_KEY)
    pagination: JSON | None = given(_PAGINATION)
    delta: JSON | None = given(_DELTA)
    batch_size: int = strawberry.field(default=1, description=_SIZE)
    batch: JSON | None = given(_BATCH)


@strawberry.input(description="New values of an export or import.")
class UpdateStepInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int | None = given("Refuse as Stale when it has moved on.")
    name: str | None = given(_NAME)
    capability_id: strawberry.ID | None = given(f"{_CAPABILITY} Takes the place of a request.")
    request: JSON | None = given(f"{_REQUEST} Takes the place of a capability.")
    integration_id: strawberry.ID | None = given(_INTEGRATION)
    connection_id: strawberry.ID | None = given(_CONNECTION)
    filter: str | None = given(_FILTER)
    mapping: str | None = given(_MAPPING)
    nulls: NullMembers | None = given(_NULLS)
    record_key: str | None = given(_KEY)
    pagination: JSON | None = given(_PAGINATION)
    delta: JSON | None = given(_DELTA)
    batch_size: int | None = given(_SIZE)
    batch: JSON | None = given(_BATCH)


StepResult = row_result("step", Step)


async def _step(root: Any, info: Info, id: strawberry.ID) -> Any:
    return await queries.read_step(info.context.caller, row_id(id))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    steps: CountedPageOf[Step] = listing(
        queries.list_steps,
        "Exports and imports, by name.",
        order=BY_NAME_KEY,
        filter=(StepFilter, queries.StepFilter),
    )
    step: Step | None = reading(queries.read_step, _step, "One export or import.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    create_step = mutation(
        operations.create_step,
        StepResult,
        "Make an export or import.",
        input=CreateStepInput,
        reads=step_change.CreateStep,
    )
    update_step = mutation(
        operations.update_step,
        StepResult,
        "Change an export or import. Flows that use it run as you from then on.",
        input=UpdateStepInput,
        reads=step_change.UpdateStep,
    )
    delete_step = deletion(operations.delete_step, Step, "Remove an export or import; refused while a flow uses it.")
