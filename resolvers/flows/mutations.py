"""Create, change and remove flows, and take them over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Path, Stale
from models.tables import Flow, Gate, Organization, Step
from models.vocabulary import FlowOverlap, FlowStepRole, FlowTriggerKind, Permission
from resolvers.find import managed_integration
from resolvers.flow_ends import end_flows
from resolvers.flows.allowed import require_allowed
from resolvers.flows.change import DEEDS, CreateFlow, FlowTrigger, UpdateFlow, apply, new_values, plan_next
from resolvers.flows.check import check_flow
from resolvers.flows.lending import lend, lock_flow, require_changing, steps_in
from resolvers.flows.placing import places_of, replace_places, roles_of
from resolvers.flows.trial import Trial, trial_of, try_expressions
from resolvers.hub import Hub
from resolvers.managing import require_own_app
from resolvers.operation import READS, WRITES, exchange, operation
from resolvers.unset import Unset
from resolvers.work import Work

MOST_FLOWS: Final = 1_000
#: Runs of a flow at once, if they may go side by side.
SIDE_BY_SIDE: Final = 10


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A checked command, with its steps by id, and the expressions to try."""

    command: CreateFlow | UpdateFlow
    steps: Mapping[str, Step]
    trial: Trial


@dataclass(frozen=True, kw_only=True)
class FlowChange:
    """A flow after a change. `warnings`: doubts about its expressions, from samples of its event."""

    flow: Flow
    warnings: tuple[str, ...] = ()


async def prepare_creation(work: Work, new: CreateFlow) -> Draft:
    """Check a new flow."""
    return await _draft(work, new, None)


async def prepare_change(work: Work, new: UpdateFlow) -> Draft:
    """Check new values of a flow."""
    flow = await work.get(Flow, new.id, path=("id",))
    await require_changing(work, [flow], path=("id",))
    return await _draft(work, new, flow)


async def try_draft(hub: Hub, draft: Draft) -> tuple[str, ...]:
    """Try its expressions, outside of any transaction. Raises InvalidInput."""
    return await try_expressions(hub, draft.trial)


@exchange(
    prepare_creation,
    try_draft,
    loads=READS,
    records=WRITES,
    needs=Permission.FLOWS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden),
)
async def create_flow(work: Work, draft: Draft, warnings: tuple[str, ...]) -> FlowChange:
    """Make a flow, which runs as the caller. At most 1,000 of an organization.

    The caller must itself be allowed all that its steps do. Making it fires nothing.
    """
    new = draft.command
    assert isinstance(new, CreateFlow)  # noqa: S101  as prepared
    await _require_place(work, new.integration_id)
    await require_allowed(work, list(draft.steps.values()), path=("steps",))
    await _require_room(work)
    flow = Flow(
        organization_id=work.organization_id,
        integration_id=new.integration_id,
        name=new.name,
        name_key="",
        trigger=FlowTriggerKind.MANUAL,
    )
    changed = apply(flow, new_values(new))
    plan_next(flow, changed | {"trigger"}, work.now())
    lend(work, flow)
    work.add(flow)
    places = places_of(flow, new.steps, dict(draft.steps))
    work.audit(flow, "flow.created", besides=await replace_places(work, flow, places))
    work.add(Gate(id=flow.id, organization_id=flow.organization_id, capacity=_capacity(flow)))
    return FlowChange(flow=flow, warnings=warnings)


@exchange(
    prepare_change,
    try_draft,
    loads=READS,
    records=WRITES,
    needs=Permission.FLOWS_WRITE,
    refuses=(NotFound, InvalidInput, Forbidden, Stale),
)
async def update_flow(work: Work, draft: Draft, warnings: tuple[str, ...]) -> FlowChange:
    """Change a flow. Its version increases by one; equal values change nothing, and no change fires it.

    Whoever changes what it does (trigger, steps, limits) must be allowed all that its steps do, and it runs as them
    from then on.
    """
    new = draft.command
    assert isinstance(new, UpdateFlow)  # noqa: S101  as prepared
    flow = await lock_flow(work, new.id, expected_version=new.expected_version)
    with work.session.no_autoflush:
        changed = apply(flow, new_values(new))
        placed = [] if isinstance(new.steps, Unset) or new.steps is None else new.steps
        places = places_of(flow, placed, dict(draft.steps))
        replaced = [] if isinstance(new.steps, Unset) else await replace_places(work, flow, places)
        if not (changed or replaced):
            return FlowChange(flow=flow, warnings=warnings)
        if replaced or changed & DEEDS:
            steps = list(draft.steps.values()) if not isinstance(new.steps, Unset) else await steps_in(work, flow)
            await require_allowed(work, steps, path=("id",) if isinstance(new.steps, Unset) else ("steps",))
            lend(work, flow)
        plan_next(flow, changed, work.now())
        flow.version += 1
        work.audit(flow, "flow.updated", besides=replaced)
    if "overlap" in changed:
        gate = await work.first(select(Gate).where(col(Gate.id) == flow.id).with_for_update())
        if gate is not None:
            gate.capacity = _capacity(flow)
    return FlowChange(flow=flow, warnings=warnings)


@operation(needs=Permission.FLOWS_WRITE, refuses=(NotFound, Forbidden))
async def delete_flow(work: Work, id: str) -> str:
    """Remove a flow. Its unfinished runs are cancelled; all its runs stay as history. Answers its id."""
    flow = await lock_flow(work, id)
    work.audit(flow, "flow.deleted")
    await work.flush()
    await end_flows(work, col(Flow.id) == flow.id)
    return flow.id


@operation(needs=Permission.FLOWS_WRITE, refuses=(NotFound, Forbidden))
async def take_over_flow(work: Work, id: str) -> FlowChange:
    """Let a flow run as the caller, who must be allowed all that its steps do; a second time changes nothing."""
    flow = await lock_flow(work, id)
    await require_allowed(work, await steps_in(work, flow), path=("id",))
    if lend(work, flow):
        flow.version += 1
        work.audit(flow, "flow.taken_over")
    return FlowChange(flow=flow)


async def _draft(work: Work, command: CreateFlow | UpdateFlow, flow: Flow | None) -> Draft:
    steps = await check_flow(work, command)
    event = command.trigger.event if isinstance(command.trigger, FlowTrigger) else None
    event_type = event.type if event is not None else None
    if isinstance(command.trigger, Unset) and flow is not None:
        event_type = flow.event_type
    first, place = _first_step(command, steps)
    trial = await trial_of(work, event_type, None if event is None else event.filter, first, place)
    return Draft(command=command, steps=steps, trial=trial)


def _first_step(command: CreateFlow | UpdateFlow, steps: Mapping[str, Step]) -> tuple[Step | None, Path]:
    """The step that gets the event's payload, and its place; None if a source feeds the flow, or none is given."""
    placed = [] if isinstance(command.steps, Unset) or command.steps is None else list(command.steps)
    if not placed or FlowStepRole.SOURCE in roles_of(placed, dict(steps)):
        return None, ("steps",)
    return steps[placed[0].step_id], ("steps", "0", "step_id")


async def _require_place(work: Work, integration_id: str | None) -> None:
    """Raise NotFound or Forbidden unless the caller may put a flow there."""
    if integration_id is None:
        require_own_app(work, None, path=("integration_id",))
    else:
        await managed_integration(work, integration_id, path=("integration_id",))


async def _require_room(work: Work) -> None:
    """Raise Conflict at the limit. The lock makes two that are created at once wait for each other."""
    here = select(Organization).where(col(Organization.id) == work.organization_id)
    await work.session.execute(here.with_for_update(key_share=True))  # references to it do not wait
    count = select(func.count()).select_from(Flow).where(col(Flow.organization_id) == work.organization_id)
    if (await work.session.execute(count)).scalar_one() >= MOST_FLOWS:
        raise Conflict(f"An organization has at most {MOST_FLOWS:,} flows; delete one first.")


def _capacity(flow: Flow) -> int:
    return SIDE_BY_SIDE if flow.overlap is FlowOverlap.ALLOW else 1
