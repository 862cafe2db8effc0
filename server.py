"""The process that serves the hub: `python server.py`."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import uvicorn

from hub.starting import CannotStart, bound, loading, prepare_home, starting, warn_of_open_keys
from settings import Settings, read_settings
from wire.log import log_to_stderr

if TYPE_CHECKING:
    from starlette.applications import Starlette

_log = logging.getLogger("patchbay.server")


def create_app(settings: Settings) -> Starlette:
    """The application over these settings, as `hub.app.create_app` builds it."""
    from hub import app  # late: a fault of settings or port is reported without importing the whole hub first

    return app.create_app(settings)


def main() -> None:
    """Serve until told to stop. Exits with 1 and a sentence when it cannot start."""
    try:
        _serve()
    except CannotStart as why:
        sys.exit(f"The hub cannot start. {why}")


def _serve() -> None:
    with starting():
        log_to_stderr("info")
        settings = read_settings()
        log_to_stderr(settings.log_level)
        if settings.demo:
            prepare_home(settings)
        sockets = bound(settings.host, settings.port)
        with loading():
            app = create_app(settings)
        warn_of_open_keys(settings)
    # The server below enters the lifespan: uvicorn would log a trace if it failed to start.
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=settings.drain_seconds
    )
    _Server(config, app, settings).run(sockets)


class _Server(uvicorn.Server):
    """Logs the address once the hub can be reached; jobs and calls drain at the same time."""

    def __init__(self, config: uvicorn.Config, app: Starlette, settings: Settings) -> None:
        super().__init__(config)
        self._app = app
        self._settings = settings
        self._life = AsyncExitStack()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        async with AsyncExitStack() as life:
            with starting():
                await life.enter_async_context(self._app.router.lifespan_context(self._app))
                await super().startup(sockets)
            self._life = life.pop_all()
        _log.info("Serving at %s", self._settings.listens_at)
        sys.stdout.write(getattr(self._app.state, "banner", ""))
        sys.stdout.flush()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        _log.info("Stopping: calls and jobs under way have %d seconds", self._settings.drain_seconds)
        worker = getattr(self._app.state, "worker", None)
        draining = asyncio.create_task(worker.drain()) if worker else None
        await super().shutdown(sockets)
        if draining:
            await draining
        await self._life.aclose()
        _log.info("Stopped")


if __name__ == "__main__":
    main()
