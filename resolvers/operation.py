"""The one door to behaviour: who may, one transaction, commit or nothing, and the record of refusals."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Concatenate, Final, Generic, ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from models.errors import Conflict, DomainError, Forbidden, Unauthenticated, Unavailable
from models.vocabulary import Permission
from resolvers.caller import Caller, Hub
from resolvers.work import Work

P = ParamSpec("P")
R = TypeVar("R")
Command = TypeVar("Command")
Loaded = TypeVar("Loaded")
Sent = TypeVar("Sent")


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
        async with _door(caller, self.facts), _transaction(caller, self.facts) as session:
            work = Work(caller, session)
            result = await self._function(work, *args, **kwargs)
            await _flush(work, self.facts)
        caller.hub.bus.wake(*work.woken)
        return result


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
            async with _transaction(caller, self.facts) as session:
                work = Work(caller, session)
                loaded = await self._load(work, command)
                await _flush(work, self.facts)
            caller.hub.bus.wake(*work.woken)
            sent = await self._send(caller.hub, loaded)
            async with _transaction(caller, self.facts) as session:
                work = Work(caller, session)
                result = await self._record(work, loaded, sent)
                await _flush(work, self.facts)
            caller.hub.bus.wake(*work.woken)
        return result


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


def _transaction(caller: Caller, facts: Facts) -> AbstractAsyncContextManager[AsyncSession]:
    database = caller.hub.database
    return database.read() if facts.reads else database.write()


async def _flush(work: Work, facts: Facts) -> None:
    """Send what is pending while refusals of the database still become ours; what reads has nothing pending."""
    if not facts.reads:
        await work.flush()


@asynccontextmanager
async def _door(caller: Caller, facts: Facts) -> AsyncIterator[None]:
    try:
        facts.admit(caller)
        yield
    except Forbidden as refusal:
        await _record_refusal(caller, facts, refusal)
        raise
    except IntegrityError as cause:
        raise Conflict("It was taken by another call, or what it names is gone; read again and retry.") from cause
    except (OperationalError, InterfaceError, PoolTimeout) as cause:
        raise Unavailable("The database cannot be reached now; try again.") from cause


async def _record_refusal(caller: Caller, facts: Facts, refusal: Forbidden) -> None:
    if not caller.organization_id:
        return
    async with caller.hub.database.write() as session:
        work = Work(caller, session)
        work.audit_refusal(facts.name, refusal.permission)
        await work.flush()
