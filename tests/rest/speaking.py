"""Serves a small dialect of a test's own over HTTP, on the database of a hub that runs already."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware

from models.database import Database
from models.errors import InvalidInput
from models.vocabulary import Source
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.lookup import Lookup
from resolvers.recorder import open_recorder
from rest.kit import Asked, Dialect, Refusal, mount
from rest.kit.dialect import AnyEndpoint
from tests.harness.server import RunningHub, served
from wire.body import BodyLimits
from wire.lingering import Lingering

_LOG = logging.getLogger("tests.speaking")
PREFIX = "/small"


@contextmanager
def speaking(
    wired: Hub,
    dialect: Dialect,
    *,
    log: logging.Logger = _LOG,
    limits: BodyLimits | None = None,
    middleware: list[Middleware] | None = None,
) -> Iterator[RunningHub]:
    """A server of one dialect, with a database and a recorder of its own."""
    database = Database(wired.database.url.render_as_string(hide_password=False))
    recorder = open_recorder(database)
    hub = replace(wired, database=database, recorder=recorder, lookup=Lookup(database))

    @asynccontextmanager
    async def lifespan(app: Starlette):
        yield
        await recorder.close()
        await database.close()

    routes = [mount(dialect, hub, limits or BodyLimits(), log)]
    rim = [Middleware(Lingering), *(middleware or [])]
    with served(Starlette(routes=routes, lifespan=lifespan, middleware=rim)) as running:
        yield running


def small(*endpoints: AnyEndpoint, **more: Any) -> Dialect:
    """A dialect of these endpoints below `/small`. Its refusals are a sentence and the places of the faults."""
    given = {"refuse": _refuse, **more}
    return Dialect(name="small", prefix=PREFIX, source=Source.INFORMER, endpoints=endpoints, **given)


async def echo(caller: Caller, value: object) -> object:
    """The operation of endpoints that show their reading."""
    return value


def shown(result: object, asked: Asked) -> object:
    """The result as it is."""
    return result


def _refuse(refusal: Refusal) -> Mapping[str, object]:
    error = refusal.error
    first = () if error is None or error.path is None else (error.path,)
    paths = [one.path for one in error.violations] if isinstance(error, InvalidInput) else first
    return {"sentence": refusal.message, "places": [list(path) for path in paths]}
