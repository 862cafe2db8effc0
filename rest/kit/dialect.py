"""A dialect as data: its paths, the operation behind each, and functions that read and write its wire."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar, TypeVarTuple

from models.errors import DomainError, NotFound
from models.vocabulary import Source
from resolvers.caller import Caller
from resolvers.publishing.scripts import ScriptScopes
from rest.kit.asked import Asked
from rest.kit.places import Places
from rest.kit.refusal import Refusal
from rest.kit.reply import Reply
from wire.callback import CallbackAddress

R = TypeVar("R")
Arguments = TypeVarTuple("Arguments")


class Takes(Enum):
    """The format in which a body is read."""

    JSON = "JSON"
    FORM = "multipart/form-data"


@dataclass(frozen=True)
class Endpoint(Generic[R, *Arguments]):
    """One row of a dialect's table. `path` is below the dialect's prefix, as `/things/{id}`.

    `read` returns the operation's arguments and raises DomainError for an invalid request. `write` returns the body
    of the answer, as any JSON value or a Reply; it raises NotFound or UpstreamFailed if the result means that there
    is no answer. Both are pure. An endpoint of status 204 sends no body. `tagged`: the answer has an ETag, and is 304
    if the client knows it. `binds`: the answer gives the browser the cookie of `Asked.browser`. `most_bytes` replaces
    the hub's limit of bodies, for callers that may make the call where their token is at home. `where` names the
    organization, by id or slug, in which the call acts, as X-Hub-Id does; None leaves it to the token and that
    header. It runs before `read`, without `Asked.caller`. `absent` answers in place of the operation's NotFound: some
    vendors call the removal of nothing a success.
    """

    method: ClassVar[str]

    path: str
    operation: Callable[[Caller, *Arguments], Awaitable[R]]
    read: Callable[[Asked], tuple[*Arguments]]
    write: Callable[[R, Asked], object]
    status: int = field(default=200, kw_only=True)
    takes: Takes = field(default=Takes.JSON, kw_only=True)
    tagged: bool = field(default=False, kw_only=True)
    binds: bool = field(default=False, kw_only=True)
    most_bytes: int | None = field(default=None, kw_only=True)
    where: Callable[[Asked], str | None] | None = field(default=None, kw_only=True)
    absent: Reply | None = field(default=None, kw_only=True)


class Get(Endpoint[R, *Arguments]):
    """Answers HEAD too. Ignores a body."""

    method = "GET"


class Post(Endpoint[R, *Arguments]):
    """Takes a body."""

    method = "POST"


class Put(Endpoint[R, *Arguments]):
    """Takes a body."""

    method = "PUT"


class Patch(Endpoint[R, *Arguments]):
    """Takes a body."""

    method = "PATCH"


class Delete(Endpoint[R, *Arguments]):
    """Takes an optional body."""

    method = "DELETE"


AnyEndpoint = Endpoint[Any, *tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The API of one vendor as data. `statuses` override the kit's own (`refusal.STATUS`).

    `places`: the dialect's names for places in commands, used in refusals.

    `refuse` is pure and makes the body of every refusal: domain errors, requests that are invalid as HTTP, unknown
    paths and methods, and unexpected failures, of which it only gets the sentence to show. It answers a Reply to
    change the status. `callback`: the dialect's own callback address for users who return from a vendor's consent
    page. `scripts`: its words for scopes of scripts.
    """

    name: str
    prefix: str
    source: Source
    endpoints: tuple[AnyEndpoint, ...]
    refuse: Callable[[Refusal], object]
    places: Places = field(default_factory=dict)
    statuses: Mapping[type[DomainError], int] = field(default_factory=dict)
    callback: CallbackAddress | None = None
    scripts: ScriptScopes = field(default_factory=ScriptScopes)


def nothing(result: object, asked: Asked) -> None:
    """Write no body; for endpoints of status 204."""


def found(noun: str, write: Callable[[R, Asked], object]) -> Callable[[R | None, Asked], object]:
    """`write` for queries that may answer None. It raises NotFound for None."""

    def written(result: R | None, asked: Asked) -> object:
        if result is None:
            raise NotFound(noun)
        return write(result, asked)

    return written
