"""The outcome of one request to a receiver: its status or its failure, judged in one place; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from models.errors import UpstreamFailed
from models.vocabulary import UpstreamFailure

#: The receiver or a proxy before it has more than it can take.
_OVERLOADED: Final = frozenset({429, 502, 503, 504})
_NOT_FOLLOWED: Final = "The receiver redirects (status {}), which is not followed; enter its new URL."
_GONE: Final = "The receiver answered 410 Gone, so it wants no more events."
_ANSWERED: Final = "The receiver answered {}; a status from 200 to 299 is a success."


class Verdict(StrEnum):
    """SUCCEEDED: it was taken. RETRY: try again by the schedule. THROTTLE: RETRY, and slow the whole receiver down.

    GONE: no further try, and the webhook is to be disabled. REFUSED: no further try, the hub does not call this URL.
    """

    SUCCEEDED = "SUCCEEDED"
    RETRY = "RETRY"
    THROTTLE = "THROTTLE"
    GONE = "GONE"
    REFUSED = "REFUSED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """`external_status`: if one came. `failure`, and `error`, a sentence without an address: unless it succeeded."""

    verdict: Verdict
    external_status: int | None = None
    failure: UpstreamFailure | None = None
    error: str | None = None


def outcome_of(result: int | UpstreamFailed) -> Outcome:
    """Judge the status of a whole head of an answer, or the failure to get one.

    A failure of the hub itself, such as a full lane or an unreadable secret, is no outcome of the receiver.
    """
    if isinstance(result, UpstreamFailed):
        return _failed(result)
    if 200 <= result < 300:
        return Outcome(verdict=Verdict.SUCCEEDED, external_status=result)
    verdict, error = _refused(result)
    return Outcome(verdict=verdict, external_status=result, failure=UpstreamFailure.ERROR_STATUS, error=error)


def _failed(failed: UpstreamFailed) -> Outcome:
    """No whole head came: no address, no connection, wrong TLS, a time-out, a broken answer, or nothing was sent."""
    verdicts = {UpstreamFailure.BLOCKED: Verdict.REFUSED, UpstreamFailure.TIMEOUT: Verdict.THROTTLE}
    usual = Verdict.THROTTLE if failed.external_status in _OVERLOADED else Verdict.RETRY
    return Outcome(
        verdict=verdicts.get(failed.reason, usual),
        external_status=failed.external_status,
        failure=failed.reason,
        error=failed.message,
    )


def _refused(status: int) -> tuple[Verdict, str]:
    """The verdict on a status that is no success, and the sentence for it."""
    if status == HTTPStatus.GONE:
        return Verdict.GONE, _GONE
    if 300 <= status < 400:
        return Verdict.RETRY, _NOT_FOLLOWED.format(status)
    return Verdict.THROTTLE if status in _OVERLOADED else Verdict.RETRY, _ANSWERED.format(status)
