"""Bodies that are too large, too slow, too deep, or not JSON."""

from __future__ import annotations

import gzip
import os
import socket
import zlib
from collections.abc import Iterator

import httpx
import psutil
import pytest

from tests.door.server import Door, drain
from wire.body import BodyLimits, parse_json
from wire.refusal import BadRequest

HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ADD = '{"query": "mutation { add(number: 1) }"}'


def error_of(answer: httpx.Response) -> str:
    """The message of the only error, which has the code of a wrong request."""
    (error,) = answer.json()["errors"]
    assert error["extensions"] == {"code": "BAD_REQUEST"}
    return error["message"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"null", id="null"),
        pytest.param(b"1", id="number"),
        pytest.param(b'"x"', id="string"),
        pytest.param(b"[]", id="list"),
        pytest.param(b'[{"query": "{ hello }"}]', id="batch"),
        pytest.param(b"{}", id="no query"),
        pytest.param(b'{"query": ""}', id="empty query"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="cut off"),
        pytest.param(b"NaN", id="nan"),
        pytest.param(b'{"query": "{ hello }", "variables": {"a": 1e999}}', id="infinity"),
        pytest.param(b'{"query": "\xff"}', id="invalid UTF-8"),
        pytest.param('{"query": "{ hello }"}'.encode("utf-16"), id="UTF-16"),
        pytest.param(b'\xef\xbb\xbf{"query": "{ hello }"}', id="byte order mark"),
        pytest.param(b'{"query": "{ hello }", "variables": {"a": "\\ud800"}}', id="lone surrogate"),
        pytest.param(b"[" * 90_000, id="nested 90,000, open"),
        pytest.param(b"[" * 90_000 + b"]" * 90_000, id="nested 90,000"),
        pytest.param(
            b'{"query": "{ hello }", "variables": {"a": ' + b"[" * 200 + b"]" * 200 + b"}}", id="nested 202"
        ),
        pytest.param(b'{"query": "{ hello }", "variables": {"a": ' + b"1" * 5_000 + b"}}", id="5,000 digits"),
        pytest.param(b'{"query": "{ hello }", "variables": {"a": 18446744073709551616}}', id="65 bits"),
    ],
)
def test_refuses_what_is_not_one_json_object_in_utf_8(door: Door, body: bytes) -> None:
    answer = door.send(content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/json; charset=utf-8")
    assert error_of(answer)
    assert not any("Traceback" in line or "Exception" in line for line in door.logged)


def test_reads_json_as_deep_as_it_can_write_it_and_no_deeper() -> None:
    deepest, deeper = (b"[" * depth + b"]" * depth for depth in (128, 129))

    parse_json(deepest, BodyLimits())

    with pytest.raises(BadRequest, match="nested deeper than 128 levels"):
        parse_json(deeper, BodyLimits())


@pytest.mark.parametrize("number", [2**64 - 1, -(2**63)])
def test_reads_integers_of_64_bits_exactly(number: int) -> None:
    assert parse_json(b"[%d]" % number, BodyLimits()) == [number]


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**400])
def test_refuses_integers_that_a_float_would_round(number: int) -> None:
    with pytest.raises(BadRequest):
        parse_json(b"[%d]" % number, BodyLimits())


def test_long_runs_of_digits_in_strings_are_no_integers() -> None:
    assert parse_json(b'["123456789012345678901234567890"]', BodyLimits()) == ["1234567890" * 3]


def test_refuses_a_large_body_from_its_length_alone(door: Door) -> None:
    answer = door.raw(HEAD + b"Content-Length: 1000001\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert answer.count(b"HTTP/1.1") == 1
    assert not answer.endswith(b"<no close>")


def test_takes_a_body_of_exactly_the_limit(door: Door) -> None:
    body = ADD.ljust(1_000_000)

    answer = door.send(content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, door.added) == (200, [1])


def test_stops_reading_a_large_body_without_a_length(door: Door) -> None:
    sent = 0
    before = psutil.Process(os.getpid()).memory_info().rss
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"

    with socket.create_connection(("127.0.0.1", door.port), 10) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        try:
            while sent < 200_000_000:
                connection.sendall(chunk)
                sent += len(chunk)
        except OSError:
            pass
        answer = drain(connection)
    grown = psutil.Process(os.getpid()).memory_info().rss - before

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert sent < 50_000_000
    assert grown < 10_000_000


def test_refuses_a_body_of_more_than_the_limit_by_an_ordinary_client(door: Door) -> None:
    def parts() -> Iterator[bytes]:
        yield ADD.encode()
        yield b" " * 1_000_000

    answer = door.send(content=parts(), headers={"content-type": "application/json"})

    assert answer.status_code == 413
    assert error_of(answer) == "The body is larger than 1000000 bytes."
    assert door.added == []


@pytest.mark.parametrize(
    ("encoding", "body"),
    [("gzip", gzip.compress(b" " * 50_000_000)), ("deflate", zlib.compress(ADD.encode())), ("br", b"x")],
)
def test_refuses_encoded_bodies(door: Door, encoding: str, body: bytes) -> None:
    headers = {"content-type": "application/json", "content-encoding": encoding}

    answer = door.send(content=body, headers=headers)

    assert answer.status_code == 415
    assert error_of(answer) == "Send the body uncompressed, without a Content-Encoding."


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "text/plain; application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonp",
        "application/json; charset=utf-16",
        'application/json; charset="latin1"',
    ],
)
def test_executes_nothing_that_a_form_could_send(door: Door, content_type: str | None) -> None:
    headers = {} if content_type is None else {"content-type": content_type}

    answer = door.send(content=ADD, headers=headers)

    assert answer.status_code == 415
    assert error_of(answer)
    assert door.added == []


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON ; Charset=UTF-8", 'application/json;charset="utf-8"'],
)
def test_takes_json_in_utf_8(door: Door, content_type: str) -> None:
    answer = door.send(content=ADD, headers={"content-type": content_type, "content-encoding": "identity"})

    assert answer.json()["data"] == {"add": 1}
    assert door.added == [1]


def test_cuts_a_body_that_drips(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port), 20) as connection:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
        others = door.post("{ hello }")
        answer = drain(connection)

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert not answer.endswith(b"<no close>")
    assert others.json()["data"] == {"hello": "Hello, world!"}


def test_a_client_that_leaves_in_its_body_leaves_nothing_behind(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port), 10) as connection:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")

    assert door.post("{ hello }").status_code == 200
    assert door.added == []
    assert not any("Traceback" in line or "Exception" in line for line in door.logged)
