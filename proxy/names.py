"""Host names and their addresses: the system's look-up, remembered for a few seconds."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → its addresses as text. Raises OSError if there are none."""

KEPT_SECONDS: Final = 10.0
_KEPT_NAMES: Final = 4096
_LOOKUP_THREADS: Final = 16


class SystemResolver:
    """getaddrinfo in its own threads, so that slow name servers delay nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="dns")

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        addresses = await asyncio.get_running_loop().run_in_executor(self._threads, _look_up, host, port)
        return [str(address[0]) for *_, address in addresses]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class Names:
    """Remembers the addresses of a name for `seconds`; failures are not remembered.

    Callers who ask at the same time share one look-up, which goes on when one of them gives up.
    """

    def __init__(self, resolve: Resolve, *, seconds: float = KEPT_SECONDS, most: int = _KEPT_NAMES) -> None:
        self._resolve = resolve
        self._seconds = seconds
        self._most = most
        self._kept: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = {}
        self._asked: dict[tuple[str, int], asyncio.Task[tuple[str, ...]]] = {}

    async def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Each address once, in the order of the answer. Raises OSError if there are none."""
        key = (host, port)
        kept = self._kept.get(key)
        if kept is not None and kept[0] > asyncio.get_running_loop().time():
            return kept[1]
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = asyncio.ensure_future(self._ask(key))
            asked.add_done_callback(lambda task: self._forget(key, task))
        return await asyncio.shield(asked)

    def put_last(self, host: str, port: int, address: str) -> None:
        """Try this address after the others from now on: nobody answered there."""
        kept = self._kept.get((host, port))
        if kept is not None and address in kept[1]:
            others = tuple(other for other in kept[1] if other != address)
            self._kept[host, port] = (kept[0], (*others, address))

    def close(self) -> None:
        """Stop the look-ups that still run."""
        for task in self._asked.values():
            task.cancel()

    async def _ask(self, key: tuple[str, int]) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(await self._resolve(*key)))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        self._kept.pop(key, None)
        if len(self._kept) >= self._most:  # the oldest goes
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (asyncio.get_running_loop().time() + self._seconds, found)
        return found

    def _forget(self, key: tuple[str, int], task: asyncio.Task[tuple[str, ...]]) -> None:
        del self._asked[key]
        if not task.cancelled():
            task.exception()  # callers that gave up leave nobody to read it


def _look_up(host: str, port: int) -> Sequence[tuple[object, object, object, object, tuple[object, ...]]]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is too long or empty
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from error
