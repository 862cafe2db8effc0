"""REST faces: every sub-package that exposes `dialect` is served."""

from __future__ import annotations

import logging
import pkgutil
from collections.abc import Iterator, Mapping
from functools import partial
from importlib import import_module

from starlette.routing import Mount

from resolvers.hub import Hub
from resolvers.publishing.scripts import ScriptScopes
from rest.kit import Dialect, mount, refused
from wire.body import BodyLimits
from wire.callback import CallbackAddress
from wire.refusal import Form

_LOG = logging.getLogger("patchbay.rest")


def routes(hub: Hub, *, limits: BodyLimits) -> list[Mount]:
    """One mount for each dialect, by its prefix."""
    return [mount(dialect, hub, limits, _LOG) for dialect in dialects()]


def callbacks() -> list[CallbackAddress]:
    """The callback address of each dialect that has one."""
    return [dialect.callback for dialect in dialects() if dialect.callback is not None]


def forms() -> Mapping[str, Form]:
    """The form in which each dialect refuses requests that no face reads, by its prefix."""
    return {dialect.prefix: partial(refused, dialect) for dialect in dialects()}


def script_scopes() -> ScriptScopes:
    """The scopes, in the words of all dialects, with which apps inject scripts and give them cookies."""
    scopes = [dialect.scripts for dialect in dialects()]
    return ScriptScopes(
        inject=frozenset().union(*(one.inject for one in scopes)),
        cookies=frozenset().union(*(one.cookies for one in scopes)),
    )


def dialects() -> Iterator[Dialect]:
    """Every dialect, ordered by package name."""
    for found in pkgutil.iter_modules(__path__):
        dialect = getattr(import_module(f"{__name__}.{found.name}"), "dialect", None)
        if isinstance(dialect, Dialect):
            yield dialect
