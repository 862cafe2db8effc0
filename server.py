"""Wires the hub and serves it: `python server.py`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

import files
import rest
from demo import Demo
from models.errors import DomainError, Unavailable
from models.key_file import KeyFile
from resolvers.caller import Hub
from schema.routes import routes as graphql_routes
from settings import Settings, read_settings
from web.connect import routes as connect_routes
from web.routes import page as graphiql_page
from web.routes import routes as graphiql_routes
from wire.body import BodyLimits
from wire.head import HeadLimits, LimitedHead
from wire.log import log_to_stderr
from wiring import build_hub, opened
from worker import working

_READY_SECONDS = 4.0


def create_app(settings: Settings) -> Starlette:
    """The application. Everything with a life of its own begins and ends with its lifespan."""
    demo = Demo(settings.home) if settings.demo else None
    hub = build_hub(settings, demo=demo)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.hub = hub
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(opened(hub))
            except DomainError as refusal:
                app.state.refusal = refusal
                raise
            if settings.worker:
                jobs = working(hub, concurrency=settings.job_concurrency)
                app.state.worker = await stack.enter_async_context(jobs)
            if demo is not None:
                app.state.banner = await stack.enter_async_context(demo.running(hub, settings.listens_at))
            gc.collect()
            gc.freeze()  # what lives as long as the process need not be looked through again
            yield

    body = BodyLimits(size=settings.max_body_bytes, seconds=settings.body_timeout)
    return Starlette(
        routes=[
            Route("/", _root),
            Route("/healthz", _alive),
            Route("/readyz", _ready(hub)),
            *graphql_routes(hub, body=body, page=graphiql_page() if settings.graphiql else None),
            *(graphiql_routes() if settings.graphiql else ()),
            *connect_routes(hub, limits=body),
            *rest.routes(hub, limits=body),
            *files.routes(hub, limits=body),
        ],
        middleware=_middleware(settings),
        lifespan=lifespan,
    )


def main() -> None:
    """Serve until told to stop. Exits with 1 and a sentence when it cannot start."""
    try:
        settings = read_settings()
        log_to_stderr(settings.log_level)
        if settings.demo:
            prepare_home(settings)
        app = create_app(settings)
    except (ValueError, DomainError) as refusal:
        sys.exit(f"The hub cannot start. {refusal}")
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_config=None, access_log=False, timeout_graceful_shutdown=25
    )
    try:
        _Server(config, app).run()
    except SystemExit as left:  # as uvicorn leaves where the lifespan did not begin
        fault = getattr(app.state, "refusal", None)
        sys.exit(f"The hub cannot start. {fault}" if fault else left.code)


def prepare_home(settings: Settings) -> bool:
    """Make the home and its master key where there is none yet. Answers whether a key was made.

    Raises ValueError where a database is there and its key is not.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = settings.master_key_file
    if settings.master_keys.get_secret_value() or file.exists():
        return False
    if (settings.home / "patchbay.sqlite3").exists():
        raise ValueError(f"The database in {settings.home} has lost its master key; put it back at {file}.")
    KeyFile(file).create()
    return True


class _Server(uvicorn.Server):
    """Says where the hub is once it can be reached; gives jobs and calls the same time to end."""

    def __init__(self, config: uvicorn.Config, app: Starlette) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        banner = getattr(self._app.state, "banner", None)
        if self.started and banner:
            sys.stdout.write(banner)
            sys.stdout.flush()

    async def shutdown(self, sockets: Any = None) -> None:
        worker = getattr(self._app.state, "worker", None)
        draining = asyncio.create_task(worker.drain()) if worker else None
        await super().shutdown(sockets)
        if draining:
            await draining


async def _root(_request: Request) -> Response:
    return RedirectResponse("graphql")  # beside this address, whatever path a proxy put in front of it


async def _alive(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _ready(hub: Hub) -> Any:
    async def ready(_request: Request) -> Response:
        try:
            async with asyncio.timeout(_READY_SECONDS), hub.database.read() as session:
                await session.execute(text("SELECT 1"))
        except (Unavailable, TimeoutError):
            return JSONResponse({"status": "the database cannot be reached"}, 503)
        return JSONResponse({"status": "ok"})

    return ready


def _middleware(settings: Settings) -> list[Middleware]:
    head = Middleware(LimitedHead, limits=HeadLimits())
    if not settings.cors_origins:
        return [head]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "X-Hub-Id"],
        expose_headers=["*"],  # a relayed answer has any; no cookie goes with a call, so that * counts
    )
    return [head, cors]


if __name__ == "__main__":
    main()
