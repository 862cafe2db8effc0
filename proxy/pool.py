"""Idle connections, kept for the next call of the same organization with the same credential to the same place."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Hashable
from typing import Final

from proxy.http1 import Connection

_MOST_IDLE: Final = 256


class Pool:
    """Keeps connections open for `idle_seconds`, the last used first; at most `most` of all keys, else the oldest go.

    A key holds all that two calls must have in common to share a connection.
    """

    def __init__(self, idle_seconds: float, *, most: int = _MOST_IDLE) -> None:
        self._idle_seconds = idle_seconds
        self._most = most
        self._by_key: dict[Hashable, deque[Connection]] = {}
        self._by_age: dict[Connection, Hashable] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def take(self, key: Hashable) -> Connection | None:
        """An idle connection that is open and on which nothing waits to be read."""
        oldest = asyncio.get_running_loop().time() - self._idle_seconds
        while connections := self._by_key.get(key):
            connection = connections[-1]
            self._remove(connection)
            if connection.idle_since > oldest and connection.is_quiet():
                return connection
            connection.close()
        return None

    def give(self, key: Hashable, connection: Connection) -> None:
        """Keep a connection that is fit for another exchange."""
        if not connection.reusable:
            return
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._by_key.setdefault(key, deque()).append(connection)
        self._by_age[connection] = key
        if len(self._by_age) > self._most:
            self._drop_oldest()
        if self._sweep is None:
            self._sweep = loop.call_later(self._idle_seconds, self._close_old)

    def close(self) -> None:
        """Close every connection."""
        if self._sweep is not None:
            self._sweep.cancel()
        while self._by_age:
            self._drop_oldest()

    def _close_old(self) -> None:
        loop = asyncio.get_running_loop()
        self._sweep = None
        oldest = loop.time() - self._idle_seconds
        while self._by_age and (connection := next(iter(self._by_age))).idle_since <= oldest:
            self._drop_oldest()
        if self._by_age:
            self._sweep = loop.call_at(connection.idle_since + self._idle_seconds, self._close_old)

    def _drop_oldest(self) -> None:
        connection = next(iter(self._by_age))
        self._remove(connection)
        connection.close()

    def _remove(self, connection: Connection) -> None:
        key = self._by_age.pop(connection)
        connections = self._by_key[key]
        connections.remove(connection)
        if not connections:
            del self._by_key[key]
