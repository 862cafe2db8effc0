"""Records: an intent before a call, an outcome after it, the use of a token."""

from __future__ import annotations

from dataclasses import dataclass

from models.vocabulary import DispatchOutcome, HttpMethod, Source


@dataclass(frozen=True, kw_only=True)
class Key:
    """An idempotency key, bound to its owner and operation. It expires at `expires_at`, ms since 1970 UTC."""

    owner_id: str
    operation: str
    key: str
    expires_at: int


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A dispatch that is about to be sent: columns of `dispatch`, and its idempotency key.

    `record_key`: the key that a run's step sends along; it is recorded as `idempotency_key`, and not claimed.
    `keeps_record_answer`: the answer is kept, for a run that goes on after a crash.
    """

    id: str
    created_at: int
    organization_id: str
    integration_id: str | None
    installation_id: str | None
    capability_id: str | None
    capability_name: str | None
    connection_id: str | None
    principal_id: str | None
    token_id: str | None
    source: Source
    method: HttpMethod
    url: str
    request_digest: str
    correlation_id: str
    deadline_at: int
    step_id: str | None = None
    cause_kind: str | None = None
    cause_id: str | None = None
    record_key: str | None = None
    keeps_record_answer: bool = False
    key: Key | None = None

    @property
    def idempotency_key(self) -> str | None:
        """The key that the remote service gets."""
        return self.record_key if self.key is None else self.key.key

    @property
    def keeps_answer(self) -> bool:
        """Whether the answer is stored, sealed."""
        return self.keeps_record_answer or self.key is not None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a dispatch. `used_connection_id`: the connection whose time of use is updated."""

    dispatch_id: str
    outcome: DispatchOutcome
    external_status: int | None
    error: str | None
    attempt_count: int
    response_bytes: int | None
    response: bytes | None
    finished_at: int
    used_connection_id: str | None


@dataclass(frozen=True, kw_only=True)
class KeyRelease:
    """Free the key of an intent: nothing was sent."""

    intent: Intent


@dataclass(frozen=True, kw_only=True)
class TokenUse:
    """A use of a token, exact to the minute. `at` in ms since 1970 UTC."""

    token_id: str
    at: int


@dataclass(frozen=True, kw_only=True)
class Existing:
    """An earlier use of the key: its input's digest, and its result."""

    request_digest: str
    result_id: str | None


Record = Intent | Outcome | KeyRelease | TokenUse
Recorded = Existing | None
