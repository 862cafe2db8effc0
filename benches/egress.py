"""The egress beside aiohttp, its client until November 2026: CPU per call, and memory of large answers at once.

`python benches/egress.py`. Both call the same server on loopback, a process of its own. They take turns, round by
round, in one process; memory is that of a new process for each client.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import uvloop
from processes import HERE, free_port

sys.path.insert(0, str(HERE.parent))

from proxy.egress import MAX_INFLIGHT_BYTES, Egress
from proxy.guard import EgressPolicy, parse_allowances
from proxy.message import OutboundRequest

_SMALL = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{"ok":true}'
_LARGE_BYTES = 9_000_000
_LARGE = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _LARGE_BYTES + bytes(_LARGE_BYTES)
_BODY = b'{"sku":"A-100","quantity":1}'
_HEADERS = {"Authorization": "Bearer t", "Content-Type": "application/json"}
_AT_ONCE = 32
_LARGE_AT_ONCE = 40

Call = Callable[[str], Awaitable[int]]


def main() -> None:
    """Measure and print; as a child process: serve, or measure one client's memory."""
    given = _arguments()
    if given.serve:
        uvloop.run(_serve(given.serve))
    elif given.memory:
        print(uvloop.run(_memory(given.memory, given.url)))
    else:
        with _server() as url:
            _report_cpu(uvloop.run(_cpu(url, given.rounds, given.calls)))
            _report_memory(url)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--calls", type=int, default=3000, help="of each client in each round")
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--memory", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    return parser.parse_args()


@asynccontextmanager
async def _egress(budget: int = MAX_INFLIGHT_BYTES) -> AsyncIterator[Call]:
    policy = EgressPolicy(parse_allowances("127.0.0.0/8"))
    async with Egress(policy, per_host=100, max_inflight_bytes=budget) as egress:

        async def call(url: str) -> int:
            headers = tuple(_HEADERS.items())
            request = OutboundRequest(
                method="POST", url=url, headers=headers, body=_BODY, lane="a", credential="c", pooled=True
            )
            return len((await egress.send(request)).body)

        yield call


@asynccontextmanager
async def _aiohttp() -> AsyncIterator[Call]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def call(url: str) -> int:
            async with session.post(url, headers=_HEADERS, data=_BODY) as response:
                return len(await response.read())

        yield call


async def _cpu(url: str, rounds: int, calls: int) -> dict[str, list[float]]:
    """CPU of each client in µs a call, round by round."""
    async with _egress() as ours, _aiohttp() as theirs:
        clients = {"egress": ours, "aiohttp": theirs}
        found: dict[str, list[float]] = {name: [] for name in clients}
        for number in range(rounds + 1):
            for name in list(clients)[:: 1 if number % 2 else -1]:
                began = time.process_time()
                await asyncio.gather(
                    *(_repeat(clients[name], f"{url}/small", calls // _AT_ONCE) for _ in range(_AT_ONCE))
                )
                if number:  # the first round warms up
                    found[name].append((time.process_time() - began) / (calls // _AT_ONCE * _AT_ONCE) * 1e6)
    return found


async def _repeat(call: Call, url: str, times: int) -> None:
    for _ in range(times):
        assert await call(url) == 11


async def _memory(client: str, url: str) -> float:
    """The growth of resident memory in MB while the large answers are received, each dropped as it is there."""
    opened = _aiohttp() if client == "aiohttp" else _egress(MAX_INFLIGHT_BYTES if client == "egress" else 10**12)
    async with opened as call:
        await call(f"{url}/small")
        before = peak = _resident()
        calls = asyncio.gather(*(call(f"{url}/large") for _ in range(_LARGE_AT_ONCE)))
        while not calls.done():
            peak = max(peak, _resident())
            await asyncio.sleep(0.001)
        assert set(await calls) == {_LARGE_BYTES}
    return (peak - before) / 1e6


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _report_cpu(found: dict[str, list[float]]) -> None:
    print(f"\n| {_AT_ONCE} calls at once | CPU µs a call | of aiohttp |\n|---|--:|--:|")
    for name, figures in found.items():
        ratios = sorted(one / other for one, other in zip(figures, found["aiohttp"], strict=True))
        spread = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"
        print(f"| {name} | {statistics.median(figures):.0f} | {spread} |")


def _report_memory(url: str) -> None:
    print(f"\n| {_LARGE_AT_ONCE} answers of {_LARGE_BYTES / 1e6:.0f} MB at once | memory grew by MB |\n|---|--:|")
    for client in ("egress", "egress without a budget", "aiohttp"):
        command = [sys.executable, __file__, "--memory", client, "--url", url]
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        print(f"| {client} | {float(ended.stdout):.0f} |")


@contextmanager
def _server() -> Iterator[str]:
    port = free_port()
    with subprocess.Popen([sys.executable, __file__, "--serve", str(port)]) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            uvloop.run(_until_it_listens(port))
            yield url
        finally:
            server.terminate()


async def _until_it_listens(port: int) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.02)


class _Remote(asyncio.Protocol):
    """Answers each request as soon as its body is there; a request comes in one piece or two."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._received = b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith(_BODY):
            self._transport.write(_LARGE if b" /large " in self._received else _SMALL)
            self._received = b""


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Remote, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    main()
