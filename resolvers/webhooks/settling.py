"""Deliveries whose job ended without a record: it was cancelled, or its worker died at its last try."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import delete, select, text, update
from sqlmodel import col

from models.job import UNDELIVERED
from models.tables import Delivery, Job
from models.vocabulary import WorkState
from resolvers.operation import OPERATOR, operation
from resolvers.work import Work

_BITE: Final = 200
_EVERY_MS: Final = 30_000
_UNFINISHED: Final = (WorkState.QUEUED, WorkState.RUNNING)
_CANCELLED: Final = "Its job was cancelled; replay it to send it."
_FAILED: Final = "Its job failed without a record of the last attempt; replay it to send it again."


@operation(needs=OPERATOR)
async def settle_deliveries(work: Work) -> int:
    """End up to 200 deliveries like their ended jobs, and remove these jobs. Answers how many jobs there were.

    A delivery that has another job, of a replay, goes on.
    """
    ended = select(Job).where(text(UNDELIVERED)).order_by(col(Job.id)).limit(_BITE)
    jobs = await work.all(ended)
    for state, sentence in ((WorkState.CANCELLED, _CANCELLED), (WorkState.FAILED, _FAILED)):
        await _end(work, [job for job in jobs if job.state is state], state, sentence)
    ids = [job.id for job in jobs]
    await work.session.execute(delete(Job).where(col(Job.id).in_(ids), col(Job.state).not_in(_UNFINISHED)))
    await work.repeat_job(0 if len(jobs) >= _BITE else _EVERY_MS)
    return len(jobs)


async def _end(work: Work, jobs: list[Job], state: WorkState, sentence: str) -> None:
    subjects = [job.subject_id for job in jobs if job.subject_id is not None]
    others = select(col(Job.subject_id)).where(col(Job.subject_id).in_(subjects), col(Job.state).in_(_UNFINISHED))
    values: dict[str, Any] = {"state": state, "error": sentence, "next_attempt_at": None, "finished_at": work.now()}
    await work.session.execute(
        update(Delivery)
        .where(col(Delivery.id).in_(subjects), col(Delivery.state) == WorkState.QUEUED)
        .where(col(Delivery.id).not_in(others))
        .values(values)
        .execution_options(synchronize_session=False)
    )
