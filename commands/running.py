"""Runs an operator's command over a hub that is opened for this command only."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from hub.starting import CannotStart, starting
from hub.wiring import build_hub
from models.revision import require_migrated
from resolvers.caller import Caller
from settings import read_settings

T = TypeVar("T")


def run(work: Callable[[Caller], Awaitable[T]], *, migrated: bool = True) -> T:
    """Run `work` as the operator. A refusal is printed on stderr, with exit code 1.

    `migrated`: refuse a database that is not migrated to this version.
    """

    async def inside() -> T:
        hub = build_hub(read_settings())
        try:
            if migrated:
                await require_migrated(hub.database)
            return await work(Caller.operator(hub))
        finally:
            await hub.apart.close()
            await hub.recorder.close()
            await hub.database.close()

    try:
        with starting():
            return asyncio.run(inside())
    except CannotStart as why:
        sys.exit(str(why))
