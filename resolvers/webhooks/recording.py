"""The record of an attempt: statements that are written in the transaction that ends the attempt's job.

They change a delivery only while it is QUEUED, and write no attempt of one that was removed meanwhile.
"""

from __future__ import annotations

from typing import Final

import orjson

from jobs.job import Effect
from models.row import new_id
from models.tables import Delivery, Webhook
from models.vocabulary import WorkState
from resolvers.webhooks.sending import Exchange

_ATTEMPT: Final = """INSERT INTO attempt (id, created_at, organization_id, delivery_id, webhook_id, integration_id,
 number, replayed, url, request_headers, external_status, failure, error, response_excerpt, latency_ms, feed)
SELECT CAST(? AS TEXT), CAST(? AS BIGINT), organization_id, id, webhook_id, integration_id,
 attempt_count + 1, CAST(? AS BOOLEAN), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS INTEGER), CAST(? AS TEXT),
 CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS INTEGER), FEED FROM delivery WHERE id = ?"""
#: state, status, class, failure, error, next attempt, whether the series begins, its first attempt, end, id.
_ATTEMPTED: Final = """UPDATE delivery SET attempt_count = attempt_count + 1, unjudged = false,
 state = CASE WHEN state = 'QUEUED' THEN ? ELSE state END, external_status = ?, status_class = ?, failure = ?,
 error = ?, next_attempt_at = CAST(? AS BIGINT),
 first_attempt_at = CASE WHEN CAST(? AS BOOLEAN) THEN CAST(? AS BIGINT) ELSE first_attempt_at END,
 finished_at = CASE WHEN state = 'QUEUED' THEN CAST(? AS BIGINT) ELSE finished_at END WHERE id = ?"""
#: state, error, end, id.
_ENDED: Final = """UPDATE delivery SET state = ?, error = ?, next_attempt_at = NULL, finished_at = CAST(? AS BIGINT)
WHERE id = ? AND state = 'QUEUED'"""
_FAULTED: Final = "UPDATE webhook SET filter_faults = filter_faults + 1, filter_fault = ? WHERE id = ?"
_REMOVED: Final = "DELETE FROM delivery WHERE id = ? AND unjudged"


def attempted(
    delivery: Delivery, exchange: Exchange, *, state: WorkState, next_at: int | None, begins: bool, replayed: bool
) -> list[Effect]:
    """An attempt, and its delivery in its new state. `begins`: the first one of a series; `next_at`: of the next one.

    Times in ms since 1970 UTC.
    """
    outcome, status = exchange.outcome, exchange.outcome.external_status
    answered = (status, None if status is None else status // 100, outcome.failure, outcome.error)
    ended_at = None if next_at is not None else exchange.at + exchange.latency_ms
    made = (new_id(exchange.at), exchange.at, replayed, *_shown(exchange), delivery.id)
    after = (state.value, *answered, next_at, begins, exchange.at, ended_at, delivery.id)
    return [
        Effect(order=f"0 attempt {delivery.id}", sql=_ATTEMPT, parameters=made),
        _of_delivery(delivery, _ATTEMPTED, *after),
    ]


def ended(delivery: Delivery, state: WorkState, error: str, now: int) -> list[Effect]:
    """A delivery that ends without another attempt, and the sentence why."""
    return [_of_delivery(delivery, _ENDED, state.value, error, now, delivery.id)]


def removed(delivery: Delivery) -> list[Effect]:
    """No delivery any more: the filter does not take the event."""
    return [_of_delivery(delivery, _REMOVED, delivery.id)]


def faulted(webhook: Webhook, sentence: str) -> list[Effect]:
    """A filter that could not be judged, which takes nothing; it is counted and shown."""
    return [Effect(order=f"2 webhook {webhook.id}", sql=_FAULTED, parameters=(sentence, webhook.id))]


def _of_delivery(delivery: Delivery, sql: str, *parameters: object) -> Effect:
    return Effect(order=f"1 delivery {delivery.id}", sql=sql, parameters=parameters)


def _shown(exchange: Exchange) -> tuple[object, ...]:
    """The request and its answer as they are kept, secrets masked."""
    outcome = exchange.outcome
    headers = [{"name": name, "value": value} for name, value in exchange.outbound.shown_headers()]
    return (
        exchange.outbound.recorded_url(),
        orjson.dumps(headers).decode(),
        outcome.external_status,
        outcome.failure,
        outcome.error,
        exchange.excerpt,
        exchange.latency_ms,
    )
