"""What is recorded: an intent before a call, an outcome after it, the use of a token."""

from __future__ import annotations

from dataclasses import dataclass

from models.vocabulary import DispatchOutcome, HttpMethod, Source


@dataclass(frozen=True, kw_only=True)
class Key:
    """An idempotency key, bound to who uses it and to the digest of the input."""

    owner_id: str
    operation: str
    key: str
    expires_at: int


@dataclass(frozen=True, kw_only=True)
class Intent:
    """A dispatch that is about to be sent. Columns of `dispatch`, and the key that guards it."""

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
    """How a dispatch ended. `used_connection_id` is stamped as used."""

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
    """An intent came to nothing before anything left the hub: its key is free again."""

    intent: Intent


@dataclass(frozen=True, kw_only=True)
class TokenUse:
    """A token was used, to the minute."""

    token_id: str
    at: int


@dataclass(frozen=True, kw_only=True)
class Existing:
    """The key is held: by which input, with which result."""

    request_digest: str
    result_id: str | None


Record = Intent | Outcome | KeyRelease | TokenUse
Recorded = Existing | None
