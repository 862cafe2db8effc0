"""Serves a dialect whose one endpoint raises what a test asks for: every error, through a dialect's own words."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from models.errors import (
    Conflict,
    Contended,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    NotReady,
    Oversized,
    SecretUnreadable,
    Stale,
    TokenRefused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    UpstreamBlocked,
    UpstreamFailed,
    UpstreamTimeout,
    WrongMethod,
)
from models.vocabulary import HttpMethod, Permission, UnavailableReason
from resolvers.caller import Caller
from resolvers.hub import Hub
from rest.kit import Asked, Dialect, Get, Put, Refusal, Reply
from tests.rest.speaking import speaking

LEAK = "postgres://user:hunter2@db.internal/hub"

#: One of each, by name. A test holds that none is missing.
ERRORS: Mapping[str, Exception] = {
    type(error).__name__: error
    for error in (
        DomainError("A refusal that nobody has named."),
        Unauthenticated(),
        Forbidden(permission=Permission.INTEGRATIONS_WRITE),
        NotFound("capability", path=("capability",)),
        Conflict("This key was used with another input.", path=("idempotency_key",)),
        Stale(7),
        InvalidInput.at(("inputs", "sku"), "It is required."),
        Oversized.of(("inputs", "sku"), 11, 10),
        WrongMethod(HttpMethod.PUT),
        TooLarge(1000),
        TooMany("A call with this key is under way; wait for it.", retry_after_seconds=3),
        NotReady("The installation is paused; resume it.", reason=UnavailableReason.INSTALLATION_PAUSED),
        Unavailable("The database cannot be reached now; try again."),
        Contended("Others changed the same rows at the same moment; try again."),
        UpstreamFailed("The connection to the remote service broke."),
        UpstreamTimeout("The remote service did not answer in time."),
        UpstreamBlocked(),
        TokenRefused("invalid_grant", "Gone.", external_status=400),
        SecretUnreadable(f"The secret of row {LEAK} cannot be read."),
        RuntimeError(LEAK),
        ValueError(LEAK),
    )
}


def all_refusals(kind: type[DomainError] = DomainError) -> Iterator[type[DomainError]]:
    """Every kind of refusal below one."""
    for below in kind.__subclasses__():
        yield below
        yield from all_refusals(below)


def status_of(dialect: Dialect, refusal: Refusal) -> int:
    """The status that a dialect answers a refusal with: its own, if it answers a Reply."""
    written = dialect.refuse(refusal)
    return written.status if isinstance(written, Reply) else refusal.status


@contextmanager
def refusing(dialect: Dialect, wired: Hub, logged: list[str]) -> Iterator[str]:
    """The URL below which `/refused/<name of an error>` raises it. `logged` takes what is logged.

    PUT of `/thread` is refused with the name of the thread that reads the body.
    """
    log = logging.getLogger(f"tests.refusing.{id(logged)}")
    log.addHandler(_Listener(logged))
    table = (
        Get("/refused/{name}", _raise, lambda asked: (asked.path["name"],), _unreachable),
        Put("/thread", _raise, _name_thread, _unreachable),
    )
    with speaking(wired, replace(dialect, endpoints=table), log=log) as running:
        yield f"{running.url}{dialect.prefix}"


async def _raise(caller: Caller, name: str) -> None:
    try:
        raise ConnectionError(LEAK)
    except ConnectionError as cause:
        raise ERRORS[name] from cause


def _name_thread(asked: Asked) -> tuple[str]:
    raise InvalidInput.at((), threading.current_thread().name)


def _unreachable(result: None, asked: Asked) -> None:
    raise AssertionError("nothing was refused")


class _Listener(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__()
        self.lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))
