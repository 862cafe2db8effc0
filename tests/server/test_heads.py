"""Heads of requests that are too large, and connections that come in crowds."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest


def asked(url: str, path: str, headers: dict[str, str]) -> int:
    """The status of a GET, by a client that has no limits of its own."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=30)) as connection:
        connection.request("GET", path, headers=headers)
        return connection.getresponse().status


@contextmanager
def connected(url: str, count: int) -> Iterator[list[socket.socket]]:
    address = urlsplit(url)
    sockets = [socket.create_connection((address.hostname, address.port), timeout=30) for _ in range(count)]
    try:
        yield sockets
    finally:
        for one in sockets:
            one.close()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/healthz?q=" + "x" * 100_000, {}, 400),  # the parser gives up at 64 kB, before anybody can answer better
        ("/healthz?q=" + "x" * 50_000, {}, 414),
        ("/" + "x" * 17_000, {}, 414),
        ("/healthz", {"x-long": "x" * 60_000}, 431),
        ("/healthz", {f"x-{n}": "1" for n in range(5_000)}, 431),
        ("/healthz", {f"x-{n}": "1" for n in range(300)}, 431),
        ("/healthz?q=" + "x" * 8_000, {"x-long": "x" * 8_000}, 200),
    ],
)
async def test_refuses_heads_that_are_too_large(hub, path, headers, status):
    answer = asked(hub.url, path, headers)

    assert answer == status
    assert asked(hub.url, "/healthz", {}) == 200


async def test_idle_and_reset_connections_keep_nobody_out(hub):
    before = len(os.listdir("/proc/self/fd"))

    with connected(hub.url, 800) as idle:
        for one in idle[:200]:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.close()
        started = time.monotonic()
        answer = asked(hub.url, "/healthz", {})
        waited = time.monotonic() - started

    assert answer == 200
    assert waited < 15
    deadline = time.monotonic() + 20
    while len(os.listdir("/proc/self/fd")) > before + 20:
        assert time.monotonic() < deadline, "Descriptors are leaked."
        await asyncio.sleep(0.1)
