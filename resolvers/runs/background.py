"""Runs as jobs, the runs that have lost theirs, tries of failed records, and the removal of old ones."""

from __future__ import annotations

from typing import Final

from jobs.queues import FLOWS
from resolvers.background import Background
from resolvers.emission.runs import RUN_FLOW
from resolvers.expiry import Sweep
from resolvers.runs.due import TRY_ERRORS, take_up_errors
from resolvers.runs.resolving import RETRY_ERRORS
from resolvers.runs.retrying import retry_errors, try_due_errors
from resolvers.runs.sweeping import expire_error_records, expire_runs, expire_samples, remove_contents, settle_runs
from resolvers.runs.working import run_flow

BACKGROUND: Final = {
    RUN_FLOW: Background(run=run_flow, queue=FLOWS, keep_when_done=False),
    "run.settle": Background(run=lambda caller, _: settle_runs(caller), recurs="End runs that have lost their job"),
    "run.expire": Background(
        run=lambda caller, context: expire_runs(caller, Sweep.read(context.job.payload)),
        recurs="Remove old runs",
    ),
    "run.expire_samples": Background(
        run=lambda caller, context: expire_samples(caller, Sweep.read(context.job.payload)),
        recurs="Remove old samples of runs",
    ),
    "run.expire_errors": Background(
        run=lambda caller, context: expire_error_records(caller, Sweep.read(context.job.payload)),
        recurs="Remove old records of errors",
    ),
    "flow.remove_contents": Background(
        run=lambda caller, _: remove_contents(caller), recurs="Remove contents of flows that no run names"
    ),
    RETRY_ERRORS: Background(run=retry_errors, queue=FLOWS),
    TRY_ERRORS: Background(run=try_due_errors, queue=FLOWS, keep_when_done=False),
    "flow.take_up_errors": Background(
        run=lambda caller, _: take_up_errors(caller), recurs="Take up failed records that are due"
    ),
}
