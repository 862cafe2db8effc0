"""Waiting tasks of apps, as jobs: counted and dropped. `resolvers/apps/tasks.py` queues and tells them.

All tasks of an app are behind one gate, which starts one at a time: so they are told in the order in which they are
due.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Select, delete, func, select, text
from sqlmodel import col

from jobs.allotting import lot_name
from jobs.queues import DEFAULT_QUEUE
from models.tables import Gate, Job
from models.vocabulary import WorkState
from resolvers.work import Work

TASK: Final = "app.task"


async def count_tasks(work: Work, integration_id: str, most: int) -> int:
    """The number of waiting tasks of an app of the caller's organization, counted up to `most`."""
    waiting: Select[Any] = select(col(Job.id)).where(*_waiting(work, integration_id)).limit(most)
    return (await work.session.execute(select(func.count()).select_from(waiting.subquery()))).scalar_one()


async def drop_tasks(work: Work, integration_id: str) -> None:
    """Remove the waiting tasks of an app of the caller's organization. One that is being told now is told."""
    await _delete(work, _waiting(work, integration_id))
    gate = delete(Gate).where(col(Gate.id) == integration_id, col(Gate.organization_id) == work.organization_id)
    await work.session.execute(gate, execution_options={"synchronize_session": False})


async def drop_tasks_of_installation(work: Work, installation_id: str) -> None:
    """Remove the waiting tasks for an installation, whatever organization has queued them."""
    await _delete(
        work,
        [
            col(Job.subject_id) == installation_id,
            col(Job.operation) == TASK,
            col(Job.state) == WorkState.QUEUED,
        ],
    )


def _waiting(work: Work, integration_id: str) -> list[Any]:
    """In the words of the index of jobs that are ready."""
    return [
        col(Job.queue) == DEFAULT_QUEUE,
        col(Job.lot) == lot_name(work.organization_id, integration_id, 0),
        text("job.state = 'QUEUED' AND NOT job.blocked"),
        col(Job.operation) == TASK,
    ]


async def _delete(work: Work, conditions: list[Any]) -> None:
    gone = delete(Job).where(*conditions)
    await work.session.execute(gone, execution_options={"synchronize_session": False})
