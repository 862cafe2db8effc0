"""A dialect as data: which paths there are, which operation answers each, how its wire is read and written."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar, TypeVarTuple

from models.errors import DomainError
from models.vocabulary import Source
from resolvers.caller import Caller
from rest.kit.asked import Asked
from rest.kit.refusal import Refusal

R = TypeVar("R")
Arguments = TypeVarTuple("Arguments")


@dataclass(frozen=True)
class Endpoint(Generic[R, *Arguments]):
    """One row of a dialect's table. `path` is below the dialect's prefix, as `/things/{id}`.

    `read` gives the operation's arguments and raises DomainError for what it cannot take. `write` gives the
    body of the answer, any JSON value; it raises UpstreamFailed where a result means that there is no answer.
    Both are pure.
    """

    method: ClassVar[str]

    path: str
    operation: Callable[[Caller, *Arguments], Awaitable[R]]
    read: Callable[[Asked], tuple[*Arguments]]
    write: Callable[[R, Asked], object]


class Get(Endpoint[R, *Arguments]):
    """Answers HEAD too; a body is not looked at."""

    method = "GET"


class Post(Endpoint[R, *Arguments]):
    """Takes a JSON body."""

    method = "POST"


class Put(Endpoint[R, *Arguments]):
    """Takes a JSON body."""

    method = "PUT"


class Delete(Endpoint[R, *Arguments]):
    """Takes a JSON body where there is one."""

    method = "DELETE"


AnyEndpoint = Endpoint[Any, *tuple[Any, ...]]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """One vendor's way of speaking. `statuses` stand instead of the kit's own (`refusal.STATUS`).

    `refuse` is pure and gives every refusal its body: domain errors, requests that are wrong as HTTP, paths and
    methods that there are not, and unexpected failures, of which it only learns the sentence to show.
    """

    name: str
    prefix: str
    source: Source
    endpoints: tuple[AnyEndpoint, ...]
    refuse: Callable[[Refusal], object]
    statuses: Mapping[type[DomainError], int] = field(default_factory=dict)
