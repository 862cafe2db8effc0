"""Evaluation of JSON Schema: the faults of a value in the hub's words. Also a program, which `apart.py` starts.

The program imports nothing else of the hub, so that it starts at once and stays small. It reads a schema and a value,
each after its length, and writes a verdict; before each evaluation it limits its own processor time and memory.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
from collections import OrderedDict
from collections.abc import Iterator
from itertools import islice
from typing import Any, BinaryIO, Final

import orjson
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError

#: Lengths are numbers of this many bytes, most significant first.
LENGTH_BYTES: Final = 4
VALID, INVALID, UNSOUND = b"V", b"I", b"U"
_MOST_FAULTS: Final = 200
_LONGEST_MESSAGE: Final = 300
_MOST_KEPT: Final = 4
_SLOWNESS: Final = 12  # this process is nice: other work may take most of the time

Fault = tuple[list[str], str]
"""The place of a fault inside the value, and a sentence."""


def compile_schema(schema: dict[str, Any], regexes: RegexOptions) -> Draft202012Validator:
    """A validator that never touches the network. Raises ValidationError for a faulty schema."""
    return Draft202012Validator(schema, mask="It", offline=True, pattern_options=regexes)


def faults_of(validator: Draft202012Validator, value: object) -> list[Fault]:
    """The faults of a value that is not valid, at most 200."""
    return list(islice(_faults(validator, value), _MOST_FAULTS))


def cut(message: str) -> str:
    """The message, shortened for display."""
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:_LONGEST_MESSAGE]}…"


def _faults(validator: Draft202012Validator, value: object) -> Iterator[Fault]:
    for error in validator.iter_errors(value):
        yield from _of_error(error)


def _of_error(error: ValidationError) -> Iterator[Fault]:
    place = [*map(str, error.instance_path)]
    word = error.kind.name
    if word == "falseSchema":
        yield place, "Nothing is allowed here; remove it."
    elif word == "required":
        yield [*place, str(error.kind.value)], "It is required."
    elif word in ("additionalProperties", "unevaluatedProperties"):
        for name in error.kind.value:
            yield [*place, str(name)], "It is not declared; remove it."
    else:
        yield place, f"{cut(error.message)}."


def main(cpu_seconds: float, memory_bytes: int, largest_regex: int) -> None:
    """Answer until the input ends, or until an evaluation exceeds a limit, which ends the process."""
    os.nice(10)  # the process that serves goes first
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    kept: OrderedDict[bytes, Draft202012Validator] = OrderedDict()
    regexes = RegexOptions(size_limit=largest_regex)
    while (schema := _read(asked)) is not None and (text := _read(asked)) is not None:
        with _limits(cpu_seconds, memory_bytes):
            _answer(answers, kept, schema, text, regexes)


def _answer(
    answers: BinaryIO,
    kept: OrderedDict[bytes, Draft202012Validator],
    schema: bytes,
    text: bytes,
    regexes: RegexOptions,
) -> None:
    """Write the verdict at once; for an invalid value then its first fault, and then all, each after its length."""
    validator = kept.pop(schema, None)
    try:
        validator = validator or compile_schema(orjson.loads(schema), regexes)
    except ValidationError:
        _write(answers, UNSOUND)
        return
    kept[schema] = validator
    if len(kept) > _MOST_KEPT:
        kept.popitem(last=False)
    value = orjson.loads(text)
    if validator.is_valid(value):
        _write(answers, VALID)
        return
    _write(answers, INVALID)
    _list(answers, _first(validator, value))
    _list(answers, faults_of(validator, value))


def _first(validator: Draft202012Validator, value: object) -> list[Fault]:
    """The first fault alone: all of them may need more memory than there is."""
    try:
        validator.validate(value)
    except ValidationError as error:
        return list(_of_error(error))[:1]
    return []


def _list(answers: BinaryIO, faults: list[Fault]) -> None:
    text = orjson.dumps(faults)
    _write(answers, len(text).to_bytes(LENGTH_BYTES, "big") + text)


def _read(asked: BinaryIO) -> bytes | None:
    length = asked.read(LENGTH_BYTES)
    return asked.read(int.from_bytes(length, "big")) if len(length) == LENGTH_BYTES else None


def _write(answers: BinaryIO, text: bytes) -> None:
    answers.write(text)
    answers.flush()


@contextlib.contextmanager
def _limits(cpu_seconds: float, memory_bytes: int) -> Iterator[None]:
    """End the process at `cpu_seconds` of processor time, and refuse it more than `memory_bytes` of new memory."""
    with contextlib.suppress(FileNotFoundError):  # a system without /proc limits the time only
        resource.setrlimit(resource.RLIMIT_AS, (_memory_bytes() + memory_bytes, resource.RLIM_INFINITY))
    # The signals end a process that does not handle them. The second timer is for one that waits for ever: a library
    # that runs out of memory may.
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    signal.setitimer(signal.ITIMER_REAL, _SLOWNESS * cpu_seconds)
    yield
    signal.setitimer(signal.ITIMER_PROF, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _memory_bytes() -> int:
    """The address space of this process."""
    with open("/proc/self/statm", "rb") as status:
        return int(status.read().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
