"""Evaluation apart: costly schemas are evaluated in child processes, within limits of time and memory."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

import orjson

from proxy.inputs import child
from proxy.inputs.child import INVALID, LENGTH_BYTES, UNSOUND, VALID, Fault
from proxy.inputs.regexes import LARGEST_REGEX
from proxy.lanes import Lanes

CPU_SECONDS: Final = 0.25
MEMORY_BYTES: Final = 50_000_000
_WAIT_SECONDS: Final = 10.0
_PROCESSES: Final = 2
_MOST_USES: Final = 1000
_AT_ONCE, _WAITING = 1, 64  # of one organization

TOO_COSTLY: Final = (
    f"It cannot be checked within {CPU_SECONDS * 1000:.0f} ms and {MEMORY_BYTES // 1_000_000} MB."
    " Give a smaller value, or have the schema simplified."
)
_UNLISTED: Final = "It does not fit the schema; finding out why takes too much time or memory."
_UNSOUND: Final = "The declared schema cannot be used; its author must correct it."


class Apart:
    """Up to two child processes, started when they are needed.

    A process that exceeds a limit ends, and the next evaluation starts another. Evaluations of one organization run
    one after the other, so that it cannot take both processes.
    """

    def __init__(self, *, cpu_seconds: float = CPU_SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._arguments = (str(cpu_seconds), str(memory_bytes), str(LARGEST_REGEX))
        self._lanes = Lanes(_AT_ONCE, _WAITING)
        self._turns = asyncio.Semaphore(_PROCESSES)
        self._idle: list[Process] = []
        self._uses: dict[Process, int] = {}

    async def faults(self, schema: bytes, value: bytes, *, lane: str) -> Sequence[Fault]:
        """The faults of a value by a schema, both as JSON; empty if it is valid.

        `lane`: the organization. Raises TooMany if 64 of its evaluations wait already.
        """
        await self._lanes.enter(lane)
        try:
            async with self._turns, self._process() as process:
                return await self._ask(process, schema, value)
        finally:
            self._lanes.leave(lane)

    async def close(self) -> None:
        """End the processes."""
        for process in list(self._uses):
            await self._end(process)

    async def _ask(self, process: Process, schema: bytes, value: bytes) -> Sequence[Fault]:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  they are pipes
        verdict, found = b"", []
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                process.stdin.writelines((_length(schema), schema, _length(value), value))
                await process.stdin.drain()
                verdict = await process.stdout.readexactly(1)
                if verdict == INVALID:
                    found = await _read(process.stdout)  # the first fault
                    found = await _read(process.stdout)  # all of them
        except (
            OSError,
            RuntimeError,
            asyncio.IncompleteReadError,
            TimeoutError,
        ):  # uvloop's closed pipe: RuntimeError
            await self._end(process)
        return found or _WITHOUT_FAULTS.get(verdict, [([], TOO_COSTLY)])

    @asynccontextmanager
    async def _process(self) -> AsyncIterator[Process]:
        """An idle process or a new one; it is idle again afterwards, unless it ended or has been used often."""
        process = await self._take()
        answered = False
        try:
            yield process
            answered = process in self._uses
        finally:
            # The answer to a cancelled caller would be taken for that of the next one. After many uses the memory of
            # a process may be fragmented.
            if answered and self._uses[process] < _MOST_USES:
                self._uses[process] += 1
                self._idle.append(process)
            else:
                await self._end(process)

    async def _take(self) -> Process:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
            await self._end(process)  # somebody has killed it
        return await self._start()

    async def _start(self) -> Process:
        program = (sys.executable, "-I", str(Path(child.__file__)), *self._arguments)
        # In a session of its own, so that Ctrl-C at a terminal ends the hub first; without the hub's keys.
        process = await asyncio.create_subprocess_exec(
            *program, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, start_new_session=True
        )
        self._uses[process] = 0
        return process

    async def _end(self, process: Process) -> None:
        self._uses.pop(process, None)
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


_WITHOUT_FAULTS: Final[dict[bytes, list[Fault]]] = {
    VALID: [],
    INVALID: [([], _UNLISTED)],
    UNSOUND: [([], _UNSOUND)],
}


async def _read(answers: asyncio.StreamReader) -> list[Fault]:
    length = int.from_bytes(await answers.readexactly(LENGTH_BYTES), "big")
    found: list[Fault] = orjson.loads(await answers.readexactly(length))
    return found


def _length(text: bytes) -> bytes:
    return len(text).to_bytes(LENGTH_BYTES, "big")
