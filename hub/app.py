"""The hub as an ASGI application: every face, and one lifespan that opens and closes the rest."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import select
from sqlmodel import col
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

import rest
from demo import Demo
from hub.wiring import build_hub, catalogue_of, opened
from hub.working import working
from models.errors import Unavailable
from models.tables import Organization
from resolvers.hub import Hub
from schema.routes import routes as graphql_routes
from settings import Settings
from web import apps, events, files
from web.connect import routes as connect_routes
from web.files.refusal import forms as files_forms
from web.routes import page as graphiql_page
from web.routes import routes as graphiql_routes
from wire.arrivals import Arrivals
from wire.body import BodyLimits
from wire.delivery import Delivery
from wire.guarded import NO_STORE, NOSNIFF, GuardedAnswers
from wire.head import HeadLimits, LimitedHead
from wire.lingering import Lingering

_log = logging.getLogger("patchbay.server")


def create_app(settings: Settings) -> Starlette:
    """The application. Its lifespan opens and closes the database, the egress, the worker and the demo.

    Raises ValueError and DomainError with a sentence for the operator; so does the lifespan.
    """
    demo = Demo(settings.home) if settings.demo else None
    hub, catalogue = build_hub(settings, demo=demo), catalogue_of(settings)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.hub = hub
        async with contextlib.AsyncExitStack() as stack:
            await stack.enter_async_context(opened(hub, catalogue))
            if settings.worker:
                jobs = working(hub, concurrency=settings.worker_concurrency, drain_seconds=settings.drain_seconds)
                await stack.enter_async_context(jobs)
            if demo is not None:
                app.state.banner = await stack.enter_async_context(demo.running(hub, settings.listens_at))
            gc.collect()
            gc.freeze()  # these objects live as long as the process: collections skip them from now on
            yield

    body = BodyLimits(size=settings.max_body_bytes, seconds=settings.body_timeout)
    return Starlette(
        routes=[
            Route("/", _root),
            Route("/healthz", _alive),
            Route("/readyz", _ready(hub)),
            *graphql_routes(hub, body=body, page=graphiql_page() if settings.graphiql else None),
            *(graphiql_routes() if settings.graphiql else ()),
            *connect_routes(hub, limits=body, callbacks=rest.callbacks()),
            *rest.routes(hub, limits=body),
            *files.routes(hub, limits=body),
            *apps.routes(hub, scopes=rest.script_scopes()),
            *events.routes(hub),
        ],
        middleware=_middleware(settings),
        exception_handlers={Exception: _failed},
        lifespan=lifespan,
    )


async def _root(_request: Request) -> Response:
    return RedirectResponse("graphql")  # relative, so that it also works below a path that a proxy adds


async def _alive(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _failed(_request: Request, error: Exception) -> Response:
    """The answer to an exception that no face has masked. Middleware does not see it, hence the headers."""
    name = secrets.token_hex(8)
    _log.error("A request failed, id %s", name, exc_info=error)
    body = {"code": "INTERNAL_SERVER_ERROR", "message": f"Internal error, id {name}"}
    return JSONResponse(body, 500, NOSNIFF | NO_STORE)


def _ready(hub: Hub) -> Any:
    async def ready(_request: Request) -> Response:
        status = "ok"
        try:
            async with asyncio.timeout(hub.database.pace.database_connection), hub.database.read() as session:
                await session.execute(select(col(Organization.id)).limit(1))
        except (Unavailable, TimeoutError):
            status = "the database cannot be reached"
        if hub.database.damaged:  # also if an earlier statement found it, at a place that this one does not read
            status = "the database is damaged"
        return JSONResponse({"status": status}, 200 if status == "ok" else 503)

    return ready


def _middleware(settings: Settings) -> list[Middleware]:
    rim = [
        Middleware(GuardedAnswers),
        Middleware(Lingering),
        Middleware(LimitedHead, limits=HeadLimits(), forms={**rest.forms(), **files_forms()}),
        Middleware(Arrivals, limit=settings.max_inflight_body_bytes),
        Middleware(Delivery),
    ]
    if not settings.cors_origins:
        return rim
    cors = Middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match", "X-Hub-Id"],
        expose_headers=["*"],  # a relayed answer may have any header; * works because calls carry no cookies
    )
    return [*rim, cors]
