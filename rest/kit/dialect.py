"""A dialect as data: which paths there are, which operation answers each, how its wire is read and written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Generic, TypeVar, TypeVarTuple

from models.errors import DomainError, NotFound
from models.vocabulary import Source
from resolvers.caller import Caller
from rest.kit.asked import Asked
from rest.kit.places import Places
from rest.kit.refusal import Refusal
from wire.callback import CallbackAddress

R = TypeVar("R")
Arguments = TypeVarTuple("Arguments")


class Takes(Enum):
    """What a body is read as."""

    JSON = "JSON"
    FORM = "multipart/form-data"


@dataclass(frozen=True)
class Endpoint(Generic[R, *Arguments]):
    """One row of a dialect's table. `path` is below the dialect's prefix, as `/things/{id}`.

    `read` gives the operation's arguments and raises DomainError for what it cannot take. `write` gives the
    body of the answer, any JSON value, or a Reply; it raises NotFound or UpstreamFailed where a result means that
    there is no answer. Both are pure. An endpoint of status 204 answers no body, whatever was written. `tagged`:
    the answer has an ETag, and is 304 to who knows it. `most_bytes` takes the place of the hub's limit of bodies.
    """

    method: ClassVar[str]

    path: str
    operation: Callable[[Caller, *Arguments], Awaitable[R]]
    read: Callable[[Asked], tuple[*Arguments]]
    write: Callable[[R, Asked], object]
    status: int = field(default=200, kw_only=True)
    takes: Takes = field(default=Takes.JSON, kw_only=True)
    tagged: bool = field(default=False, kw_only=True)
    most_bytes: int | None = field(default=None, kw_only=True)


class Get(Endpoint[R, *Arguments]):
    """Answers HEAD too; a body is not looked at."""

    method = "GET"


class Post(Endpoint[R, *Arguments]):
    """Takes a body."""

    method = "POST"


class Put(Endpoint[R, *Arguments]):
    """Takes a body."""

    method = "PUT"


class Delete(Endpoint[R, *Arguments]):
    """Takes a body where there is one."""

    method = "DELETE"


AnyEndpoint = Endpoint[Any, *tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One vendor's way of speaking. `statuses` stand instead of the kit's own (`refusal.STATUS`).

    `places` are the dialect's words for places in commands, for refusals of operations.

    `refuse` is pure and gives every refusal its body: domain errors, requests that are wrong as HTTP, paths and
    methods that there are not, and unexpected failures, of which it only learns the sentence to show. `callback` is
    the dialect's own address for users who come back from a vendor's consent page.
    """

    name: str
    prefix: str
    source: Source
    endpoints: tuple[AnyEndpoint, ...]
    refuse: Callable[[Refusal], object]
    places: Places = field(default_factory=dict)
    statuses: Mapping[type[DomainError], int] = field(default_factory=dict)
    callback: CallbackAddress | None = None


def nothing(result: object, asked: Asked) -> None:
    """Writes no body; for endpoints of status 204."""


def found(noun: str, write: Callable[[R, Asked], object]) -> Callable[[R | None, Asked], object]:
    """`write`, for queries that answer None where there is nothing. It raises NotFound then."""

    def written(result: R | None, asked: Asked) -> object:
        if result is None:
            raise NotFound(noun)
        return write(result, asked)

    return written
