"""A request's loaders: aiodataloader over the declared edges, one short session for each batch."""

from __future__ import annotations

from asyncio import Future, get_running_loop, sleep
from collections import defaultdict
from collections.abc import Callable, Coroutine, Hashable, Sequence
from functools import partial
from typing import Any

from aiodataloader import DataLoader, dispatch_queue
from aiodataloader import Loader as Queued
from sqlalchemy import ColumnElement

from models.errors import Forbidden
from models.row import Row
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.loaders.edge import Edge, Relation
from resolvers.page import Slice, SliceRequest, cut
from resolvers.turns import Share

_BATCH = 1000
#: Rows of pages in one batch, which are made in one turn of the event loop: some 20 ms.
_ROWS = 1000
_Load = Callable[[list[Any]], Coroutine[Any, Any, list[Any]]]
Conditions = Sequence[ColumnElement[bool]]


class Loaders:
    """The loaders of one request. They are cleared after each mutation, so that its answer shows new values."""

    def __init__(self, caller: Caller, share: Share | None = None) -> None:
        """`share`: the turns in which the request is answered."""
        self._caller = caller
        self._share = share
        self._loaders: dict[Hashable, _Loader] = {}
        self._held: dict[tuple[type, str], Row] = {}

    def clear(self) -> None:
        """Forget all rows and values."""
        self._loaders.clear()
        self._held.clear()

    def hold(self, row: Row) -> None:
        """Answer edges to this row with it: a mutation has just returned it, so the caller may see it."""
        self._held[type(row), row.id] = row

    async def one(self, edge: Edge, key: str | None) -> Any:
        """The target of a source; None if there is none for the caller."""
        self._admit(edge.needs)
        if key is None:
            return None
        if edge.by_id and (edge.target, key) in self._held:
            return self._held[edge.target, key]
        return await self._load((edge, "one"), partial(self._one, edge), key)

    async def all(self, edge: Edge, key: str) -> list[Any]:
        """Every target of a source; only for lists of limited length."""
        self._admit(edge.needs)
        found: list[Any] = await self._load((edge, "all"), partial(self._all, edge), key)
        return found

    async def page(self, edge: Edge, key: str, request: SliceRequest, filter_: Any = None) -> Slice[Any]:
        """A slice of the targets of a source. `filter_` is hashable and has `conditions()`."""
        self._admit(edge.needs)
        load = partial(self._page, edge, request, _conditions(filter_))
        rows = max(_ROWS // request.size, 1)
        found: Slice[Any] = await self._load((edge, request, filter_), load, key, most=rows)
        return found

    async def count(self, edge: Edge, key: str, filter_: Any = None) -> int:
        """The number of targets of a source."""
        self._admit(edge.needs)
        load = partial(self._count, edge, _conditions(filter_))
        count: int = await self._load((edge, "count", filter_), load, key)
        return count

    async def value(self, relation: Relation, key: Any) -> Any:
        """The value of a relation for a key; None if there is none."""
        self._admit(relation.needs)
        return await self._load(relation, partial(self._values, relation), key)

    def _admit(self, needs: Permission | None) -> None:
        if needs is not None and needs not in self._caller.permissions:
            raise Forbidden(permission=needs)

    async def _load(self, name: Hashable, load: _Load, key: Any, *, most: int = _BATCH) -> Any:
        """The value of a key, by the loader of this name. `most`: keys of one batch."""
        if name not in self._loaders:
            self._loaders[name] = _Loader(load, self._share, most)
        value = await self._loaders[name].load(key)
        await self._turn()  # a batch wakes all that wait for it at the same time
        return value

    async def _turn(self) -> None:
        if self._share is not None and self._share.over():
            await self._share.next()

    async def _one(self, edge: Edge, keys: Sequence[str]) -> list[Any]:
        found: dict[str, Any] = {}
        for row, key in await self._run(edge.of(self._caller, keys)):
            found.setdefault(key, row)
        return [found.get(key) for key in keys]

    async def _all(self, edge: Edge, keys: Sequence[str]) -> list[list[Any]]:
        found: dict[str, list[Any]] = defaultdict(list)
        for row, key in await self._run(edge.all(self._caller, keys)):
            found[key].append(row)
        return [found[key] for key in keys]

    async def _page(
        self, edge: Edge, request: SliceRequest, conditions: Conditions, keys: Sequence[str]
    ) -> list[Slice[Any]]:
        found: dict[str, list[Any]] = defaultdict(list)
        for row, key in await self._run(edge.page(self._caller, keys, request, conditions)):
            found[key].append(row)
        return [cut(found[key], request) for key in keys]

    async def _count(self, edge: Edge, conditions: Conditions, keys: Sequence[str]) -> list[int]:
        counted = dict(tuple(row) for row in await self._run(edge.count(self._caller, keys, conditions)))
        return [counted.get(key, 0) for key in keys]

    async def _values(self, relation: Relation, keys: Sequence[Any]) -> list[Any]:
        async with self._caller.hub.database.read() as session:
            found = await relation.load(session, self._caller, keys)
        return [found.get(key) for key in keys]

    async def _run(self, statement: Any) -> Sequence[Any]:
        async with self._caller.hub.database.read() as session:
            rows = (await session.execute(statement)).all()
        await self._turn()  # once the connection is back: others wait for one
        return rows


class _Loader(DataLoader[Any, Any]):
    """Sends a batch once no task of the request waits for its turn: it may want a key of the same batch."""

    def __init__(self, load: _Load, share: Share | None, most: int) -> None:
        """`most`: keys of one batch."""
        super().__init__(load, max_batch_size=most)
        self._share = share

    def do_resolve_reject(self, key: Any, future: Future[Any]) -> None:
        """Put a key into the queue. The first one schedules the batch."""
        if not self._queue:
            get_running_loop().create_task(self._send())
        self._queue.append(Queued(key=key, future=future))

    async def _send(self) -> None:
        await sleep(0)  # tasks that were woken together with this one put their keys into the queue
        if self._share is not None:
            await self._share.all_went_on()
        dispatch_queue(self)


def _conditions(filter_: Any) -> Conditions:
    return () if filter_ is None else filter_.conditions()
