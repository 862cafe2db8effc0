"""Whether a caller may itself do all that steps do: whoever changes what a flow does lends it their rights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import SQLModel, col

from models.errors import Forbidden, Path
from models.tables import Capability, Connection, Integration, Step
from models.vocabulary import CapabilityEffect, ConnectionMode, Permission
from resolvers.work import Work


async def require_allowed(work: Work, steps: Sequence[Step], *, path: Path) -> None:
    """Raise Forbidden, naming the step, unless the caller may do by itself what each of these steps does.

    A capability needs DISPATCH_READ or DISPATCH_WRITE by its effect, a request of its own PROXY_REQUEST; the thing
    must exist for the caller, and a connection must be SHARED or the caller's own.
    """
    capabilities = await _rows(work, Capability, (step.capability_id for step in steps))
    integrations = await _rows(work, Integration, (step.integration_id for step in steps if step.request is not None))
    connections = await _rows(work, Connection, (step.connection_id for step in steps))
    for step in steps:
        if problem := _capability_problem(work, step, capabilities) or _request_problem(work, step, integrations):
            raise _refusal(step, problem, path)
        if problem := _connection_problem(work, step, connections):
            raise _refusal(step, problem, path)


def _refusal(step: Step, problem: str, path: Path) -> Forbidden:
    sentence = f"The flow would run as you, and you may not do what its step {step.name} does: {problem}"
    return Forbidden(sentence, path=path)


def _capability_problem(work: Work, step: Step, found: dict[str, Capability]) -> str | None:
    if step.capability_id is None:
        return None
    capability = found.get(step.capability_id)
    if capability is None:
        return "its capability is gone, or hidden from you."
    reads = capability.effect is CapabilityEffect.READ
    allowed = work.caller.may(Permission.DISPATCH_WRITE) or (reads and work.caller.may(Permission.DISPATCH_READ))
    needed = Permission.DISPATCH_READ if reads else Permission.DISPATCH_WRITE
    return None if allowed else f"it needs the permission {needed}."


def _request_problem(work: Work, step: Step, found: dict[str, Integration]) -> str | None:
    if step.request is None:
        return None
    if not work.caller.may(Permission.PROXY_REQUEST):
        return f"it needs the permission {Permission.PROXY_REQUEST}."
    return None if step.integration_id in found else "its integration is gone, or hidden from you."


def _connection_problem(work: Work, step: Step, found: dict[str, Connection]) -> str | None:
    if step.connection_id is None:
        return None
    connection = found.get(step.connection_id)
    if connection is None:
        return "its connection is gone, or hidden from you."
    own = connection.principal_id is not None and connection.principal_id == work.caller.principal_id
    if own or connection.mode is ConnectionMode.SHARED:
        return None
    return "its connection is another user's own; take a shared one."


async def _rows(work: Work, model: type[Any], ids: Iterable[str | None]) -> dict[str, Any]:
    wanted = {one for one in ids if one is not None}
    if not wanted:
        return {}
    rows: list[SQLModel] = await work.all(work.mine(model).where(col(model.id).in_(wanted)))
    return {getattr(row, "id"): row for row in rows}  # noqa: B009
