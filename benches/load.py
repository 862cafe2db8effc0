"""The callers: keep-alive connections that each call again after every answer and a pause, for some seconds.

Reads the request from stdin as JSON and prints the result as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp
import uvloop


async def load(
    *,
    url: str,
    headers: dict[str, str],
    body: str,
    marker: str,
    connections: int,
    seconds: float,
    pause: float = 0.0,
) -> Any:
    """Number of calls and their seconds. Raises RuntimeError for an answer that is not 200 or lacks the marker."""
    took: list[float] = []
    connector = aiohttp.TCPConnector(limit=connections)
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=timeout) as session:
        started = time.perf_counter()
        until = started + seconds
        callers = [
            _call(session, url, body.encode(), marker.encode(), until, pause, took) for _ in range(connections)
        ]
        await asyncio.gather(*callers)
        elapsed = time.perf_counter() - started
    took.sort()
    return {
        "calls": len(took),
        "seconds": elapsed,
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
        "most_ms": took[-1] * 1000,
    }


async def _call(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    marker: bytes,
    until: float,
    pause: float,
    took: list[float],
) -> None:
    while (begun := time.perf_counter()) < until:
        async with session.post(url, data=body) as response:
            answer = await response.read()
        if response.status != 200 or marker not in answer:
            raise RuntimeError(f"{url} answered {response.status}: {answer[:500]!r}")
        took.append(time.perf_counter() - begun)
        if pause:
            await asyncio.sleep(pause)


if __name__ == "__main__":
    print(json.dumps(uvloop.run(load(**json.load(sys.stdin)))))
