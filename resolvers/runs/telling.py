"""Events of the hub about flows: the end of a run, its suspension, the pause of a flow.

Each has the flows that led to it, so that a flow that starts by such an event does not start itself.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import exists, or_, select, text
from sqlmodel import col

from models.tables import Flow, Run, Webhook
from models.vocabulary import HubEvent, WebhookKind, WorkState
from resolvers.caller import Caller
from resolvers.emission.draft import Cause
from resolvers.work import Work

#: States of a run that has done all that it could.
_DONE: Final = (WorkState.SUCCEEDED, WorkState.PARTIAL)


async def tell_end(work: Work, run: Run) -> None:
    """Announce the end of a run: each failure, and a success if an enabled flow or webhook asks for it by name.

    A run that was cancelled or skipped tells nothing.
    """
    if run.state is WorkState.FAILED:
        _tell(work, run, HubEvent.FLOW_FAILED)
    elif run.state in _DONE and await _is_asked_for(work, run.organization_id, HubEvent.FLOW_SUCCEEDED):
        _tell(work, run, HubEvent.FLOW_SUCCEEDED)


def tell_suspension(work: Work, run: Run) -> None:
    """Announce that a run waits until it can go on. Call it when it becomes SUSPENDED, not at each try."""
    _tell(work, run, HubEvent.FLOW_SUSPENDED)


def tell_pause(work: Work, flow: Flow) -> None:
    """Announce that the runs of a flow wait until somebody resumes it."""
    payload = {"flowId": flow.id, "name": flow.name, "reason": flow.pause_reason}
    work.announce(HubEvent.FLOW_PAUSED, flow.id, payload, integration_id=flow.integration_id)


def cause_of(run: Run) -> Cause:
    """A run as the cause of events."""
    return Cause(kind="RUN", id=run.id, correlation_id=run.correlation_id, chain=tuple(run.chain))


def _tell(work: Work, run: Run, word: HubEvent) -> None:
    """The error and the counts are for those who may read runs; the event names the run."""
    payload: dict[str, Any] = {
        "flowId": run.flow_id,
        "name": run.flow_name,
        "runId": run.id,
        "eventId": run.event_id,
        "state": run.state,
        "reason": run.reason,
    }
    hub = work.as_caller(Caller.of_hub(work.hub, run.organization_id, cause=cause_of(run)))
    hub.announce(word, run.flow_id, payload, integration_id=run.integration_id)


async def _is_asked_for(work: Work, organization_id: str, word: HubEvent) -> bool:
    flow = exists().where(
        col(Flow.organization_id) == organization_id,
        col(Flow.event_type) == word,
        text("flow.enabled AND flow.event_type IS NOT NULL"),
    )
    webhook = exists().where(
        col(Webhook.organization_id) == organization_id,
        col(Webhook.kind) == WebhookKind.ENDPOINT,
        col(Webhook.enabled),
        col(Webhook.removed_at).is_(None),
        col(Webhook.event_patterns).contains(f'"{word}"', autoescape=True),
    )
    return bool((await work.session.execute(select(or_(flow, webhook)))).scalar())
