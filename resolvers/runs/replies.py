"""Replies: the answer for each record of a step, and those that an earlier attempt has got already."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Select, bindparam
from sqlmodel import col

from models.straight import columns_of
from models.tables import Dispatch
from models.vocabulary import DispatchOutcome
from resolvers.dispatching.prepare import RUN_STEP
from resolvers.dispatching.response import Response, unseal_response
from resolvers.flows.content_step import ContentStep
from resolvers.runs.attempt import Attempt
from resolvers.runs.calling import Said, data_of
from resolvers.runs.fates import Failing

_NOT_FOUND: Final = 404


@dataclass(frozen=True, kw_only=True, slots=True)
class Ready:
    """A record that is ready to be sent: its place on the page, its inputs and its record key."""

    index: int
    value: Any = field(repr=False)
    inputs: Any = field(repr=False)
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """The answer for one record. `failure`: None for a success.

    `value`, `kept`: of a batch that failed as a whole, all of its records, kept in one row.
    """

    status: int | None = None
    data: Any = field(default=None, repr=False)
    failure: Failing | None = None
    dispatch_id: str | None = None
    value: Any = field(default=None, repr=False)
    kept: bool = True

    @property
    def is_missed(self) -> bool:
        """Whether a look-up found nothing: 404, or an empty answer."""
        if self.failure is not None:
            return self.status == _NOT_FOUND
        return self.data is None or self.data in ([], {}, "")


class Successes:
    """Calls of this step on this page that succeeded in an earlier attempt, by the key that was sent."""

    def __init__(self, rows: Sequence[Dispatch]) -> None:
        self._rows: dict[str, deque[Dispatch]] = {}
        for row in rows:
            self._rows.setdefault(row.idempotency_key or "", deque()).append(row)

    def take(self, key: str | None) -> Dispatch | None:
        """The next one with a key, once; None if there is no further one."""
        rows = self._rows.get(key or "")
        return rows.popleft() if rows else None


async def successes(attempt: Attempt) -> Successes:
    """The calls that earlier attempts at this step have made with success."""
    values = {"id": attempt.cursor.run_step_id, "organization_id": attempt.run.organization_id}
    rows = await attempt.hub.database.straight.rows(_succeeded, entities=(Dispatch,), values=values)
    return Successes([row for (row,) in rows])


def sent_key(attempt: Attempt, step: ContentStep, record_key: str) -> str:
    """The key that the remote service gets: the same for a record of a run however often it is sent."""
    run = attempt.run
    parts = "\0".join((run.key_run_id or run.id, step.step_id, record_key))
    return hashlib.sha256(parts.encode()).hexdigest()


async def kept_answer(attempt: Attempt, earlier: Dispatch) -> tuple[int | None, Any]:
    """The status and the value of an answer that was stored."""
    stored = await unseal_response(attempt.hub, earlier)
    if not isinstance(stored, Response):
        return earlier.external_status, None
    return stored.status, await data_of(stored)


def failure_of(said: Said) -> Failing | None:
    """The failure of a call."""
    if said.fault is None:
        return None
    return Failing(fault=said.fault, message=said.message, dispatch_id=said.answer.dispatch.id)


def _succeeded() -> Select[Any]:
    return columns_of(Dispatch).where(
        col(Dispatch.cause_kind) == RUN_STEP,
        col(Dispatch.cause_id) == bindparam("id"),
        col(Dispatch.organization_id) == bindparam("organization_id"),
        col(Dispatch.outcome) == DispatchOutcome.SUCCEEDED,
    )
