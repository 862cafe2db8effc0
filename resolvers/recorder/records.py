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
    """A dispatch that is about to be sent: columns of `dispatch`, and its idempotency key."""

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
    key: Key | None = None


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
