"""Host names and their addresses: the system's look-up, remembered for a few seconds."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from proxy.lanes import Lanes

_Question = tuple[str, str, int]
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""(host, port) → its addresses as text. Raises OSError if there are none."""

KEPT_SECONDS: Final = 10.0
_KEPT_NAMES: Final = 4096
_LOOKUP_THREADS: Final = 32
#: Look-ups of one organization at once, and those that wait for them.
SHARE: Final = 4
_QUEUE: Final = 200
_FULL: Final = "Too many look-ups of host names are waiting in this organization; try again later."


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

    Callers of one organization who ask at the same time share one look-up, which goes on when one of them gives up;
    one that has not begun goes with the last of them.
    Each organization has `share` look-ups at once: names that are slow to find delay nobody else's.
    """

    def __init__(
        self, resolve: Resolve, *, seconds: float = KEPT_SECONDS, most: int = _KEPT_NAMES, share: int = SHARE
    ) -> None:
        self._resolve = resolve
        self._seconds = seconds
        self._most = most
        self._kept: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = {}
        self._lanes = Lanes(share, _QUEUE, _FULL)
        self._asked: dict[_Question, asyncio.Task[tuple[str, ...]]] = {}
        self._waiting: set[_Question] = set()
        self._callers: Counter[_Question] = Counter()

    async def addresses(self, host: str, port: int, *, lane: str) -> tuple[str, ...]:
        """Each address once, in the order of the answer. `lane`: the organization that asks.

        Raises OSError if there are none, TooMany if too many look-ups of the organization wait.
        """
        if kept := self._known((host, port)):
            return kept
        question = (lane, host, port)
        asked = self._asked.get(question)
        if asked is None:
            asked = self._asked[question] = asyncio.ensure_future(self._ask(question))
            asked.add_done_callback(lambda task: self._forget(question, task))
        self._callers[question] += 1
        try:
            return await asyncio.shield(asked)
        finally:
            self._leave(question, asked)

    def waits(self, host: str, port: int, *, lane: str) -> bool:
        """Whether a look-up has not begun, since others of its organization still run."""
        return (lane, host, port) in self._waiting

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

    def _known(self, key: tuple[str, int]) -> tuple[str, ...]:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and kept[0] > asyncio.get_running_loop().time() else ()

    async def _ask(self, question: _Question) -> tuple[str, ...]:
        lane, host, port = question
        self._waiting.add(question)
        try:
            await self._lanes.enter(lane)
        finally:
            self._waiting.discard(question)
        try:  # another organization may have found it meanwhile
            return self._known((host, port)) or await self._find((host, port))
        finally:
            self._lanes.leave(lane)

    async def _find(self, key: tuple[str, int]) -> tuple[str, ...]:
        found = tuple(dict.fromkeys(await self._resolve(*key)))
        if not found:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        self._kept.pop(key, None)
        if len(self._kept) >= self._most:  # the oldest goes
            del self._kept[next(iter(self._kept))]
        self._kept[key] = (asyncio.get_running_loop().time() + self._seconds, found)
        return found

    def _leave(self, question: _Question, task: asyncio.Task[tuple[str, ...]]) -> None:
        """One caller less. A look-up that nobody waits for any more does not begin."""
        self._callers[question] -= 1
        if self._callers[question] > 0:
            return
        del self._callers[question]
        if question in self._waiting:
            del self._asked[question]
            task.cancel()

    def _forget(self, question: _Question, task: asyncio.Task[tuple[str, ...]]) -> None:
        if self._asked.get(question) is task:
            del self._asked[question]
        if not task.cancelled():
            task.exception()  # callers that gave up leave nobody to read it


def _look_up(host: str, port: int) -> Sequence[tuple[object, object, object, object, tuple[object, ...]]]:
    try:
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is too long or empty
        raise socket.gaierror(socket.EAI_NONAME, "not a name") from error
