"""Create, change and remove steps."""

from __future__ import annotations

from typing import Final

from sqlalchemy import func, select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from models.tables import Integration, Organization, Step
from models.vocabulary import Permission
from resolvers.flow_uses import require_unused, with_step
from resolvers.flows.allowed import require_allowed
from resolvers.flows.lending import lend_to_users_of
from resolvers.flows.step_change import CreateStep, UpdateStep, apply, new_values
from resolvers.flows.step_check import check_step
from resolvers.managing import require_own_app
from resolvers.operation import operation
from resolvers.work import Work

MOST_STEPS: Final = 5_000
#: Columns of a step that change nothing of what it does.
_NAMES: Final = frozenset({"name"})


@operation(needs=Permission.FLOWS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def create_step(work: Work, new: CreateStep) -> Step:
    """Make an export or import, which flows can use. The caller must itself be allowed to do what it does.

    At most 5,000 of an organization.
    """
    values = new_values(new)
    await check_step(work, values, new.direction, None)
    step = Step(organization_id=work.organization_id, name=new.name, name_key="", direction=new.direction)
    apply(step, values)
    await require_allowed(work, [step], path=("capability_id",))
    await _require_room(work)
    work.add(step)
    work.audit(step, "step.created")
    return step


@operation(needs=Permission.FLOWS_WRITE, refuses=(NotFound, InvalidInput, Forbidden, Stale))
async def update_step(work: Work, new: UpdateStep) -> Step:
    """Change a step. Its version increases by one; equal values change nothing.

    A change of what it does reaches every flow that uses it: those run as the caller from then on, who must be
    allowed all that their steps do. Runs that have begun go on as they began.
    """
    step = await work.lock(Step, new.id, expected_version=new.expected_version, path=("id",))
    values = new_values(new)
    with work.session.no_autoflush:
        await check_step(work, values, step.direction, step)
        changed = apply(step, values)
        if not changed:
            return step
        if changed - _NAMES:
            await require_allowed(work, [step], path=("id",))
            await lend_to_users_of(work, step)
        step.version += 1
        work.audit(step, "step.updated")
    return step


@operation(needs=Permission.FLOWS_WRITE, refuses=(NotFound, Conflict, Forbidden))
async def delete_step(work: Work, id: str) -> str:
    """Remove a step that no flow uses. Answers its id."""
    step = await work.lock(Step, id, path=("id",))
    integration = await work.find(Integration, step.integration_id or "")
    require_own_app(work, integration, path=("id",))
    await require_unused(work, "the step", with_step(col(Step.id) == step.id), path=("id",))
    work.audit(step, "step.deleted")
    await work.remove(step)
    return step.id


async def _require_room(work: Work) -> None:
    here = select(Organization).where(col(Organization.id) == work.organization_id)
    await work.session.execute(here.with_for_update(key_share=True))  # references to it do not wait
    count = select(func.count()).select_from(Step).where(col(Step.organization_id) == work.organization_id)
    if (await work.session.execute(count)).scalar_one() >= MOST_STEPS:
        raise Conflict(f"An organization has at most {MOST_STEPS:,} steps; delete those that no flow uses.")
