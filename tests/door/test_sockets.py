"""Requests that two readers could take for different ones are refused, on each of uvicorn's parsers."""

from __future__ import annotations

import pytest

from tests.door.server import Door

HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
BODY = b'{"query": "mutation { add(number: 1) }"}'
LENGTH = b"%d" % len(BODY)
CHUNK = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)

SMUGGLED = {
    "length and chunked": b"Content-Length: " + LENGTH + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK,
    "two lengths": b"Content-Length: " + LENGTH + b"\r\nContent-Length: 1\r\n\r\n" + BODY,
    "negative length": b"Content-Length: -1\r\n\r\n" + BODY,
    "length that is no number": b"Content-Length: 0x10\r\n\r\n" + BODY,
    "bad chunk size": b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "negative chunk size": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + BODY + b"\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("request_", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_answers_an_ambiguous_request_once_with_400_and_closes(any_door: Door, request_: bytes) -> None:
    any_door.added.clear()

    answer = any_door.raw(HEAD + request_)

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert not answer.endswith(b"<no close>")
    assert any_door.added == []


def test_takes_the_same_request_in_order(any_door: Door) -> None:
    any_door.added.clear()

    answer = any_door.raw(HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert any_door.added == [1]
