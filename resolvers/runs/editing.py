"""Errors of records, changed by hand: their record is mended and tried again; a person takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import update

from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.secret_column import secret_place
from models.tables import Principal, RunError
from models.vocabulary import Permission, RunDefinition, RunErrorState
from proxy.inputs.exact import read_json, write_json
from proxy.records import Faulty, checked
from resolvers.operation import operation
from resolvers.runs.resolving import ResolvedErrors, retry_selected
from resolvers.runs.selecting import RunErrorSelection, selected
from resolvers.runs.tallies import changed
from resolvers.work import Work

_RECORD = ("record",)


@dataclass(frozen=True, kw_only=True)
class UpdateRunError:
    """A mended record in place of an error's. Members that are as they were shown keep what was masked in them."""

    id: str
    record: Any
    definition: RunDefinition = RunDefinition.AS_RAN


@dataclass(frozen=True, kw_only=True)
class AssignRunErrors(RunErrorSelection):
    """`assigned_to`: a user or team of the organization; None: nobody."""

    assigned_to: str | None = None


@operation(needs=Permission.FLOWS_RUN, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def update_run_error(work: Work, change: UpdateRunError) -> ResolvedErrors:
    """Put a mended record in place of an error's, and try it again by a job."""
    chosen = await selected(work, RunErrorSelection(error_ids=(change.id,)))
    error = await work.lock(RunError, change.id, path=("id",))
    if error.state is RunErrorState.RETRYING:
        raise Conflict("It is being tried again at this moment; look at the outcome first.", existing=error)
    kept: Any = {} if error.record is None else _kept(work, error)
    record = _unmasked(change.record, kept.get("shown"), kept.get("record"))
    _check(error, record)
    kept |= {"record": record, "shown": change.record}
    error.record = work.hub.keyring.seal(write_json(kept), secret_place(error, "record"))
    work.audit(error, "run_error.updated")
    await work.flush()
    return await retry_selected(work, chosen, change.definition)


@operation(needs=Permission.FLOWS_RUN, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def assign_run_errors(work: Work, order: AssignRunErrors) -> ResolvedErrors:
    """Give unresolved errors to a user or team of the organization, or to nobody."""
    chosen = await selected(work, order)
    if order.assigned_to is not None:
        await work.get(Principal, order.assigned_to, path=("assigned_to",))
    assigned: dict[str, Any] = {"assigned_to": order.assigned_to, "updated_at": work.now()}
    count = await changed(work, update(RunError).where(*chosen.conditions).values(assigned))
    if count:
        told = [{"path": "assignedTo", "oldValue": None, "newValue": order.assigned_to}]
        work.audit(chosen.flow, "flow.errors_assigned", besides=told)
    return ResolvedErrors(count=count)


def _kept(work: Work, error: RunError) -> Any:
    return read_json(work.hub.keyring.open(error.record or b"", secret_place(error, "record")))


def _check(error: RunError, record: Any) -> None:
    """Raise InvalidInput for a record that cannot be kept, and for a batch of another number of records."""
    if error.record_count > 1 and not (isinstance(record, list) and len(record) == error.record_count):
        raise InvalidInput.at(_RECORD, f"Give a list of {error.record_count} records: the error is of such a batch.")
    for one in record if error.record_count > 1 else [record]:
        try:
            checked(one)
        except Faulty as faulty:
            raise InvalidInput.at(_RECORD, faulty.message) from faulty


def _unmasked(record: Any, shown: Any, original: Any) -> Any:
    """A record with what was masked, in members that are as they were shown."""
    if record == shown:
        return original
    if isinstance(record, dict) and isinstance(shown, dict) and isinstance(original, dict):
        return {
            name: _unmasked(value, shown[name], original.get(name)) if name in shown else value
            for name, value in record.items()
        }
    same = isinstance(record, list) and isinstance(shown, list) and isinstance(original, list)
    if same and len(record) == len(shown) == len(original):
        return [_unmasked(*values) for values in zip(record, shown, original, strict=True)]
    return record
