"""A webhook's health: breaker, limits after a fault, and the time to tell people or to disable it.

The statements count in the database, since several workers record attempts at once: first the webhook's row, then its
gate, which follows it. The functions of a row decide by the facts with which the attempt began.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from jobs.job import Effect
from models.pace import Pace
from models.tables import Webhook
from resolvers.webhooks.gates import rate_of

#: So many failed attempts in a row open the breaker.
MOST_FAILURES: Final = 10
HOUR_MS: Final = 3_600_000
#: Nothing but failures for this long disables a webhook, if two deliveries have used up their tries in that time, at
#: least half a day apart. People are told at half of it.
PATIENCE_MS: Final = 5 * 24 * HOUR_MS
APART_MS: Final = 12 * HOUR_MS
_MOST_DOUBLINGS: Final = 20
#: A ramp has fewer steps: after so many without a fault it is over, also where no request came to widen it.
_STEPS: Final = 12
_OVER: Final = f"(gate.widens_at > 0 AND NOW - gate.widens_at > {_STEPS} * w.step)"

#: Parts of the statements below. DOUBLINGS: of the first wait, one for each failure after the tenth.
_PARTS: Final = {
    "A_NUMBER": "CAST(? AS BIGINT)",
    "WAITS": "(breaker = 'OPEN' AND breaker_until > NOW)",
    "OPENS": f"(breaker <> 'CLOSED' OR failures + 1 >= {MOST_FAILURES})",
    "DOUBLINGS": f"""(CASE WHEN failures + 1 < {MOST_FAILURES} THEN 0
 WHEN failures + 1 - {MOST_FAILURES} > {_MOST_DOUBLINGS} THEN {_MOST_DOUBLINGS}
 ELSE failures + 1 - {MOST_FAILURES} END)""",
    "IS_OVER": _OVER,
    "IS_NARROW": f"(NOT {_OVER} AND gate.interval_ms / 2 > w.usual)",
}


def _composed(sql: str) -> str:
    """A statement with its parts filled in."""
    return re.sub("|".join(_PARTS), lambda found: _PARTS[found[0]], sql)


#: The first wait, the longest twice, the first, id.
_FAILED: Final = _composed("""UPDATE webhook SET failing_since = coalesce(failing_since, NOW),
 failures = CASE WHEN WAITS THEN failures ELSE failures + 1 END,
 breaker_until = CASE WHEN WAITS OR NOT OPENS THEN breaker_until
  WHEN (A_NUMBER << DOUBLINGS) > A_NUMBER THEN NOW + A_NUMBER ELSE NOW + (A_NUMBER << DOUBLINGS) END,
 breaker = CASE WHEN WAITS OR NOT OPENS THEN breaker ELSE 'OPEN' END WHERE id = ?""")
_USED_UP: Final = """UPDATE webhook SET first_failed_at = coalesce(first_failed_at, NOW), last_failed_at = NOW
WHERE id = ?"""
#: The usual interval, id.
_SUCCEEDED: Final = _composed("""UPDATE webhook SET failures = 0, failing_since = NULL, first_failed_at = NULL,
 last_failed_at = NULL, breaker_until = NULL,
 breaker = CASE WHEN breaker = 'OPEN' THEN 'HALF_OPEN' WHEN EXISTS (SELECT 1 FROM gate WHERE gate.id = webhook.id
  AND (gate.capacity < webhook.concurrency OR gate.interval_ms > A_NUMBER)) THEN breaker ELSE 'CLOSED' END
WHERE id = ? AND (failures > 0 OR failing_since IS NOT NULL OR breaker <> 'CLOSED')""")

#: The narrow interval, id.
_CLOSE: Final = _composed("""UPDATE gate SET opens_at = w.breaker_until, capacity = 1, burst = 1, widens_at = 0,
 interval_ms = A_NUMBER FROM webhook w
WHERE gate.id = ? AND w.id = gate.id AND w.breaker = 'OPEN' AND w.breaker_until > NOW
 AND gate.opens_at < w.breaker_until""")
#: The wait twice, the narrow interval, id. A gate that is closed until somebody opens it stays so.
_THROTTLE: Final = _composed("""UPDATE gate SET capacity = 1, burst = 1, widens_at = 0,
 opens_at = CASE WHEN opens_at > NOW + A_NUMBER THEN opens_at ELSE NOW + A_NUMBER END,
 interval_ms = A_NUMBER WHERE id = ? AND opens_at IS NOT NULL""")
#: The usual interval and burst, the time between two steps, id, and the limit for which they are usual, 0 for none.
_WIDEN: Final = _composed("""UPDATE gate SET
 capacity = CASE WHEN IS_OVER OR gate.capacity * 2 >= w.concurrency THEN w.concurrency ELSE gate.capacity * 2 END,
 interval_ms = CASE WHEN IS_NARROW THEN gate.interval_ms / 2 ELSE w.usual END,
 burst = CASE WHEN IS_NARROW THEN 1 ELSE w.burst END,
 widens_at = CASE WHEN IS_NARROW THEN NOW + w.step ELSE gate.widens_at END
FROM (SELECT id, concurrency, A_NUMBER AS usual, A_NUMBER AS burst, A_NUMBER AS step FROM webhook
 WHERE id = ? AND coalesce(rate_limit, 0) = A_NUMBER) w
WHERE gate.id = w.id AND gate.opens_at <= NOW AND gate.widens_at <= NOW
 AND (gate.capacity < w.concurrency OR gate.interval_ms > w.usual)""")
#: For a gate that is open although its webhook is disabled, such as one from before the disabling.
_HOLD: Final = """UPDATE gate SET opens_at = NULL WHERE id = ? AND opens_at IS NOT NULL
 AND EXISTS (SELECT 1 FROM webhook w WHERE w.id = gate.id AND NOT w.enabled)"""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a gate in milliseconds: those of the webhook as its people set them, and narrow ones."""

    interval: int
    burst: int
    first: int
    step: int

    @classmethod
    def of(cls, webhook: Webhook, pace: Pace) -> Limits:
        """Between starts after a fault there is a second, which is halved in steps of one and a half."""
        (interval, burst), ramp = rate_of(webhook), round(pace.webhook_ramp * 1000)
        return cls(interval=interval, burst=burst, first=max(ramp, interval), step=ramp * 3 // 2)


def success(webhook: Webhook, pace: Pace) -> list[Effect]:
    """After a success: no failure counts any more; an open breaker is half open, and limits widen towards the usual.

    They double with each success, after a fault at most once in a step. A healthy webhook is not written.
    """
    limits = Limits.of(webhook, pace)
    usual, rate = limits.interval, webhook.rate_limit or 0
    widened = (usual, limits.burst, limits.step, webhook.id, rate)
    return [
        _of_webhook(webhook, _SUCCEEDED, usual, webhook.id),
        _of_gate(webhook, _WIDEN, *widened),
    ]


def failure(webhook: Webhook, pace: Pace, *, used_up: bool) -> list[Effect]:
    """After a failed attempt. The tenth in a row, and each one in a half open breaker, opens it for a longer time.

    Attempts that were under way when it opened do not count. `used_up`: it was the delivery's last try.
    """
    first, longest = round(pace.webhook_breaker * 1000), round(pace.webhook_breaker_longest * 1000)
    counted = [_of_webhook(webhook, _FAILED, first, longest, longest, first, webhook.id)]
    if used_up:
        counted.append(_of_webhook(webhook, _USED_UP, webhook.id))
    return [*counted, _of_gate(webhook, _CLOSE, Limits.of(webhook, pace).first, webhook.id)]


def throttle(webhook: Webhook, pace: Pace, asked_ms: int | None) -> list[Effect]:
    """Let nothing start at an overloaded webhook for a while, or as long as it asked for; then one at a time."""
    wait = max(round(pace.webhook_throttle * 1000), asked_ms or 0)
    return [_of_gate(webhook, _THROTTLE, wait, wait, Limits.of(webhook, pace).first, webhook.id)]


def hold(webhook: Webhook) -> list[Effect]:
    """Close the gate of a disabled webhook, if it is not closed."""
    return [_of_gate(webhook, _HOLD, webhook.id)]


def is_hopeless(webhook: Webhook, now: int, *, used_up: bool) -> bool:
    """Whether one more failure at this time disables the webhook. `used_up`: it is the delivery's last try."""
    if webhook.failing_since is None or webhook.first_failed_at is None:
        return False
    last = now if used_up else webhook.last_failed_at or webhook.first_failed_at
    return now - webhook.failing_since >= PATIENCE_MS and last - webhook.first_failed_at >= APART_MS


def is_failing(webhook: Webhook, now: int) -> bool:
    """Whether one more failure at this time is a reason to tell people: it opens the breaker, or it is half-way."""
    since = now if webhook.failing_since is None else webhook.failing_since
    return webhook.failures + 1 >= MOST_FAILURES or now - since >= PATIENCE_MS // 2


def _of_webhook(webhook: Webhook, sql: str, *parameters: object) -> Effect:
    return Effect(order=f"2 webhook {webhook.id}", sql=sql, parameters=parameters)


def _of_gate(webhook: Webhook, sql: str, *parameters: object) -> Effect:
    return Effect(order=f"3 gate {webhook.id}", sql=sql, parameters=parameters)
