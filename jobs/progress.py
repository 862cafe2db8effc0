"""Progress of a job, which the job reports in tasks and steps; each report is a checkpoint."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from copy import deepcopy
from typing import Any, Final

import orjson

from jobs.job import JobCancelled, Lease, LeaseLost
from models.errors import DomainError
from models.vocabulary import WorkState

Write = Callable[[Lease, float | None, str | None], Awaitable[None]]
_MOST: Final = 1000


class Progress:
    """Progress of one attempt. Methods raise LeaseLost or JobCancelled if the attempt no longer holds the job.

    `recorded`: the tasks that are planned, or that earlier attempts have reported. This attempt goes on with those of
    its captions, and their steps keep their first times: nobody sees a time go back.
    """

    def __init__(
        self, lease: Lease, write: Write, clock: Callable[[], int], *, recorded: Sequence[dict[str, Any]] = ()
    ) -> None:
        self._lease = lease
        self._write = write
        self._clock = clock
        self._share: float | None = None
        self._tasks: list[dict[str, Any]] = deepcopy(list(recorded))
        self._earlier_tasks = list(self._tasks)
        self._steps: list[dict[str, Any]] = []
        self._earlier_steps: list[dict[str, Any]] = []
        self.finished = False  # set when the job ended in its own transaction
        self._fate: type[LeaseLost | JobCancelled] | None = None

    def end(self, fate: type[LeaseLost | JobCancelled]) -> None:
        """Make every later checkpoint raise this. May be called from another thread."""
        self._fate = fate

    def checkpoint(self) -> None:
        """Stop here if the job was lost or cancelled, as of the last heartbeat, a third of a lease ago."""
        if self._fate is not None:
            raise self._fate

    async def report(self, share: float) -> None:
        """Record the finished share, from 0 to 1."""
        self._share = share
        await self._tell()

    def task(self, caption: str) -> AbstractAsyncContextManager[None]:
        """A part of the job that lasts as long as the block; FAILED if an exception leaves it."""
        task = _taken(self._earlier_tasks, caption) or {"caption": caption, "steps": []}
        task.update(state=WorkState.RUNNING, error=None)
        self._steps = task["steps"]
        self._earlier_steps = list(self._steps)
        return _Block(self._tasks, task, _end_task, self._tell)

    def step(self, caption: str, description: str = "") -> AbstractAsyncContextManager[None]:
        """A part of the task begun last. It has no end time if an exception leaves it."""
        step = _taken(self._earlier_steps, caption) or {"caption": caption, "startedAt": None, "finishedAt": None}
        step.update(description=description, startedAt=step["startedAt"] or self._clock())
        return _Block(self._steps, step, self._end_step, self._tell)

    def _end_step(self, step: dict[str, Any], error: BaseException | None) -> None:
        if error is None:
            step["finishedAt"] = step["finishedAt"] or self._clock()

    async def _tell(self) -> None:
        self.checkpoint()
        tasks = orjson.dumps(self._tasks).decode() if self._tasks else None
        await self._write(self._lease, self._share, tasks)


class _Block(AbstractAsyncContextManager[None]):
    """Calls one function at its begin and another at its end."""

    def __init__(
        self,
        siblings: list[dict[str, Any]],
        told: dict[str, Any],
        end: Callable[[dict[str, Any], BaseException | None], None],
        tell: Callable[[], Awaitable[None]],
    ) -> None:
        self._siblings, self._told, self._end, self._tell = siblings, told, end, tell

    async def __aenter__(self) -> None:
        known = any(one is self._told for one in self._siblings)
        if not known and len(self._siblings) < _MOST:
            self._siblings.append(self._told)
        await self._tell()

    async def __aexit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, LeaseLost | JobCancelled | asyncio.CancelledError):
            self._end(self._told, error)
            await self._tell()


def _taken(earlier: list[dict[str, Any]], caption: str) -> dict[str, Any] | None:
    """The first of this caption, which is taken away; None if there is none."""
    for one in earlier:
        if one["caption"] == caption:
            earlier.remove(one)
            return one
    return None


def _end_task(task: dict[str, Any], error: BaseException | None) -> None:
    task["state"] = WorkState.SUCCEEDED if error is None else WorkState.FAILED
    if error is not None:
        task["error"] = error.message if isinstance(error, DomainError) else "It failed."
