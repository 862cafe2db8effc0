"""The statements of the record, in each driver's parameter style, and their parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from models.statement import spelled
from models.vocabulary import DispatchOutcome
from resolvers.recorder.records import Intent, Key, Outcome, TokenUse

_INTENT_COLUMNS: Final = (
    *("id", "created_at", "organization_id", "integration_id", "installation_id", "capability_id"),
    *("capability_name", "connection_id", "principal_id", "token_id", "source", "method", "url"),
    *("request_digest", "correlation_id", "deadline_at", "step_id", "cause_kind", "cause_id", "idempotency_key"),
)

_INSERT_INTENT: Final = """
INSERT INTO dispatch (id, created_at, organization_id, integration_id, installation_id, capability_id,
 capability_name, connection_id, principal_id, token_id, source, method, url, request_digest, correlation_id,
 deadline_at, step_id, cause_kind, cause_id, idempotency_key, attempt_count)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)"""
_UPDATE_OUTCOME: Final = """
UPDATE dispatch SET outcome = ?, external_status = ?, error = ?, attempt_count = ?, response_bytes = ?,
 response = ?, finished_at = ?, feed = FEED WHERE id = ?"""
_TOUCH_CONNECTION: Final = """
UPDATE connection SET last_used_at = ? WHERE id = ? AND (last_used_at IS NULL OR last_used_at < ?)"""
_TOUCH_TOKEN: Final = "UPDATE token SET last_used_at = ? WHERE id = ?"
# An expired key is claimed as if it had never been used.
_CLAIM_KEY: Final = """
INSERT INTO idempotency (organization_id, principal_or_token_id, operation, key, request_digest, result_id,
 expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (organization_id, principal_or_token_id, operation, key) DO UPDATE SET
 request_digest = excluded.request_digest, result_id = excluded.result_id, expires_at = excluded.expires_at,
 created_at = excluded.created_at
WHERE idempotency.expires_at <= excluded.created_at RETURNING key"""
_READ_KEY: Final = """
SELECT request_digest, result_id FROM idempotency
WHERE organization_id = ? AND principal_or_token_id = ? AND operation = ? AND key = ?"""


_RELEASE_KEY: Final = """
DELETE FROM idempotency
WHERE organization_id = ? AND principal_or_token_id = ? AND operation = ? AND key = ? AND result_id = ?"""


@dataclass(frozen=True, kw_only=True)
class Statements:
    """SQL texts; the functions below give their parameters."""

    insert_intent: str
    update_outcome: str
    touch_connection: str
    touch_token: str
    claim_key: str
    read_key: str
    release_key: str


def statements(*, sqlite: bool) -> Statements:
    """The statements in the parameter style of one driver."""
    return Statements(
        insert_intent=spelled(_INSERT_INTENT, sqlite=sqlite),
        update_outcome=spelled(_UPDATE_OUTCOME, sqlite=sqlite),
        touch_connection=spelled(_TOUCH_CONNECTION, sqlite=sqlite),
        touch_token=spelled(_TOUCH_TOKEN, sqlite=sqlite),
        claim_key=spelled(_CLAIM_KEY, sqlite=sqlite),
        read_key=spelled(_READ_KEY, sqlite=sqlite),
        release_key=spelled(_RELEASE_KEY, sqlite=sqlite),
    )


def of_intent(intent: Intent) -> tuple[Any, ...]:
    """Parameters of `insert_intent`."""
    return tuple(getattr(intent, name) for name in _INTENT_COLUMNS)


def of_outcome(outcome: Outcome) -> tuple[Any, ...]:
    """Parameters of `update_outcome`."""
    return (
        DispatchOutcome(outcome.outcome).value,
        outcome.external_status,
        outcome.error,
        outcome.attempt_count,
        outcome.response_bytes,
        outcome.response,
        outcome.finished_at,
        outcome.dispatch_id,
    )


def of_outcome_and_use(outcome: Outcome) -> tuple[Any, ...]:
    """Parameters of `update_outcome`, then the connection, and the time before which its last use is updated."""
    return (*of_outcome(outcome), outcome.used_connection_id, outcome.finished_at - 60_000)


def of_used_connection(outcome: Outcome) -> tuple[Any, ...]:
    """Parameters of `touch_connection`, which writes at most once a minute."""
    return (outcome.finished_at, outcome.used_connection_id, outcome.finished_at - 60_000)


def of_token_use(use: TokenUse) -> tuple[Any, ...]:
    """Parameters of `touch_token`."""
    return (use.at, use.token_id)


def of_claim(intent: Intent, key: Key) -> tuple[Any, ...]:
    """Parameters of `claim_key`."""
    return (*of_key(intent, key), intent.request_digest, intent.id, key.expires_at, intent.created_at)


def of_release(intent: Intent, key: Key) -> tuple[Any, ...]:
    """Parameters of `release_key`."""
    return (*of_key(intent, key), intent.id)


def of_key(intent: Intent, key: Key) -> tuple[Any, ...]:
    """Parameters of `read_key`."""
    return (intent.organization_id, key.owner_id, key.operation, key.key)
