"""Recording the ends of attempts, many in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import asyncpg

from jobs.driver import Driver
from jobs.job import Ended
from models.errors import DomainError
from models.reach import DRIVER_ERRORS

#: Of databases, and of values that no parameter can be.
_ERRORS: Final = (DomainError, *DRIVER_ERRORS, sqlite3.Error, OverflowError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of an attempt, and its end if the database refuses one of its effects for this reason."""

    ended: Ended
    otherwise: Callable[[BaseException], Ended]


class Recorder:
    """The ends of one worker's attempts. Those that cannot be recorded stay, and are recorded in the next round.

    `recorded` is called for each end that was, with whether the attempt still held its job.
    """

    def __init__(self, driver: Driver, owner: str, recorded: Callable[[Ended, bool], None]) -> None:
        self._driver, self._owner, self._recorded = driver, owner, recorded
        self._waiting: list[Outcome] = []
        #: Whether a round failed: nobody knows whether its ends are in the database. Claim nothing meanwhile, since
        #: a job that does not count a try comes back with the same attempt, and would be ended twice.
        self.behind = False

    def add(self, outcome: Outcome) -> None:
        """Record this end in the next round."""
        self._waiting.append(outcome)

    @property
    def empty(self) -> bool:
        """Whether every end has been recorded."""
        return not self._waiting

    async def record(self) -> None:
        """One round. Raises what the database does if it cannot be reached."""
        batch = [outcome.ended for outcome in self._waiting]
        if not batch:
            return
        try:
            await self._end(batch)
        except _ERRORS as error:
            self.behind = True
            if not _refused(error):
                raise
            await self._one_by_one(len(batch))
        self.behind = False

    async def _one_by_one(self, count: int) -> None:
        """One transaction for each end, so that a refused effect is the fault of its own job alone."""
        for _ in range(count):
            outcome = self._waiting[0]
            try:
                await self._end([outcome.ended])
            except _ERRORS as error:
                if not _refused(error):
                    raise
                await self._end([outcome.otherwise(error.__cause__ or error)])

    async def _end(self, batch: list[Ended]) -> None:
        held = await self._driver.end(self._owner, batch)
        del self._waiting[: len(batch)]
        for ended in batch:
            self._recorded(ended, ended.lease.job_id in held)


def _refused(error: BaseException) -> bool:
    """Whether a statement or its values were wrong, not the database away or contended."""
    if not isinstance(error, DomainError):
        return True
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return cause.sqlite_errorcode == sqlite3.SQLITE_ERROR
    return isinstance(cause, asyncpg.InterfaceError) and isinstance(cause, ValueError)
