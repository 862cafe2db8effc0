"""An answer that is complete with its head, and the beginning of its body for people to read."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from proxy.answer_reader import AnswerReader, BrokenAnswer
from proxy.coding import is_plain
from proxy.http1 import Connection
from proxy.inflight import Share
from proxy.message import Answer, Excerpt, OutboundRequest
from proxy.receiving import in_words, printable, text_of

_CODING = "content-encoding"


async def receive_excerpt(
    connection: Connection,
    request: OutboundRequest,
    head: bytes,
    excerpt: Excerpt,
    *,
    share: Share,
    limit: asyncio.Timeout,
) -> Answer:
    """Send the request and answer with the head of its answer, and as much of its body as the excerpt allows.

    `limit` bounds the time until the head has come; it is lifted then, and the excerpt ends within it. Whatever
    happens to the body afterwards (it drips, breaks, never ends) changes nothing of the answer. A coded body is left
    out: it is not decompressed. The connection stays open only if the body ended. Raises UpstreamFailed.
    """
    reader = AnswerReader(most=0, is_head=request.method == "HEAD", is_excerpt=True)
    with in_words(reader, 0):
        await connection.exchange(head, request.body or b"", reader, share)
    until = limit.when()
    limit.reschedule(None)
    latest = asyncio.get_running_loop().time() + excerpt.seconds
    body = await _beginning(connection, excerpt.most_bytes, latest if until is None else min(until, latest))
    headers = tuple([(text_of(name), text_of(value)) for name, value in reader.headers])
    kind = printable(next((value for name, value in headers if name.lower() == "content-type"), None))
    return Answer(status=reader.status, headers=headers, content_type=kind, body=body if _is_plain(headers) else b"")


async def _beginning(connection: Connection, most: int, until: float) -> bytes:
    """Up to `most` bytes of the body, as they come before `until`, the loop's time."""
    beginning = b""
    try:
        with suppress(TimeoutError, OSError, BrokenAnswer):
            async with asyncio.timeout_at(until):
                while len(beginning) < most and (piece := await connection.more()):
                    beginning += piece[: most - len(beginning)]
    finally:
        connection.finish()
    return beginning


def _is_plain(headers: Sequence[tuple[str, str]]) -> bool:
    codings = [value for name, value in headers if name.lower() == _CODING]
    return not codings or is_plain(codings)
