"""Expired rows: removed by recurring jobs, a limited number in each run."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import ColumnElement, delete, select
from sqlmodel import col

from resolvers.work import Work

DAY_MS: Final = 24 * 3600 * 1000
#: Rows that one run removes.
BITE: Final = 1000
_HOUR_MS: Final = 3600 * 1000


async def remove_some(work: Work, model: Any, condition: ColumnElement[bool]) -> int:
    """Delete up to `BITE` rows of `model` that meet the condition, like `remove_bite`. Answers how many."""
    return await remove_bite(work, model, col(model.id).in_(select(col(model.id)).where(condition).limit(BITE)))


async def remove_bite(work: Work, model: Any, condition: ColumnElement[bool]) -> int:
    """Delete the rows of `model` that meet the condition, and enqueue the next run of this job. Answers how many.

    The next run is due at once after `BITE` rows or more, else in an hour.
    """
    statement = delete(model).where(condition)
    result: Any = await work.session.execute(statement, execution_options={"synchronize_session": False})
    removed = int(result.rowcount)
    await work.repeat_job(0 if removed >= BITE else _HOUR_MS)
    return removed
