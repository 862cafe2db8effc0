"""How an attempt ended: by what its function raised, and which of its tries that was."""

from __future__ import annotations

import logging
import random
import secrets
from dataclasses import replace
from typing import Final

from jobs.backoff import backoff_ms
from jobs.job import Claimed, Ended, GiveUp, Retry
from jobs.kind import JobContext, JobKind
from models.errors import DomainError
from models.vocabulary import WorkState

_log: Final = logging.getLogger("patchbay.jobs")


def succeeded(context: JobContext, kind: JobKind) -> Ended:
    """The end of an attempt that raised nothing."""
    ended = Ended(lease=context.lease, state=WorkState.SUCCEEDED, drop=not kind.keep_when_done)
    return replace(ended, effects=tuple(context.effects))


def given_back(context: JobContext) -> Ended:
    """The end of an attempt that was stopped from outside: it does not count."""
    ended = Ended(lease=context.lease, state=WorkState.QUEUED, refund=True)
    return replace(ended, effects=tuple(context.effects))


def failed(context: JobContext, kind: JobKind, error: BaseException) -> Ended:
    """The end of an attempt by an error: to be tried again, or FAILED by GiveUp or without tries left."""
    return replace(failed_alone(context, kind, error), effects=tuple(context.effects))


def failed_alone(context: JobContext, kind: JobKind, error: BaseException) -> Ended:
    """As `failed`, without the effects: they are what went wrong."""
    job = context.job
    retry = error if isinstance(error, Retry) else Retry("")
    used_up = job.attempt >= job.max_attempts and not retry.refund
    if used_up or isinstance(error, GiveUp):
        return Ended(lease=job.lease, state=WorkState.FAILED, error=_sentence(job, error))
    chance = random.random()  # noqa: S311  spreads retries, guards nothing
    wait = backoff_ms(job.attempt, chance, first_ms=kind.first_retry_ms, longest_ms=kind.longest_retry_ms)
    return Ended(
        lease=job.lease,
        state=WorkState.QUEUED,
        error=_sentence(job, error),
        delay_ms=wait if retry.after_ms is None else retry.after_ms,
        refund=retry.refund,
        leave_lane=retry.leave_lane,
    )


def _sentence(job: Claimed, error: BaseException) -> str:
    """The error shown to people: a refusal's message, or for an unexpected error the id under which it is logged."""
    if isinstance(error, DomainError):
        return error.message
    if isinstance(error, Retry | GiveUp):
        return str(error)
    name = secrets.token_hex(8)
    _log.error("Job %s (%s) failed, id %s", job.id, job.operation, name, exc_info=error)
    return f"Internal error, id {name}"
