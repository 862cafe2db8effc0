"""Flows that use a thing: its removal is refused with their list, before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlmodel import col

from models.errors import Conflict, Path
from models.tables import Capability, Connection, EventType, Flow, FlowStep, Integration, Step
from models.vocabulary import Permission
from resolvers.scope import visible
from resolvers.work import Work

#: Flows that a refusal names.
MOST_NAMED: Final = 10


def with_step(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a flow has a step that meets these conditions."""
    placed = select(col(FlowStep.flow_id)).join(Step, col(Step.id) == col(FlowStep.step_id))
    return col(Flow.id).in_(placed.where(*conditions))


async def require_unused(
    work: Work, noun: str, *uses: ColumnElement[bool], among: tuple[ColumnElement[bool], ...] = (), path: Path | None
) -> None:
    """Raise Conflict if flows of the caller's organization use a thing in one of these ways.

    Flows of other organizations never stand in the way: a run of theirs is refused by name when it meets the gap.
    `among`: further conditions on the flows that count. The sentence names only flows that the caller may see.
    """
    using = [col(Flow.organization_id) == work.organization_id, or_(*uses), *among]
    count = (await work.session.execute(select(func.count()).select_from(Flow).where(*using))).scalar_one()
    if count:
        raise Conflict(_sentence(noun, await _names(work, using), count), path=path)


async def require_unused_connection(work: Work, connection: Connection, *, path: Path | None = None) -> None:
    """Raise Conflict if flows of the caller's organization use a connection."""
    await require_unused(work, "the connection", with_step(col(Step.connection_id) == connection.id), path=path)


async def require_unused_capabilities(work: Work, dropped: Sequence[Capability]) -> None:
    """Raise Conflict if flows of the caller's organization use a capability that a manifest leaves out."""
    if dropped:
        used = with_step(col(Step.capability_id).in_([row.id for row in dropped]))
        await require_unused(work, _left_out("capability", dropped), used, path=("capabilities",))


async def require_unused_event_types(work: Work, dropped: Sequence[EventType]) -> None:
    """Raise Conflict if events of a type that a manifest leaves out start flows of the caller's organization."""
    if dropped:
        started = col(Flow.event_type).in_([row.name for row in dropped])
        await require_unused(work, _left_out("event type", dropped), started, path=("event_types",))


async def require_unused_integration(work: Work, integration: Integration, only: Select[Connection]) -> None:
    """Raise Conflict if flows that do not belong to an integration use a thing that goes with it.

    `only`: the connections that no other integration has.
    """
    types = select(col(EventType.name)).where(col(EventType.integration_id) == integration.id)
    connections = only.with_only_columns(col(Connection.id))
    await require_unused(
        work,
        "the integration",
        with_step(or_(col(Step.integration_id) == integration.id, col(Step.connection_id).in_(connections))),
        col(Flow.event_type).in_(types),
        among=(col(Flow.integration_id).is_distinct_from(integration.id),),
        path=("id",),
    )


async def _names(work: Work, using: list[Any]) -> list[str]:
    if not work.caller.may(Permission.FLOWS_READ):
        return []
    seen = select(col(Flow.name)).where(*using, *visible(work.caller, Flow))
    found = await work.session.execute(seen.order_by(col(Flow.name_key), col(Flow.id)).limit(MOST_NAMED))
    return list(found.scalars())


def _left_out(noun: str, dropped: Sequence[Capability] | Sequence[EventType]) -> str:
    names = ", ".join(row.name for row in dropped[:MOST_NAMED])
    return f"the {noun} {names}" if len(dropped) == 1 else f"one of {names}"


def _sentence(noun: str, names: list[str], count: int) -> str:
    flows = "1 flow uses" if count == 1 else f"{count} flows use"
    rest = count - len(names)
    more = f"{' and ' if names else ''}{rest} {'more' if names else 'that you may not see'}" if rest else ""
    return f"{flows} {noun}: {', '.join(names)}{more}. Change or delete {'it' if count == 1 else 'them'} first."
