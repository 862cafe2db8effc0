"""Fixtures: httpbin and the fault server for the session, and a canary for a test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.upstreams.faults import FaultServer

_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def httpbin() -> Iterator[str]:
    """The URL of a real httpbin: methods, authentication, redirects, delays, compression."""
    command = [sys.executable, "-m", "tests.upstreams.httpbin_server"]
    server = subprocess.Popen(
        command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with server:
        port = int(server.stdout.readline())
        yield f"http://127.0.0.1:{port}"
        server.stdin.close()


@pytest.fixture(scope="session")
def faults() -> Iterator[FaultServer]:
    """The fault server, shared: do not count its connections."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def upstream() -> Iterator[FaultServer]:
    """A fault server of the test's own, whose counters and requests are this test's."""
    with FaultServer() as server:
        yield server


@pytest.fixture
def canary() -> Iterator[FaultServer]:
    """A server that nobody may reach: `canary.connections` must stay at 0."""
    with FaultServer() as server:
        yield server
