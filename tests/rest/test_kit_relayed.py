"""Answers that are sent while they come: their clients, and the hub that stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rest.kit.relayed import Relayed


class Endless:
    """Pieces without an end; `closed` once they are."""

    length = None
    closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b"a"
            await asyncio.sleep(0)

    async def aclose(self) -> None:
        self.closed = True


async def stays() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_client_that_takes_nothing_is_left():
    rest, sent = Endless(), []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if len(sent) > 3:
            await asyncio.Event().wait()

    await Relayed(200, rest, patience=0.01)({"type": "http"}, stays, send)

    assert rest.closed
    assert all(message.get("more_body", True) for message in sent)  # its end is not told


async def test_a_hub_that_stops_closes_the_answer():
    rest = Endless()

    async def send(_message: dict[str, Any]) -> None:
        await asyncio.sleep(0)

    running = asyncio.create_task(Relayed(200, rest)({"type": "http"}, stays, send))
    await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert rest.closed
