"""The doors of a dialect: one call to each of its endpoints, the permission that it needs and who may make it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib import import_module
from typing import Any

import httpx

from models.vocabulary import Permission
from resolvers.dispatching.mutations import dispatch
from resolvers.dispatching.proxy_request import proxy_request
from resolvers.events.mutations import emit_event
from resolvers.operation import Exchange, Operation
from rest import dialects
from rest.kit import Dialect
from rest.kit.dialect import AnyEndpoint
from tests.harness.roles import Due, Right, Role, Way, due

_PLACE = re.compile(r"\{(\w+)\}")
#: The operations that act for users.
_ACTS = (dispatch, proxy_request, emit_event)


@dataclass(frozen=True, kw_only=True)
class Door:
    """A call, below the dialect's prefix, to the integration STOCK. `needs` None: any valid token will do.

    `{app}` and the like, in the path and in texts that are sent, stand for the ids of a house. `sent` are keywords of
    httpx. `inside`: the refusals that only those are told who have got in. `of_apps`: only a token of the integration
    itself may make it; `of_users`: only a token of a user. `enough_for_apps`: a permission that opens it as well to
    tokens of the integration.
    """

    method: str
    path: str
    needs: Permission | None
    right: Right = Right.SEEING
    sent: Mapping[str, Any] = field(default_factory=dict)
    inside: frozenset[str] = frozenset()
    of_apps: bool = False
    of_users: bool = False
    enough_for_apps: Permission | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Doors:
    """All of a dialect. `refused` checks the form of a refusal; `closed` is the sentence for whoever is nobody."""

    doors: tuple[Door, ...]
    refused: Callable[[httpx.Response, int], str]
    closed: str


@dataclass(frozen=True)
class Entry:
    """A door and its dialect."""

    dialect: Dialect
    door: Door
    doors: Doors

    def __str__(self) -> str:
        return f"{self.dialect.name} {self.door}"

    @cached_property
    def endpoint(self) -> AnyEndpoint:
        """The row of the dialect's table behind it."""
        return next(one for one in self.dialect.endpoints if leads_to(self.door, one))

    @property
    def acts(self) -> bool:
        """Whether a token may make the call for a user."""
        return self.endpoint.operation in _ACTS

    @property
    def refusals(self) -> set[str]:
        """The sentences for whoever lacks the permission: also that of an operation which asks for one of several."""
        assert isinstance(self.endpoint.operation, Operation | Exchange)
        either = " or ".join(self.endpoint.operation.facts.permissions)
        return {f"This needs the permission {words}." for words in (self.door.needs, either)}

    def at(self, ids: Mapping[str, str]) -> Entry:
        """The call to the things of a house, by their ids."""
        filled = replace(self.door, path=_filled(self.door.path, ids), sent=_filled(self.door.sent, ids))
        return replace(self, door=filled)

    async def call(self, http: httpx.AsyncClient, token: str | None, **headers: str) -> httpx.Response:
        """Make the call. A token that is None is not sent."""
        given = headers if token is None else {"Authorization": f"Bearer {token}", **headers}
        path = self.dialect.prefix + self.door.path
        return await http.request(self.door.method, path, headers=given, **self.door.sent)

    def due(self, role: Role, way: Way) -> Due:
        """The answer that a role is due."""
        if way is Way.ACTOR and not self.acts:
            return Due.INVALID
        if self.door.of_apps if way is Way.PERSONAL else self.door.of_users:
            return Due.FORBIDDEN
        return due(role, way, self.door.right, self.door.needs)

    def opened(self, answer: httpx.Response) -> bool:
        """Whether the call got in."""
        return answer.is_success or any(said in answer.text for said in self.door.inside)

    def refused(self, answer: httpx.Response, status: int) -> str:
        """The sentence of a refusal with this status, which has the dialect's form."""
        return self.doors.refused(answer, status)


def _filled(value: Any, ids: Mapping[str, str]) -> Any:
    """A value with the ids of a house in its texts."""
    match value:
        case str():
            return _PLACE.sub(lambda found: ids.get(found[1], found[0]), value)
        case Mapping():
            return {name: _filled(one, ids) for name, one in value.items()}
        case list():
            return [_filled(one, ids) for one in value]
    return value


def leads_to(door: Door, endpoint: AnyEndpoint) -> bool:
    """Whether a call goes to an endpoint."""
    pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(endpoint.path))
    return door.method == endpoint.method and re.fullmatch(pattern, door.path) is not None


def entries() -> list[Entry]:
    """The doors of every dialect. Each keeps its own in `tests/<name>/doors.py`."""
    found = []
    for dialect in dialects():
        doors: Doors = import_module(f"tests.{dialect.name}.doors").DOORS
        found += [Entry(dialect, door, doors) for door in doors.doors]
    return found
