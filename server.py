"""Wires the hub and serves it: `python server.py`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

import files
import rest
from demo import Demo
from models.database import Database
from models.errors import DomainError
from models.migrations import upgrade
from models.occupancy import occupied
from models.row import now_ms
from models.secret import Keyring
from proxy.egress import Egress
from proxy.guard import EgressPolicy, parse_allowances
from proxy.inputs import CompiledCapabilities
from proxy.lanes import Lanes
from resolvers.caller import Caller, Hub
from resolvers.cursor import CursorCodec
from resolvers.external import ExternalTokens, Trust
from resolvers.key_sets import FetchedKeys, FixedKeys, KeySet
from resolvers.lookup import Lookup
from resolvers.mutations.reaping import reap_dispatches
from resolvers.recorder import open_recorder
from schema.routes import routes as graphql_routes
from settings import Settings, read_settings
from web.routes import page as graphiql_page
from web.routes import routes as graphiql_routes
from wire.body import BodyLimits
from wire.log import log_to_stderr

_log = logging.getLogger("patchbay")
_COMPILED_CAPABILITIES = 10_000
_REAP_SECONDS = 15
_UPLOADS_AT_ONCE, _UPLOADS_WAITING = 2, 20  # of one organization, in one process


def build_hub(settings: Settings, *, demo: Demo | None = None) -> Hub:
    """The hub over its database, not yet opened. Raises ValueError for settings that cannot be."""
    database = Database(settings.database_address, pool_size=settings.database_pool)
    keyring = Keyring.parse(settings.master_key_lines())
    allowances = parse_allowances(settings.egress_allow) + (demo.allowances if demo else ())
    egress = Egress(
        EgressPolicy(allowances),
        connect_timeout=settings.egress_connect_timeout,
        max_answer_bytes=settings.egress_max_answer_bytes,
        per_host=settings.egress_per_host,
        queue_per_host=settings.egress_queue_per_host,
    )
    return Hub(
        database=database,
        keyring=keyring,
        egress=egress,
        recorder=open_recorder(database),
        lookup=Lookup(database),
        cursors=CursorCodec(keyring.derive("cursor")),
        compiled=CompiledCapabilities(_COMPILED_CAPABILITIES),
        external=_external_tokens(settings, egress),
        uploads=Lanes(_UPLOADS_AT_ONCE, _UPLOADS_WAITING),
        public_url=settings.public_url,
    )


def create_app(settings: Settings) -> Starlette:
    """The application. Everything with a life of its own begins and ends with its lifespan."""
    demo = Demo(settings.home) if settings.demo else None
    hub = build_hub(settings, demo=demo)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.hub = hub
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(hub.database.close)
            stack.push_async_callback(hub.recorder.close)
            await upgrade(hub.database)
            await stack.enter_async_context(hub.egress)
            await stack.enter_async_context(_reaping(hub))
            if demo is not None:
                app.state.banner = await stack.enter_async_context(demo.running(hub, _url(settings)))
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
    _Server(config, app).run()


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
    file.touch(mode=0o600)
    file.write_text(Keyring.generate(), encoding="ascii")
    return True


class _Server(uvicorn.Server):
    """Says where the hub is once it can be reached."""

    def __init__(self, config: uvicorn.Config, app: Starlette) -> None:
        super().__init__(config)
        self._app = app

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        banner = getattr(self._app.state, "banner", None)
        if self.started and banner:
            sys.stdout.write(banner)
            sys.stdout.flush()


def _external_tokens(settings: Settings, egress: Egress) -> ExternalTokens | None:
    """Raises ValueError for settings that would take tokens meant for somebody else, or none at all."""
    if not settings.jwt_issuer:
        return None
    if not settings.jwt_audience or not settings.jwt_keys:
        raise ValueError("PATCHBAY_JWT_ISSUER needs PATCHBAY_JWT_AUDIENCE and PATCHBAY_JWT_KEYS beside it.")
    trust = Trust(
        issuer=settings.jwt_issuer,
        audiences=settings.jwt_audience,
        algorithms=settings.jwt_algorithms,
        leeway_seconds=settings.jwt_leeway,
        subject_claim=settings.jwt_subject_claim,
        organization_claim=settings.jwt_organization_claim,
    )
    return ExternalTokens(trust, _issuer_keys(settings.jwt_keys, egress), now_ms)


def _issuer_keys(place: str, egress: Egress) -> KeySet:
    if place.startswith(("https://", "http://")):
        return FetchedKeys(egress, place, now_ms)
    try:
        return FixedKeys(place.encode() if place.lstrip().startswith("{") else Path(place).read_bytes())
    except (OSError, ValueError) as cause:
        raise ValueError(f"PATCHBAY_JWT_KEYS is no address, and no JWK set can be read there: {cause}.") from cause


@asynccontextmanager
async def _reaping(hub: Hub) -> AsyncIterator[None]:
    """Settle what dead processes left open: now, and every few seconds."""
    operator = Caller.operator(hub)
    async with occupied(hub.database) as alone:
        await reap_dispatches(operator, orphaned_before=hub.clock() if alone else 0)
        task = asyncio.create_task(_reap_for_ever(operator))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _reap_for_ever(operator: Caller) -> None:
    while True:
        await asyncio.sleep(_REAP_SECONDS)
        try:
            await reap_dispatches(operator)
        except Exception:  # noqa: BLE001  a run loop outlives what goes wrong in it
            _log.exception("Dispatches without an outcome could not be looked for")


async def _root(_request: Request) -> Response:
    return RedirectResponse("graphql")  # beside this address, whatever path a proxy put in front of it


async def _alive(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


def _ready(hub: Hub) -> Any:
    async def ready(_request: Request) -> Response:
        try:
            async with hub.database.read() as session:
                await session.execute(text("SELECT 1"))
        except (SQLAlchemyError, OSError):
            return JSONResponse({"status": "the database cannot be reached"}, 503)
        return JSONResponse({"status": "ok"})

    return ready


def _middleware(settings: Settings) -> list[Middleware]:
    if not settings.cors_origins:
        return []
    headers = ["Authorization", "Content-Type", "Idempotency-Key", "X-Hub-Id"]
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    origins = list(settings.cors_origins)
    return [Middleware(CORSMiddleware, allow_origins=origins, allow_methods=methods, allow_headers=headers)]


def _url(settings: Settings) -> str:
    host = "127.0.0.1" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104  compared, not bound
    return f"http://{host}:{settings.port}"


if __name__ == "__main__":
    main()
