"""Signing secrets of a webhook: at most five, newest first, each with the end of its validity.

The sealed column `secrets` holds `[{"secret": "whsec_…", "until": ms | null}]`; `secret_expiries` has the same ends,
readable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.errors import InvalidInput, NotFound
from models.tables import Webhook
from models.vocabulary import Permission
from proxy.signing import new_secret
from resolvers.faults import require
from resolvers.operation import operation
from resolvers.webhooks.finding import lock_webhook
from resolvers.work import Work

DEFAULT_OVERLAP_SECONDS: Final = 86_400
_MOST_OVERLAP_SECONDS: Final = 604_800
_MOST: Final = 5


@dataclass(frozen=True, kw_only=True)
class RotateWebhookSecret:
    """The former secrets sign for `overlap_seconds` more; with `expire_previous` they end now."""

    webhook_id: str
    overlap_seconds: int = DEFAULT_OVERLAP_SECONDS
    expire_previous: bool = False


@dataclass(frozen=True, kw_only=True)
class Rotated:
    """The webhook, and its new secret, which is shown this once."""

    webhook: Webhook
    secret: str


@operation(needs=Permission.WEBHOOKS_WRITE, refuses=(NotFound, InvalidInput))
async def rotate_webhook_secret(work: Work, new: RotateWebhookSecret) -> Rotated:
    """Make a new secret, which signs beside the former ones until their ends.

    An end that an earlier rotation has set stays as it is. Of more than five secrets the oldest end now.
    """
    fits = 0 <= new.overlap_seconds <= _MOST_OVERLAP_SECONDS
    require(fits, ("overlap_seconds",), f"It must be from 0 to {_MOST_OVERLAP_SECONDS} seconds.")
    webhook = await lock_webhook(work, new.webhook_id, path=("webhook_id",))
    secret = new_secret()
    renew_secret(work, webhook, secret, None if new.expire_previous else new.overlap_seconds)
    work.audit(webhook, "webhook.secret_rotated")
    return Rotated(webhook=webhook, secret=secret)


def renew_secret(work: Work, webhook: Webhook, secret: str, overlap_seconds: int | None) -> None:
    """Give a locked webhook another secret. The former ones sign for so long beside it; None: they end now."""
    now = work.now()
    until = now if overlap_seconds is None else now + overlap_seconds * 1000
    former = [] if overlap_seconds is None else work.unseal(webhook, "secrets")
    seal_secrets(work, webhook, [_entry(secret, None), *_ending(former, until, now)][:_MOST])
    webhook.version += 1


def add_first_secret(work: Work, webhook: Webhook, secret: str | None = None) -> str:
    """Give a new webhook its secret, a fresh one unless it is given. Answers the text, which is shown this once."""
    secret = secret or new_secret()
    seal_secrets(work, webhook, [_entry(secret, None)])
    return secret


def seal_secrets(work: Work, webhook: Webhook, entries: Sequence[Mapping[str, Any]]) -> None:
    """Set the secrets and their readable ends."""
    webhook.secrets = work.seal(webhook, "secrets", list(entries))
    webhook.secret_expiries = [entry["until"] for entry in entries]


def live_secrets(entries: Sequence[Mapping[str, Any]], now: int) -> list[str]:
    """The secrets that sign at a time, newest first. `entries` is the unsealed column; `now` in ms since 1970 UTC."""
    return [entry["secret"] for entry in entries if _lives(entry["until"], now)]


def live_count(webhook: Webhook, now: int) -> int:
    """The number of secrets that sign at a time."""
    return sum(_lives(until, now) for until in webhook.secret_expiries)


def overlap_until(webhook: Webhook, now: int) -> int | None:
    """The time until which a former secret signs too; None if only the newest signs."""
    return max((until for until in webhook.secret_expiries if until is not None and until > now), default=None)


def _ending(entries: Sequence[Mapping[str, Any]], until: int, now: int) -> list[dict[str, Any]]:
    """The living entries; one without an end gets this one."""
    ended = [_entry(one["secret"], until if one["until"] is None else one["until"]) for one in entries]
    return [entry for entry in ended if _lives(entry["until"], now)]


def _lives(until: int | None, now: int) -> bool:
    return until is None or until > now


def _entry(secret: str, until: int | None) -> dict[str, Any]:
    return {"secret": secret, "until": until}
