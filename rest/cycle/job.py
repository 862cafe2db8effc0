"""Jobs in this vendor's form. Nothing in it goes back: a job that waits for its next try is still running."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from models.tables import Job
from models.vocabulary import WorkState
from resolvers.integrations.deletion import FINISH
from resolvers.integrations.verification import VERIFY
from resolvers.jobs.background import STAY_MS
from rest.cycle.words import creator, time_of
from rest.kit import Asked

Json = dict[str, Any]

_ACTIONS: Final = {VERIFY: "verify", FINISH: "delete"}
#: The state of an integration after the job of an operation.
_OUTCOMES: Final = {VERIFY: "live", FINISH: "deleted"}
_STATES: Final = {
    WorkState.RUNNING: "running",
    WorkState.SUCCEEDED: "completed",
    WorkState.FAILED: "error",
    WorkState.CANCELLED: "expired",
}
_TASK_STATES: Final = {
    WorkState.QUEUED: "pending",
    WorkState.RUNNING: "running",
    WorkState.SUCCEEDED: "completed",
    WorkState.FAILED: "error",
    WorkState.CANCELLED: "error",
}
#: The times at which jobs are due are those of the database's clock.
_SKEW_MS: Final = 1_000
_SILENT: Final = "The job ended without a reason; start it again."
_CANCELLED: Final = "The job was cancelled."


def descriptor(row: Job, asked: Asked) -> Json:
    """What was started: the action and the job to poll."""
    tasks = [
        {"caption": task["caption"], "header": _header(row), "input": _input(row), "steps": _steps(task)}
        for task in _tasks(row)
    ]
    begun = {
        "id": row.id,
        "accepted": True,
        "queue": _queue(row),
        "schedule": time_of(row.run_at),
        "parallel": {"sub_queue": None, "tasks": False},
        "tasks": tasks,
    }
    return {"data": {"action": _ACTIONS.get(row.operation, row.operation), "job": begun}}


def job(row: Job, asked: Asked) -> Json:
    """How far a job is."""
    shown = {
        "id": row.id,
        "hub_id": row.organization_id,
        "queue": _queue(row),
        "caption": row.caption,
        "events": _events(row),
        "schedule": time_of(row.run_at),
        "expires": time_of((row.finished_at or row.run_at) + STAY_MS),
        "tasks": [_task(row, task, number) for number, task in enumerate(_tasks(row))],
        "hash": _digest(row.dedupe_key or row.id)[:32],
        "limit_duplicates": row.dedupe_key is not None,
        "creator": creator(row),
        "state": {
            "current": _current(row, asked.caller.hub.clock()),
            "changed": time_of(row.finished_at or _begun(row) or row.created_at),
            "error": _error(row),
        },
    }
    return {"data": shown}


def _current(row: Job, now: int) -> str:
    if row.state is not WorkState.QUEUED:
        return _STATES[row.state]
    if _begun(row) is not None:
        return "running"
    return "scheduled" if row.run_at > now + _SKEW_MS else "queued"


def _begun(row: Job) -> int | None:
    """The beginning of the first try, as far as it is known: each try has its own, but steps keep theirs."""
    steps = [step["startedAt"] for task in row.tasks or () for step in task["steps"] if step["startedAt"]]
    known = [one for one in (row.started_at, *steps) if one is not None]
    return min(known, default=None)


def _events(row: Job) -> Json:
    return {
        "queued": time_of(row.created_at),
        "started": time_of(_begun(row)),
        "completed": time_of(row.finished_at),
    }


def _error(row: Job) -> Json | None:
    match row.state:
        case WorkState.FAILED:
            return {"message": row.error or _SILENT}
        case WorkState.CANCELLED:
            return {"message": _CANCELLED}
    return None


def _tasks(row: Job) -> list[Json]:
    """Those that the job reports; the whole job as one if it reports none."""
    return row.tasks or [{"caption": row.caption, "state": row.state, "steps": [], "error": None}]


def _task(row: Job, task: Json, number: int) -> Json:
    state = WorkState(task["state"])
    if row.state in (WorkState.SUCCEEDED, WorkState.FAILED, WorkState.CANCELLED) and state is WorkState.RUNNING:
        state = row.state
    started = next((step["startedAt"] for step in task["steps"] if step["startedAt"]), None)
    ended = next((step["finishedAt"] for step in reversed(task["steps"]) if step["finishedAt"]), None)
    began = state is not WorkState.QUEUED
    over = state not in (WorkState.QUEUED, WorkState.RUNNING)
    events = {
        "queued": time_of(row.created_at),
        "started": time_of((started or _begun(row)) if began else None),
        "completed": time_of((ended or row.finished_at) if over else None),
    }
    message = task["error"] or (row.error or _SILENT if state is WorkState.FAILED else None)
    return {
        "id": _digest(f"{row.id}/{number}")[:24],
        "caption": task["caption"],
        "header": _header(row),
        "events": events,
        "steps": _steps(task),
        "state": {"current": _TASK_STATES[state], "changed": max(events["started"], events["completed"])},
        "input": _input(row),
        "output": _output(row),
        "error": {"message": message} if message and state is WorkState.FAILED else None,
    }


def _steps(task: Json) -> list[Json] | None:
    return [
        {
            "caption": step["caption"],
            "description": step["description"],
            "started": time_of(step["startedAt"]),
            "completed": time_of(step["finishedAt"]),
        }
        for step in task["steps"]
    ] or None


def _input(row: Job) -> Json:
    return {} if row.subject_id is None else {"id": row.subject_id}


def _output(row: Job) -> Json:
    """Texts about the subject, once the job has done its work."""
    if row.state is not WorkState.SUCCEEDED or row.subject_id is None:
        return {}
    outcome = _OUTCOMES.get(row.operation)
    return {"id": row.subject_id} if outcome is None else {"id": row.subject_id, "state": outcome}


def _header(row: Job) -> str:
    return f"hub.{row.operation}"


def _queue(row: Job) -> str:
    return f"hub-{row.organization_id}-integrations"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
