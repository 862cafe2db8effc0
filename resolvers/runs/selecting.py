"""The errors of records that an order is about: of one flow, and unresolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import col

from models.errors import Conflict, InvalidInput, NotFound
from models.tables import Flow, Run, RunError
from models.vocabulary import RunErrorState
from resolvers.runs.groups import UNRESOLVED
from resolvers.runs.starting import require_own
from resolvers.work import Work

#: Errors that one call names.
MOST_NAMED: Final = 1_000
_NOTHING: Final = "Give runId, flowId or errorIds: they select the errors; several of them narrow each other."


@dataclass(frozen=True, kw_only=True)
class RunErrorSelection:
    """Unresolved errors of one flow: of a flow, of a run, named ones, of a group; all that is given must hold."""

    flow_id: str | None = None
    run_id: str | None = None
    error_ids: tuple[str, ...] | None = None
    group: str | None = None


@dataclass(frozen=True, kw_only=True)
class Selected:
    """The flow, locked until the end of the transaction, and the conditions of its errors."""

    flow: Flow
    conditions: Sequence[Any]


async def selected(work: Work, selection: RunErrorSelection) -> Selected:
    """Lock the flow of a selection. Raises Conflict for a resolved one that is named, and other refusals."""
    flow_id, path = selection.flow_id, ("flow_id",)
    if selection.error_ids is not None:
        flow_id, path = await _flow_of_named(work, selection.error_ids, flow_id), ("error_ids",)
    if selection.run_id is not None:
        run = await work.get(Run, selection.run_id, path=("run_id",))
        if flow_id not in (None, run.flow_id):
            raise NotFound("run", path=("run_id",))
        flow_id, path = run.flow_id, ("run_id",)
    if flow_id is None:
        raise InvalidInput.at((), _NOTHING)
    flow = await work.lock(Flow, flow_id, path=path)
    await require_own(work, flow, path=path)
    return Selected(flow=flow, conditions=_conditions(selection, flow))


def _conditions(selection: RunErrorSelection, flow: Flow) -> list[Any]:
    found: list[Any] = [col(RunError.flow_id) == flow.id, UNRESOLVED]
    if selection.run_id is not None:
        found.append(col(RunError.run_id) == selection.run_id)
    if selection.error_ids is not None:
        found.append(col(RunError.id).in_(list(selection.error_ids)))
    if selection.group is not None:
        found.append(col(RunError.group_digest) == selection.group)
    return found


async def _flow_of_named(work: Work, error_ids: Sequence[str], flow_id: str | None) -> str:
    """The one flow of errors that are named."""
    path = ("error_ids",)
    if not 1 <= len(error_ids) <= MOST_NAMED:
        raise InvalidInput.at(path, f"Name 1 to {MOST_NAMED} errors; select more by runId, or flowId and group.")
    ids = set(error_ids)
    rows = await work.all(work.mine(RunError).where(col(RunError.id).in_(ids)))
    if len(rows) != len(ids):
        raise NotFound("run error", path=path)
    resolved = next((row for row in rows if row.state is RunErrorState.RESOLVED), None)
    if resolved is not None:
        sentence = f"The error {resolved.id} is resolved already; there is nothing left to do about it, leave it out."
        raise Conflict(sentence, existing=resolved, path=path)
    flows = {row.flow_id for row in rows} | ({flow_id} if flow_id else set())
    if len(flows) > 1:
        raise InvalidInput.at(path, "They are not all of this one flow; name the errors of one flow in a call.")
    return flows.pop()
