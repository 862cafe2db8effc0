"""Operations and exchanges: check permission, run in a transaction, commit or roll back, audit refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Concatenate, Final, Generic, ParamSpec, TypeVar

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from models.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    SecretUnreadable,
    Unauthenticated,
    Unavailable,
)
from models.secret_place import SecretPlace
from models.vocabulary import Permission
from resolvers.acting import acting
from resolvers.caller import Caller
from resolvers.history import audit_unreadable
from resolvers.hub import Hub
from resolvers.transaction import transact
from resolvers.work import Work

P = ParamSpec("P")
R = TypeVar("R")
Command = TypeVar("Command")
Loaded = TypeVar("Loaded")
Sent = TypeVar("Sent")


_CHARACTER_NOT_IN_REPERTOIRE: Final = "22021"


class Access(Enum):
    """Whether a transaction changes rows. On SQLite, which has a single writer, one that does waits for its turn."""

    READS = auto()
    WRITES = auto()


READS: Final = Access.READS
WRITES: Final = Access.WRITES


class Operator:
    """The mark of operations for the operator alone: the command line, or the hub itself."""


OPERATOR: Final = Operator()
#: A token that is limited to capabilities changes rows with these alone: it runs, emits, tests and passes on its
#: limits. Every other change could lead its calls elsewhere, or let them go with another credential.
_OF_LIMITED_TOKENS: Final = frozenset(
    {
        Permission.CONNECTIONS_READ,
        Permission.DISPATCH_READ,
        Permission.DISPATCH_WRITE,
        Permission.EVENTS_EMIT,
        Permission.TOKENS_WRITE,
    }
)
#: One permission; or several, of which one is enough here and the operation checks the exact one; or none.
Needs = Permission | tuple[Permission, ...] | Operator | None


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The facts of an operation. `promise` is its docstring."""

    name: str
    module: str
    promise: str
    needs: Needs
    refuses: tuple[type[DomainError], ...]
    reads: bool

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """The permissions of which one is needed; empty if any valid token is enough."""
        if isinstance(self.needs, Permission):
            return (self.needs,)
        return self.needs if isinstance(self.needs, tuple) else ()

    def admit(self, caller: Caller) -> None:
        """Check the caller's permission, and its limit to capabilities. Raises Unauthenticated or Forbidden."""
        if caller.is_operator:
            return
        if not caller.organization_id:
            raise Unauthenticated
        if isinstance(self.needs, Operator):
            raise Forbidden("Only the operator of the hub may do this.")
        if self.permissions:
            caller.need(*self.permissions)
            if not (self.reads or _OF_LIMITED_TOKENS.issuperset(self.permissions)):
                caller.need_unlimited()


#: Every operation by name, filled by the import of modules. Only tests read it.
OPERATIONS: Final[dict[str, Facts]] = {}


async def _leave(_: Hub, __: object) -> None:
    """The sent part of an exchange stays."""


class Operation(Generic[P, R]):
    """A function of a Work, callable with a Caller. It runs in one transaction, all or nothing."""

    def __init__(self, function: Callable[Concatenate[Work, P], Awaitable[R]], facts: Facts) -> None:
        self.facts = _register(facts)
        self._function = function
        self._access = READS if facts.reads else WRITES

    async def __call__(self, caller: Caller, /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the operation. Raises its refusals, and Unauthenticated, Forbidden and Unavailable."""
        async with _door(caller, self.facts, (*args, *kwargs.values())) as speaker:
            return await transact(speaker, self._access is WRITES, lambda work: self._function(work, *args, **kwargs))


class Exchange(Generic[Command, Loaded, Sent, R]):
    """Two transactions around one outbound call, which happens in neither of them."""

    def __init__(
        self,
        facts: Facts,
        load: Callable[[Work, Command], Awaitable[Loaded]],
        send: Callable[[Hub, Loaded], Awaitable[Sent]],
        record: Callable[[Work, Loaded, Sent], Awaitable[R]],
        *,
        loads: Access,
        records: Access,
        undo: Callable[[Hub, Sent], Awaitable[None]],
    ) -> None:
        self.facts = _register(facts)
        self._load, self._send, self._record, self._undo = load, send, record, undo
        self._loads, self._records = loads, records

    async def __call__(self, caller: Caller, command: Command, /) -> R:
        """Load, send and record. Raises its refusals, and Unauthenticated, Forbidden and Unavailable."""
        async with _door(caller, self.facts, (command,)) as speaker:
            loaded = await transact(speaker, self._loads is WRITES, lambda work: self._load(work, command))
            sent = await self._send(speaker.hub, loaded)
            async with AsyncExitStack() as failed:
                failed.push_async_callback(self._take_back, speaker.hub, sent)
                writes = self._records is WRITES
                result = await transact(speaker, writes, lambda work: self._record(work, loaded, sent))
                failed.pop_all()
            return result

    async def _take_back(self, hub: Hub, sent: Sent) -> None:
        with suppress(Unavailable):  # the refusal that came first says why
            await asyncio.shield(self._undo(hub, sent))


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
    loads: Access,
    records: Access,
    needs: Needs = None,
    refuses: tuple[type[DomainError], ...] = (),
    undo: Callable[[Hub, Sent], Awaitable[None]] = _leave,
) -> Callable[[Callable[[Work, Loaded, Sent], Awaitable[R]]], Exchange[Command, Loaded, Sent, R]]:
    """Make an exchange of the function that records.

    `loads` and `records` say of each transaction whether it changes rows. A dispatch changes none in them: `send`
    writes its durable record. `undo` takes back what `send` has stored for a recording that fails.
    """

    def decorate(
        record: Callable[[Work, Loaded, Sent], Awaitable[R]],
    ) -> Exchange[Command, Loaded, Sent, R]:
        facts = _facts(record, needs, refuses, loads is READS and records is READS)
        return Exchange(facts, load, send, record, loads=loads, records=records, undo=undo)

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
        raise ValueError(f"There are two operations named {facts.name}; rename one.")
    OPERATIONS[facts.name] = facts
    return facts


@asynccontextmanager
async def _door(caller: Caller, facts: Facts, given: Iterable[object]) -> AsyncIterator[Caller]:
    """Admit a caller, and the user that a command is given for. Yields the one in whose name the operation runs."""
    try:
        facts.admit(caller)
        caller = await acting(caller, given)
        facts.admit(caller)
        yield caller
    except Forbidden as refusal:
        await _record_refusal(caller, facts, refusal)
        raise
    except SecretUnreadable as refusal:
        if refusal.place is not None:
            await _record_unreadable(caller, refusal.place)
        raise
    except (IntegrityError, StaleDataError) as cause:
        raise Conflict(
            "Another call took a value or removed a row that this call uses; read again and retry."
        ) from cause
    except DBAPIError as cause:
        if _has_nul(cause):
            raise InvalidInput.at((), "A text contains the character NUL; remove it.") from cause
        raise


def _has_nul(error: DBAPIError) -> bool:
    """Whether PostgreSQL has refused NUL in a text that was looked for; what is stored was checked before."""
    return getattr(error.orig, "sqlstate", None) == _CHARACTER_NOT_IN_REPERTOIRE


async def _record_refusal(caller: Caller, facts: Facts, refusal: Forbidden) -> None:
    """Audit the first refusal of a request. A document can hold a hundred more, and each would cost a transaction."""

    async def audit(work: Work) -> None:
        work.audit_refusal(facts.name, refusal.permission)

    if caller.organization_id:
        await _report(caller, "permission.refused", audit)


async def _record_unreadable(caller: Caller, place: SecretPlace) -> None:
    await _report(caller, place, lambda work: audit_unreadable(work, place))


async def _report(caller: Caller, fact: Hashable, audit: Callable[[Work], Awaitable[None]]) -> None:
    """Audit a fact once in a request. Every refusal waits for the entry; none takes it along when it is cancelled."""
    if fact not in caller.reports:
        caller.reports[fact] = asyncio.create_task(_write_entry(caller, audit))
    await asyncio.shield(caller.reports[fact])


async def _write_entry(caller: Caller, audit: Callable[[Work], Awaitable[None]]) -> None:
    async with caller.hub.database.write() as session:
        work = Work(caller, lambda: session)
        await audit(work)
        await work.flush()
