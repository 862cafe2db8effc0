"""A client whose body is refused before it has come reads the answer, not a reset."""

from __future__ import annotations

import asyncio
import socket
from time import monotonic

import pytest

from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant

SIZE = 20_000_000  # more than the buffers between two programs take
HEAD = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\n"


def answer(hub: RunningHub, *parts: bytes) -> bytes:
    """All that comes until the connection ends, once all parts have been sent."""
    host, port = hub.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        for part in parts:
            connection.sendall(part)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize("framing", [f"Content-Length: {SIZE}", "Transfer-Encoding: chunked"])
async def test_a_client_that_sends_all_of_a_large_body_reads_why_it_is_refused(
    hub: RunningHub, organization: Tenant, framing: str
):
    head = HEAD.format(organization.token) + framing + "\r\n\r\n"
    body = b" " * SIZE if "Length" in framing else b"%x\r\n" % SIZE + b" " * SIZE + b"\r\n0\r\n\r\n"

    told = await asyncio.to_thread(answer, hub, head.encode(), body)

    assert told.startswith(b"HTTP/1.1 413 ")
    assert told.count(b"HTTP/1.1") == 1


async def test_a_client_that_waits_for_the_answer_does_not_wait_long(hub: RunningHub, organization: Tenant):
    head = HEAD.format(organization.token) + f"Content-Length: {SIZE}\r\n\r\n"
    began = monotonic()

    told = await asyncio.to_thread(answer, hub, head.encode())

    assert told.startswith(b"HTTP/1.1 413 ")
    assert monotonic() - began < 5
