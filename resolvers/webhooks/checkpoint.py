"""Checkpoints: the position of a long job, kept in the transaction of the rows that it has written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from jobs.job import JobCancelled, LeaseLost
from models.row import feed_stamp
from models.tables import Job
from models.vocabulary import WorkState
from resolvers.work import Work


async def keep_position(work: Work, payload: Mapping[str, Any], share: float | None) -> None:
    """Replace the payload of this work's job, and its share done, 0 to 1; the next attempt begins with this payload.

    Call it last: it locks the job's row, which the heartbeat needs. Raises LeaseLost or JobCancelled if this attempt
    no longer holds the job. Without a job, do nothing.
    """
    context = work.caller.job
    if context is None:
        return
    lease = context.lease
    mine = (col(Job.id) == lease.job_id, col(Job.lease_owner) == lease.owner, col(Job.attempt) == lease.attempt)
    kept: Any = await work.session.execute(
        update(Job)
        .where(*mine, col(Job.state) == WorkState.RUNNING)
        .values(payload=dict(payload), progress=share, feed=feed_stamp()),
        execution_options={"synchronize_session": False},
    )
    if not kept.rowcount:
        held = await work.session.execute(select(col(Job.id)).where(*mine))
        raise LeaseLost if held.first() is None else JobCancelled
