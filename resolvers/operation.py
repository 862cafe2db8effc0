"""The one door to behaviour: who may, one transaction, commit or nothing, and the record of refusals."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Concatenate, Final, Generic, ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError

from models.errors import Conflict, Contended, DomainError, Forbidden, SecretUnreadable, Unauthenticated
from models.secret_place import SecretPlace
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.hub import Hub
from resolvers.work import Work

P = ParamSpec("P")
R = TypeVar("R")
Command = TypeVar("Command")
Loaded = TypeVar("Loaded")
Sent = TypeVar("Sent")


_TRIES: Final = 4
_PAUSE_SECONDS: Final = 0.01


class Operator:
    """Says that an operation is the operator's alone: of whoever has the machine."""


OPERATOR: Final = Operator()
#: One permission; or several, one of which opens the door and the operation asks for the exact one; or none.
Needs = Permission | tuple[Permission, ...] | Operator | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What is known of an operation without running it."""

    name: str
    module: str
    promise: str
    needs: Needs
    refuses: tuple[type[DomainError], ...]
    reads: bool

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """The permissions of which one is needed; empty when any valid token will do."""
        if isinstance(self.needs, Permission):
            return (self.needs,)
        return self.needs if isinstance(self.needs, tuple) else ()

    def admit(self, caller: Caller) -> None:
        """Raises Unauthenticated or Forbidden."""
        if caller.is_operator:
            return
        if not caller.organization_id:
            raise Unauthenticated
        if isinstance(self.needs, Operator):
            raise Forbidden("Only the operator of the hub may do this.")
        if self.permissions and caller.permissions.isdisjoint(self.permissions):
            wanted = " or ".join(self.permissions)
            raise Forbidden(f"This needs the permission {wanted}.", permission=self.permissions[0])


#: Every operation by name, filled as modules are imported. Tests walk it; nothing is looked up in it.
OPERATIONS: Final[dict[str, Facts]] = {}


class Operation(Generic[P, R]):
    """A function of a Work, callable with a Caller. It runs in one transaction, all or nothing."""

    def __init__(self, function: Callable[Concatenate[Work, P], Awaitable[R]], facts: Facts) -> None:
        self.facts = _register(facts)
        self._function = function

    async def __call__(self, caller: Caller, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Raises what the operation refuses with, besides Unauthenticated, Forbidden and Unavailable."""
        async with _door(caller, self.facts):
            return await _transact(caller, self.facts, lambda work: self._function(work, *args, **kwargs))


class Exchange(Generic[Command, Loaded, Sent, R]):
    """Two transactions around one outbound call, which happens inside neither."""

    def __init__(
        self,
        facts: Facts,
        load: Callable[[Work, Command], Awaitable[Loaded]],
        send: Callable[[Hub, Loaded], Awaitable[Sent]],
        record: Callable[[Work, Loaded, Sent], Awaitable[R]],
    ) -> None:
        self.facts = _register(facts)
        self._load, self._send, self._record = load, send, record

    async def __call__(self, caller: Caller, command: Command, /) -> R:
        """Raises what the exchange refuses with, besides Unauthenticated, Forbidden and Unavailable."""
        async with _door(caller, self.facts):
            loaded = await _transact(caller, self.facts, lambda work: self._load(work, command))
            sent = await self._send(caller.hub, loaded)
            return await _transact(caller, self.facts, lambda work: self._record(work, loaded, sent))


def operation(
    *, needs: Needs = None, refuses: tuple[type[DomainError], ...] = (), reads: bool = False
) -> Callable[[Callable[Concatenate[Work, P], Awaitable[R]]], Operation[P, R]]:
    """Make an operation of a function; `reads` promises that it changes nothing."""

    def decorate(function: Callable[Concatenate[Work, P], Awaitable[R]]) -> Operation[P, R]:
        return Operation(function, _facts(function, needs, refuses, reads))

    return decorate


def exchange(
    load: Callable[[Work, Command], Awaitable[Loaded]],
    send: Callable[[Hub, Loaded], Awaitable[Sent]],
    *,
    needs: Needs = None,
    refuses: tuple[type[DomainError], ...] = (),
    reads: bool = False,
) -> Callable[[Callable[[Work, Loaded, Sent], Awaitable[R]]], Exchange[Command, Loaded, Sent, R]]:
    """Make an exchange of the function that records. `reads`: sending keeps the durable record itself."""

    def decorate(
        record: Callable[[Work, Loaded, Sent], Awaitable[R]],
    ) -> Exchange[Command, Loaded, Sent, R]:
        return Exchange(_facts(record, needs, refuses, reads), load, send, record)

    return decorate


def _facts(
    function: Callable[..., object], needs: Needs, refuses: tuple[type[DomainError], ...], reads: bool
) -> Facts:
    return Facts(
        name=function.__name__,
        module=function.__module__,
        promise=(function.__doc__ or "").strip(),
        needs=needs,
        refuses=refuses,
        reads=reads,
    )


def _register(facts: Facts) -> Facts:
    if facts.name in OPERATIONS:
        raise ValueError(f"There are two operations named {facts.name}.")
    OPERATIONS[facts.name] = facts
    return facts


async def _transact(caller: Caller, facts: Facts, use: Callable[[Work], Awaitable[R]]) -> R:
    """What `use` answers, once it is kept; again from the start when others were in the way at the same moment."""
    for attempt in range(1, _TRIES):
        try:
            return await _transact_once(caller, facts, use)
        except Contended:
            await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * 2**attempt))  # noqa: S311  guards nothing
    return await _transact_once(caller, facts, use)


async def _transact_once(caller: Caller, facts: Facts, use: Callable[[Work], Awaitable[R]]) -> R:
    database = caller.hub.database
    async with database.read() if facts.reads else database.write() as session:
        work = Work(caller, session)
        result = await use(work)
        if not facts.reads:  # while refusals of the database still become ours
            await work.flush()
    caller.hub.bus.wake(*work.woken)
    return result


@asynccontextmanager
async def _door(caller: Caller, facts: Facts) -> AsyncIterator[None]:
    try:
        facts.admit(caller)
        yield
    except Forbidden as refusal:
        await _record_refusal(caller, facts, refusal)
        raise
    except SecretUnreadable as refusal:
        if refusal.place is not None:
            await _record_unreadable(caller, refusal.place)
        raise
    except IntegrityError as cause:
        raise Conflict("It was taken by another call, or what it names is gone; read again and retry.") from cause


async def _record_refusal(caller: Caller, facts: Facts, refusal: Forbidden) -> None:
    if not caller.organization_id:
        return
    async with caller.hub.database.write() as session:
        work = Work(caller, session)
        work.audit_refusal(facts.name, refusal.permission)
        await work.flush()


async def _record_unreadable(caller: Caller, place: SecretPlace) -> None:
    async with caller.hub.database.write() as session:
        work = Work(caller, session)
        work.audit_unreadable(place)
        await work.flush()
