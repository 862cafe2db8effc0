"""How to call operations and root fields about runs of flows."""

from __future__ import annotations

from typing import Any

from models.vocabulary import Permission
from resolvers.page import SliceRequest
from resolvers.runs.queries import RunFilter
from resolvers.runs.resuming import Dropping, ResumeFlow, Waiting, pause_flow
from resolvers.runs.starting import RunFlow
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign

_PAGE = SliceRequest(size=100, count=True)


def _flow(estate: Estate) -> str:
    return global_id("Flow", estate.ran.flow.id)


def _run(estate: Estate) -> str:
    return global_id("Run", estate.ran.run.id)


async def _pause(estate: Estate) -> None:
    await estate.run(pause_flow, estate.ran.flow.id)


def _runs(estate: Estate) -> tuple[RunFilter, SliceRequest]:
    return RunFilter(flow_id=(estate.ran.flow.id,)), _PAGE


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


CALLS: dict[str, Call] = {
    "run_flow": Call(given=lambda e: (RunFlow(flow_id=e.ran.flow.id),), audits=("flow.run",)),
    "cancel_run": Call(given=lambda e: (e.ran.run.id,), audits=("run.cancelled", "job.cancelled")),
    "pause_flow": Call(given=lambda e: (e.ran.flow.id,), audits=("flow.paused",)),
    "resume_flow": Call(
        given=lambda e: (ResumeFlow(flow_id=e.ran.flow.id, waiting=Waiting.DROP),),  # else a worker begins the run
        prepare=_pause,
        audits=("flow.resumed",),
    ),
    "drop_waiting_runs": Call(
        given=lambda e: (Dropping(flow_id=e.ran.flow.id, newest=e.ran.run.id),), foreign=Foreign.OWN
    ),
    "run_flow_to_end": Call(given=lambda e: (RunFlow(flow_id=e.ran.flow.id),), audits=("flow.run",)),
    "list_runs": Call(given=_runs, foreign=Foreign.EMPTY),
    "read_run": Call(given=lambda e: (e.ran.run.id,), foreign=Foreign.NONE),
}

ROOTS: dict[str, Call] = {
    "runs": Call(
        given=lambda e: {"filter": {"flowId": [_flow(e)]}},
        foreign=Foreign.EMPTY,
        lacks=Permission.FLOWS_READ,
    ),
    "run": Call(given=lambda e: {"id": _run(e)}, foreign=Foreign.NONE, lacks=Permission.FLOWS_READ),
    "runFlow": Call(given=lambda e: _input(flowId=_flow(e)), lacks=Permission.FLOWS_RUN),
    "pauseFlow": Call(given=lambda e: {"id": _flow(e)}, lacks=Permission.FLOWS_RUN),
    "resumeFlow": Call(
        given=lambda e: _input(flowId=_flow(e), waiting="DROP"), prepare=_pause, lacks=Permission.FLOWS_RUN
    ),
    "cancelRun": Call(given=lambda e: {"id": _run(e)}, lacks=Permission.FLOWS_RUN),
}
