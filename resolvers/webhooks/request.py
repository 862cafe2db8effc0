"""The signed request of one attempt: exact bytes, headers of Standard Webhooks, the webhook's own headers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from models.errors import SecretUnreadable
from models.origins import Origins, origin_of
from models.secret import Keyring
from models.secret_column import secret_place
from models.tables import Webhook
from proxy.message import Excerpt, Headers, OutboundRequest
from proxy.redact import MASK
from proxy.signing import signature
from resolvers.outbound.request import Outbound
from resolvers.webhooks.secrets import live_secrets

EXCERPT: Final = Excerpt(most_bytes=4096, seconds=1.0)
USER_AGENT: Final = "Patchbay-Webhooks/1"
_SIGNATURE: Final = "webhook-signature"


@dataclass(frozen=True, kw_only=True)
class Message:
    """The bytes for a receiver. `id`: of the delivery; `attempt`: counted over all series and replays, from 1.

    `out_of_order`: it has left the order of its entity. `original_id`: the delivery of which this one is a copy.
    `development`: it goes to a tunnel.
    """

    id: str
    body: bytes
    attempt: int = 1
    replayed: bool = False
    out_of_order: bool = False
    original_id: str | None = None
    development: bool = False


def message_id(delivery_id: str) -> str:
    """The value of the header `webhook-id`, the same in each attempt."""
    return f"msg_{delivery_id}"


def signed_request(keyring: Keyring, webhook: Webhook, message: Message, now: int) -> Outbound:
    """The request for a webhook as it is now, signed at `now` (ms since 1970 UTC) with each of its living secrets.

    Own headers go along if they were entered for the origin of its URL. Raises SecretUnreadable.
    """
    secrets = _living(keyring, webhook, now)
    own = _own_headers(keyring, webhook)
    at = now // 1000
    try:
        signed = signature(secrets, message_id(message.id), at, message.body)
    except ValueError as cause:
        raise _unreadable(webhook, "secrets") from cause
    return Outbound(
        request=OutboundRequest(
            method="POST",
            url=webhook.url,
            headers=_headers(own, message, at, signed),
            body=message.body,
            timeout_seconds=webhook.timeout_seconds,
            lane=webhook.organization_id,
            credential=webhook.id,
            pooled=True,
            excerpt=EXCERPT,
            repeats_stale=True,
            gated=True,
        ),
        secrets=(*secrets, *signed.split(" "), *(value for _, value in own)),
        secret_headers=(_SIGNATURE, *(name for name, _ in own)),
    )


def planned_headers(webhook: Webhook, message: Message, now: int) -> Headers:
    """The headers of `signed_request`, secrets and signature masked. No secret is opened for them."""
    own = [(hint["name"], MASK) for hint in webhook.header_hints] if _takes_own_headers(webhook) else []
    return _headers(own, message, now // 1000, MASK)


def _headers(own: Sequence[tuple[str, str]], message: Message, at: int, signed: str) -> Headers:
    return (
        *own,
        ("Content-Type", "application/json"),
        ("User-Agent", USER_AGENT),
        ("Accept-Encoding", "identity"),
        ("webhook-id", message_id(message.id)),
        ("webhook-timestamp", str(at)),
        (_SIGNATURE, signed),
        *_marks(message),
    )


def _marks(message: Message) -> Sequence[tuple[str, str]]:
    replay = ", replay" if message.replayed else ""
    marks = [("patchbay-attempt", f"{message.attempt}{replay}")]
    if message.out_of_order:
        marks.append(("patchbay-out-of-order", "true"))
    if message.original_id is not None:
        marks.append(("patchbay-original", message_id(message.original_id)))
    if message.development:
        marks.append(("patchbay-dev", "1"))
    return marks


def _living(keyring: Keyring, webhook: Webhook, now: int) -> list[str]:
    return live_secrets(_opened(keyring, webhook, "secrets"), now)


def _own_headers(keyring: Keyring, webhook: Webhook) -> list[tuple[str, str]]:
    if not _takes_own_headers(webhook):
        return []
    return [(pair["name"], pair["value"]) for pair in _opened(keyring, webhook, "headers")]


def _takes_own_headers(webhook: Webhook) -> bool:
    """Whether its URL is of an origin for which its own headers were entered."""
    return webhook.headers is not None and origin_of(webhook.url) in Origins.read(webhook.headers_origins).api


def _opened(keyring: Keyring, webhook: Webhook, column: str) -> Any:
    return orjson.loads(keyring.open(getattr(webhook, column), secret_place(webhook, column)))


def _unreadable(webhook: Webhook, column: str) -> SecretUnreadable:
    place = secret_place(webhook, column)
    return SecretUnreadable(f"The secret {column} of webhook {webhook.id} cannot be read.", place=place)
