"""One request to a receiver and its outcome, in the words of the attempt's record."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from models.errors import UpstreamBlocked, UpstreamFailed
from proxy.endpoint import endpoint_objection
from proxy.message import Answer
from proxy.redact import redact
from resolvers.hub import Hub
from resolvers.outbound.request import Outbound
from resolvers.webhooks.outcome import Outcome, outcome_of

_RETRY_AFTER: Final = "retry-after"
_CODING: Final = "content-encoding"


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """A request as it was sent at `at` (ms since 1970 UTC), and its outcome after `latency_ms`.

    `excerpt`: the beginning of the answer's body as text, secrets masked; None if there is none to read.
    `retry_after`: the values of that header.
    """

    outbound: Outbound = field(repr=False)
    at: int
    outcome: Outcome
    latency_ms: int
    excerpt: str | None = None
    retry_after: Sequence[str] = ()


async def post(hub: Hub, outbound: Outbound) -> Exchange:
    """Send a request once, if its URL may still be called. Raises TooMany if the hub itself has no room for it."""
    at, began = hub.clock(), time.monotonic()
    try:
        if objection := endpoint_objection(hub.egress.policy, outbound.request.url):
            raise UpstreamBlocked(objection)
        answer = await hub.egress.send(outbound.request)
    except UpstreamFailed as failed:
        return Exchange(outbound=outbound, at=at, outcome=outcome_of(failed), latency_ms=_since(began))
    return Exchange(
        outbound=outbound,
        at=at,
        outcome=outcome_of(answer.status),
        latency_ms=_since(began),
        excerpt=_excerpt(answer, outbound.secrets),
        retry_after=[value for name, value in answer.headers if name.lower() == _RETRY_AFTER],
    )


def _excerpt(answer: Answer, secrets: Sequence[str]) -> str | None:
    """The body as text: bytes that are no UTF-8 are replaced, and so is NUL, which no database keeps."""
    if not answer.body or any(name.lower() == _CODING for name, _ in answer.headers):
        return None
    return redact(answer.body.decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}"), secrets)


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
