"""Documents are read apart: in a process of their own, one at a time, within limits of time and memory."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from models.errors import TooMany
from models.vocabulary import ArrayFormat, BodyFormat, HttpMethod
from proxy.lanes import Lanes
from proxy.openapi.broken import BrokenError
from proxy.openapi.child import OUT_OF_MEMORY
from proxy.openapi.selection import Selection

#: The largest document.
MOST_BYTES: Final = 32 * 1024 * 1024
CPU_SECONDS: Final = 20.0
MEMORY_BYTES: Final = 1_500_000_000
_WAIT_SECONDS: Final = 120.0
_TURN_SECONDS: Final = 60.0
_AT_ONCE, _WAITING = 1, 4  # of one organization
_CHUNK: Final = 256 * 1024
_FULL: Final = "Other documents of yours are being read; try again when they are done."
_TOO_COSTLY: Final = (
    f"It cannot be read within {CPU_SECONDS:.0f} seconds and {MEMORY_BYTES // 1_000_000} MB. Give a smaller document."
)
_ROOT: Final = str(Path(__file__).parents[2])
_PROGRAM: Final = f"import sys; sys.path.insert(0, {_ROOT!r}); from proxy.openapi.child import main; main()"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An operation as a capability. `source`: its name in later documents. `other_name`: if `name` is taken."""

    source: str
    name: str
    other_name: str
    method: HttpMethod
    endpoint: str
    description: str
    body_format: BodyFormat
    array_format: ArrayFormat
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    required_scopes: list[str]

    @classmethod
    def of(cls, line: bytes) -> Draft:
        """A draft from its line."""
        given: dict[str, Any] = orjson.loads(line)
        given["method"] = HttpMethod(given["method"])
        given["body_format"] = BodyFormat(given["body_format"])
        given["array_format"] = ArrayFormat(given["array_format"])
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A part that no capability has, or only partly. `operation`: the `source` that it belongs to, if to one."""

    operation: str | None
    place: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Read:
    """A document that was read. `sources`: of all its operations, those that were not selected too."""

    title: str
    version: str
    sources: frozenset[str]
    drafts: Sequence[Draft]
    skipped: Sequence[Skipped]
    skipped_count: int


class Documents:
    """Reads documents in child processes. Those of one organization are read one after the other."""

    def __init__(self, *, cpu_seconds: float = CPU_SECONDS, memory_bytes: int = MEMORY_BYTES) -> None:
        self._limits = {"cpu_seconds": cpu_seconds, "memory_bytes": memory_bytes}
        self._lanes = Lanes(_AT_ONCE, _WAITING, _FULL)
        self._turns = asyncio.Semaphore(1)

    async def read(self, raw: bytes, selection: Selection, *, has_base: bool, most: int, lane: str) -> Read:
        """Read a document, and draft a capability for each selected operation, at most `most`.

        `has_base`: endpoints are paths below the integration's base. `lane`: the organization. Raises BrokenError,
        and TooMany if others are being read for too long.
        """
        command = {**self._limits, "has_base": has_base, "most": most, "selection": asdict(selection)}
        async with self._turn(lane):
            answer = await _ask(orjson.dumps(command), raw)
        return await asyncio.to_thread(_read, answer)

    @asynccontextmanager
    async def _turn(self, lane: str) -> AsyncIterator[None]:
        """Wait for the turn of an organization, and then for that of the hub."""
        await self._lanes.enter(lane)
        try:
            async with asyncio.timeout(_TURN_SECONDS) as limit, self._turns:
                limit.reschedule(None)
                yield
        except TimeoutError as cause:
            raise TooMany("Other documents are being read; try again later.", retry_after_seconds=30) from cause
        finally:
            self._lanes.leave(lane)


async def _ask(command: bytes, raw: bytes) -> bytes:
    """The answer of a new process; empty if it exceeded a limit."""
    # In a session of its own, so that Ctrl-C at a terminal ends the hub first; without the hub's keys.
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-I", "-c", _PROGRAM, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, start_new_session=True
    )
    try:
        async with asyncio.timeout(_WAIT_SECONDS):
            await _send(process, command + b"\n")
            for start in range(0, len(raw), _CHUNK):
                await _send(process, raw[start : start + _CHUNK])
            return await _rest(process)
    except (OSError, RuntimeError, TimeoutError):  # uvloop's closed pipe: RuntimeError
        return b""
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await asyncio.shield(process.wait())


async def _send(process: Process, piece: bytes) -> None:
    assert process.stdin is not None  # noqa: S101  it is a pipe
    process.stdin.write(piece)
    await process.stdin.drain()


async def _rest(process: Process) -> bytes:
    """All that it answers; empty if a limit has ended it."""
    assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018  they are pipes
    process.stdin.close()
    pieces = []
    while piece := await process.stdout.read(_CHUNK):
        pieces.append(piece)
    status = await process.wait()
    if status > 0 and status != OUT_OF_MEMORY:
        raise AssertionError(f"The program that reads documents ended with status {status}.")
    return b"" if status else b"".join(pieces)


def _read(answer: bytes) -> Read:
    first, *lines = answer.splitlines() or [b""]
    if not first:
        raise BrokenError((), _TOO_COSTLY)
    facts = orjson.loads(first)
    if "fault" in facts:
        raise BrokenError(tuple(facts["place"]), facts["fault"])
    return Read(
        title=facts["title"],
        version=facts["version"],
        sources=frozenset(facts["sources"]),
        drafts=[Draft.of(line) for line in lines],
        skipped=[Skipped(**one) for one in facts["skipped"]],
        skipped_count=facts["skipped_count"],
    )
