"""Reading of one document as a program, which `apart.py` starts: within limits of processor time and memory.

It reads a line of JSON (the command) and then the document, and writes lines of JSON: the facts and a draft in each
further line, or a fault. It imports nothing with tables, so that it starts at once.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from typing import Any, Final

import orjson

from proxy.openapi.broken import BrokenError, InexpressibleError
from proxy.openapi.drafts import drafts_of
from proxy.openapi.reading import read_values
from proxy.openapi.selection import Selection

#: The exit status of a program that has exceeded its memory.
OUT_OF_MEMORY: Final = 99


def main() -> None:
    """Answer one command. The program ends with OUT_OF_MEMORY, or by a signal, if a limit is exceeded."""
    try:
        _run()
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def _run() -> None:
    asked = sys.stdin.buffer
    command = orjson.loads(asked.readline())
    _limit(command["cpu_seconds"], command["memory_bytes"])
    answers = sys.stdout.buffer
    for line in answer(command, asked.read()):
        answers.write(line + b"\n")
    answers.flush()


def answer(command: dict[str, Any], raw: bytes) -> list[bytes]:
    """The lines of the answer."""
    selection = Selection(**command["selection"])
    try:
        facts, drafts = drafts_of(read_values(raw), selection, has_base=command["has_base"], most=command["most"])
    except BrokenError as fault:
        facts, drafts = {"fault": fault.message, "place": list(fault.place)}, []
    except InexpressibleError as reason:  # a part that everything depends on, such as the reference of all paths
        facts, drafts = {"fault": str(reason), "place": []}, []
    return [orjson.dumps(_clean(facts)), *map(orjson.dumps, drafts)]


def _clean(value: Any) -> Any:
    """The same without halves of surrogate pairs, which no UTF-8 can have."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _clean(inner) for key, inner in value.items()}
    return [_clean(inner) for inner in value] if isinstance(value, list) else value


def _limit(cpu_seconds: float, memory_bytes: int) -> None:
    """End this process at a time, and refuse it more than so much memory."""
    os.nice(10)  # the process that serves goes first
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
