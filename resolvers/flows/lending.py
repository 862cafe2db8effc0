"""As whom a flow runs: whoever changes what it does, who must be allowed to do all of that."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlmodel import col

from models.errors import Forbidden, Path
from models.tables import Flow, FlowStep, Integration, Step
from resolvers.flow_uses import with_step
from resolvers.flows.allowed import require_allowed
from resolvers.managing import manages, require_own_app
from resolvers.scope import visible
from resolvers.unset import Unset
from resolvers.work import Work

_HIDDEN = "It is used by a flow that you may not see, so only those who see it may change what it does; make a copy."
_NOT_MANAGED = "Only the integration's owner, those with a MANAGE share and administrators may change its flows."


async def lock_flow(work: Work, id: str, *, expected_version: int | Unset | None = None) -> Flow:
    """A flow that the caller may change, locked. Raises NotFound, Stale and Forbidden at `id`."""
    flow = await work.lock(Flow, id, expected_version=expected_version, path=("id",))
    await require_changing(work, [flow], path=("id",))
    return flow


async def require_changing(work: Work, flows: Sequence[Flow], *, path: Path) -> None:
    """Raise Forbidden unless the caller may change all of these flows: those of integrations that it may change."""
    ids = {flow.integration_id for flow in flows if flow.integration_id is not None}
    found = await work.all(work.mine(Integration).where(col(Integration.id).in_(ids))) if ids else []
    by_id = {integration.id: integration for integration in found}
    for flow in flows:
        require_own_app(work, by_id.get(flow.integration_id or ""), path=path)
    if not await manages(work, found):
        raise Forbidden(_NOT_MANAGED, path=path)


def lend(work: Work, flow: Flow) -> bool:
    """Let a flow run as the caller. Answers whether it ran as another before."""
    before = flow.run_as_id, flow.run_as_token_id
    user = work.caller.principal_id
    flow.run_as_id, flow.run_as_token_id = user, None if user is not None else work.caller.token_id
    return before != (flow.run_as_id, flow.run_as_token_id)


async def lend_to_users_of(work: Work, step: Step) -> None:
    """Let all flows that use a changed step run as the caller, who must be allowed all that they do.

    Raises Forbidden, also if one of them is hidden from the caller.
    """
    using = (col(Flow.organization_id) == work.organization_id, with_step(col(Step.id) == step.id))
    flows = await work.all(select(Flow).where(*using).order_by(col(Flow.id)).with_for_update())
    seen = (await work.session.execute(select(col(Flow.id)).where(*using, *visible(work.caller, Flow)))).scalars()
    if len(set(seen)) < len(flows):
        raise Forbidden(_HIDDEN, path=("id",))
    await require_changing(work, flows, path=("id",))
    await require_allowed(work, await _steps(work, flows) or [step], path=("id",))
    for flow in flows:
        if lend(work, flow):
            flow.version += 1
            work.audit(flow, "flow.taken_over")


async def steps_in(work: Work, flow: Flow) -> list[Step]:
    """Every step of a flow, whether or not the caller sees it."""
    return await _steps(work, [flow])


async def _steps(work: Work, flows: Sequence[Flow]) -> list[Step]:
    if not flows:
        return []
    placed = select(col(FlowStep.step_id)).where(col(FlowStep.flow_id).in_([flow.id for flow in flows]))
    return await work.all(
        select(Step).where(col(Step.organization_id) == work.organization_id, col(Step.id).in_(placed))
    )
