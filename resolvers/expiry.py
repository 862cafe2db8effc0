"""Expired rows: removed by recurring jobs, a limited number in each run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Delete, Update, and_, delete, select
from sqlmodel import col

from jobs.transaction import successor
from models.row import first_id
from resolvers.work import Work

DAY_MS: Final = 24 * 3600 * 1000
#: Rows that one run removes.
BITE: Final = 1000
#: Rows of history that one run looks at: SQLite's only writer is held for some 20 ms.
SWEPT: Final = 250
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


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """A walk over the rows of a table by id, oldest first, from day to day: after which id, and when it began.

    It goes on where the run before it ended, so that a run without rows due costs one look into the index. Rows that
    are old but still needed are passed; once a day a walk begins anew and meets them again.
    """

    after: str = ""
    began_at: int = 0

    @classmethod
    def read(cls, payload: Mapping[str, Any]) -> Sweep:
        """The walk that a job goes on with."""
        return cls(after=str(payload.get("after", "")), began_at=int(payload.get("began_at", 0)))


@dataclass(frozen=True, kw_only=True)
class Swept:
    """The number of changed rows, and the walk to go on with. `more`: there may be older rows at once."""

    changed: int
    sweep: Sweep
    more: bool


async def sweep_bite(work: Work, model: Any, sweep: Sweep, *, before: int, change: Delete | Update) -> Swept:
    """Execute `change` on the next rows of a walk that are older than `before` (ms), at most `SWEPT` of them.

    The next run of this job goes on from there: at once if there were that many rows, else in an hour.
    """
    now = work.now()
    if now - sweep.began_at >= DAY_MS:
        sweep = Sweep(began_at=now)
    identity = col(model.id)
    due = select(identity).where(identity > sweep.after, identity < first_id(before)).order_by(identity).limit(SWEPT)
    ids = (await work.session.execute(due)).scalars().all()
    changed = 0
    if ids:
        bite = change.where(and_(identity >= ids[0], identity <= ids[-1]))
        result: Any = await work.session.execute(bite, execution_options={"synchronize_session": False})
        changed, sweep = int(result.rowcount), replace(sweep, after=ids[-1])
    swept = Swept(changed=changed, sweep=sweep, more=len(ids) >= SWEPT)
    await _go_on(work, sweep, 0 if swept.more else _HOUR_MS)
    return swept


async def _go_on(work: Work, sweep: Sweep, after_ms: int) -> None:
    if work.caller.job is not None:
        await work.finish_job()
        payload = {"after": sweep.after, "began_at": sweep.began_at}
        await work.enqueue(replace(successor(work.caller.job.job, after_ms), payload=payload))
