"""The errors of a flow that are due to be tried again, with all that a try needs of their runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select
from sqlmodel import col

from models.errors import SecretUnreadable
from models.secret_column import secret_place
from models.tables import Flow, Run, RunError, RunStep
from models.vocabulary import RunDefinition, RunErrorState
from proxy.inputs.exact import read_json
from resolvers.caller import Caller
from resolvers.flows.content import Content, content_of, store_content, stored_content
from resolvers.operation import OPERATOR, operation
from resolvers.runs.recording import fence
from resolvers.runs.retried import due_errors
from resolvers.webhooks.checkpoint import keep_position
from resolvers.work import Work

#: Errors of one transaction of the job.
BITE: Final = 100
_GONE: Final = "The record is not kept any more, so it cannot be tried again; mark the error as resolved."
_UNREADABLE: Final = "The record cannot be read: the master key that sealed it is gone."
_NOT_KEPT: Final = "The definition that the run began with is not kept any more; retry by the definition CURRENT."
_UNREAD: Final = "The record could not be kept as it was read, so it cannot be tried again; run the flow again."
_NO_STEP: Final = "The flow has the step of this error no longer; retry by the definition AS_RAN."


@dataclass(frozen=True, kw_only=True)
class Order:
    """The order of a job: the errors of a flow in a state. `digest`: of its content for the definition CURRENT.

    `pauses`: how often in a row it has waited for the other side. `all`, `done`: of its progress.
    """

    flow_id: str
    state: RunErrorState
    definition: RunDefinition
    digest: str | None = None
    pauses: int = 0
    all: int = 0
    done: int = 0

    @classmethod
    def read(cls, payload: Mapping[str, Any], state: RunErrorState) -> Order:
        """The order in a job's payload."""
        return cls(
            flow_id=payload["flowId"],
            state=state,
            definition=RunDefinition(payload.get("definition", RunDefinition.AS_RAN)),
            digest=payload.get("digest"),
            pauses=payload.get("pauses", 0),
            all=payload.get("all", 0),
            done=payload.get("done", 0),
        )

    def as_json(self) -> dict[str, Any]:
        """The payload of the job."""
        return {
            "flowId": self.flow_id,
            "definition": self.definition,
            "digest": self.digest,
            "pauses": self.pauses,
            "all": self.all,
            "done": self.done,
        }

    @property
    def share(self) -> float | None:
        """The share that is done, 0 to 1; None if nobody counted."""
        return min(1.0, self.done / self.all) if self.all else None


@dataclass(frozen=True, kw_only=True)
class Taken:
    """An error to try: its record, or the problem for which it cannot be tried. `position`: of its step in `content`.

    `run_steps`: ids of the steps that the run has for the error's page, by step.
    """

    error: RunError
    run: Run
    content: Content | None = None
    position: int = 0
    record: Any = field(default=None, repr=False)
    touched: bool = False
    problem: str | None = None
    run_steps: Mapping[str, str] = field(default_factory=dict)


@operation(needs=OPERATOR)
async def pin_current(work: Work, order: Order, actor: Caller) -> str | None:
    """Keep the flow's content of now for all tries of a job. Answers its digest; None if the flow is gone."""
    flow = await work.session.get(Flow, order.flow_id)
    if flow is None or flow.organization_id != work.organization_id:
        return None
    digest = await store_content(work, await content_of(work.as_caller(actor), flow))
    await keep_position(work, order.as_json() | {"digest": digest}, order.share)
    return digest


@operation(needs=OPERATOR)
async def take_errors(work: Work, order: Order) -> list[Taken]:
    """The next errors to try, oldest first. Raises LeaseLost or JobCancelled."""
    await fence(work)
    errors = await work.all(due_errors(work, order.flow_id, order.state).limit(BITE))
    if not errors:
        return []
    wanted = select(Run).where(col(Run.id).in_({error.run_id for error in errors}))
    runs = {run.id: run for run in await work.all(wanted)}
    digests = {order.digest} if order.digest else {run.content_digest for run in runs.values()}
    contents = {digest: await stored_content(work, digest) for digest in digests if digest}
    steps = await _run_steps(work, errors)
    taken = []
    for error in errors:
        run = runs[error.run_id]
        taken.append(_taken(work, error, run, contents.get(order.digest or run.content_digest or ""), steps))
    return taken


def _taken(
    work: Work, error: RunError, run: Run, content: Content | None, steps: Mapping[tuple[str, int], dict[str, str]]
) -> Taken:
    if content is None:
        return Taken(error=error, run=run, problem=_NOT_KEPT)
    positions = [place for place, step in enumerate(content.steps) if step.step_id == error.step_id]
    if not positions:
        return Taken(error=error, run=run, problem=_NO_STEP)
    if positions[0] < len(content.sources):
        return Taken(error=error, run=run, problem=_UNREAD)
    if error.record is None:
        return Taken(error=error, run=run, problem=_GONE)
    try:
        kept: Any = read_json(work.hub.keyring.open(error.record, secret_place(error, "record")))
    except SecretUnreadable:
        return Taken(error=error, run=run, problem=_UNREADABLE)
    return Taken(
        error=error,
        run=run,
        content=content,
        position=error.position if error.position in positions else positions[0],
        record=kept["record"],
        touched=kept["touched"],
        run_steps=steps.get((error.run_id, error.page), {}),
    )


async def _run_steps(work: Work, errors: Iterable[RunError]) -> dict[tuple[str, int], dict[str, str]]:
    """The ids of the steps of these errors' pages, by run and page, then by step."""
    rows = select(RunStep).where(
        col(RunStep.run_id).in_({error.run_id for error in errors}),
        col(RunStep.position).in_(range(max(error.position for error in errors) + _MOST_AFTER)),
        col(RunStep.page).in_({error.page for error in errors}),
    )
    found: dict[tuple[str, int], dict[str, str]] = {}
    for row in await work.all(rows):
        if row.step_id is not None:
            found.setdefault((row.run_id, row.page), {})[row.step_id] = row.id
    return found


#: Steps of a flow after the one of an error, at most.
_MOST_AFTER: Final = 100
