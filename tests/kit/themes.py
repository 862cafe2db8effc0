"""Calls of the operations that have modules of their own, by theme."""

from __future__ import annotations

from tests.harness.matrix import Call
from tests.kit import (
    app_calls,
    app_reads,
    app_work_calls,
    configuring,
    connecting,
    error_calls,
    flow_calls,
    history,
    installation_calls,
    openapi_calls,
    own,
    people,
    replay_calls,
    run_calls,
    run_work_calls,
    schedule_calls,
    webhook_calls,
)

CALLS: dict[str, Call] = {
    **app_calls.CALLS,
    **app_reads.CALLS,
    **app_work_calls.CALLS,
    **history.CALLS,
    **own.CALLS,
    **installation_calls.CALLS,
    **openapi_calls.CALLS,
    **people.CALLS,
    **configuring.CALLS,
    **connecting.CALLS,
    **schedule_calls.CALLS,
    **webhook_calls.CALLS,
    **flow_calls.CALLS,
    **replay_calls.CALLS,
    **run_calls.CALLS,
    **error_calls.CALLS,
    **run_work_calls.CALLS,
}
