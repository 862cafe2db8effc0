"""Runs as jobs, and tries of the records that failed in them."""

from __future__ import annotations

from typing import Final

from jobs.queues import FLOWS
from resolvers.background import Background
from resolvers.emission.runs import RUN_FLOW
from resolvers.runs.due import TRY_ERRORS, take_up_errors
from resolvers.runs.resolving import RETRY_ERRORS
from resolvers.runs.retrying import retry_errors, try_due_errors
from resolvers.runs.working import run_flow

BACKGROUND: Final = {
    RUN_FLOW: Background(run=run_flow, queue=FLOWS, keep_when_done=False),
    RETRY_ERRORS: Background(run=retry_errors, queue=FLOWS),
    TRY_ERRORS: Background(run=try_due_errors, queue=FLOWS, keep_when_done=False),
    "flow.take_up_errors": Background(
        run=lambda caller, _: take_up_errors(caller), recurs="Take up failed records that are due"
    ),
}
