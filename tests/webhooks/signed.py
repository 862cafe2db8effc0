"""Bodies that are easily changed on their way, and the headers of a signed request."""

from __future__ import annotations

import time
from collections.abc import Sequence

from proxy.signing import signature
from tests.upstreams.faults import Received

#: Emoji, line and paragraph separators, no-break space, numbers that parsers change, keys out of order, blanks.
BODIES = {
    "letters": '{"z":"😀 \u2028\u2029 \u00a0 é","a":"</script>"}'.encode(),
    "numbers": b'{"whole":9007199254740993,"point":1.0,"power":1e2,"zero":-0}',
    "blanks": b'\n{ "b" : 1,\r\n\t"a" : [ ] } ',
    "escapes": rb'{"a":"\ud83d\ude00\u0000","a":2}',
}


def headers(secrets: Sequence[str], body: bytes, *, message_id: str = "msg_1") -> dict[str, str]:
    """The headers of a request that is sent now."""
    now = int(time.time())
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(secrets, message_id, now, body),
    }


def sent(received: Received) -> dict[str, str]:
    """The headers of a request by their names in small letters."""
    lines = received.raw.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
