"""The operations that some face can call, found by following the names in the code of the faces' modules."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from hub.working import background
from resolvers.background import Background
from resolvers.operation import Exchange, Operation

#: GraphQL, dialects, pages, files; the operator's commands, the start of a process, jobs.
PACKAGES = ("schema", "rest", "web", "commands", "hub")


def reached() -> set[str]:
    """Their names."""
    found, seen = set(), set()
    waiting = [*background().values(), *(one for module in _faces() for one in _of_module(module))]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, Operation | Exchange):
            found.add(one.facts.name)
        waiting.extend(_inside(one))
    return found


def _faces() -> Iterator[ModuleType]:
    for name in PACKAGES:
        module = importlib.import_module(name)
        yield module
        for inner in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
            yield importlib.import_module(inner.name)


def _of_module(module: ModuleType) -> Iterator[Any]:
    yield from _named(compile(Path(module.__file__ or "").read_text(), module.__name__, "exec"), vars(module))


def _inside(one: Any) -> Iterator[Any]:
    """The objects that an object uses."""
    match one:
        case FunctionType():
            yield from (*_named(one.__code__, one.__globals__), *vars(one).values())
        case Operation() | Exchange() | Background():
            yield from vars(one).values()
        case partial():
            yield one.func
        case dict():
            yield from one.values()
        case type() if one.__module__.startswith("resolvers."):
            yield from vars(one).values()


def _named(code: CodeType, names: Mapping[str, Any]) -> Iterator[Any]:
    """The values of the global names in a piece of code, and of the names that it looks up in modules."""
    for name in code.co_names:
        value = names.get(name)
        if isinstance(value, ModuleType):
            yield from (getattr(value, inner) for inner in code.co_names if hasattr(value, inner))
        elif value is not None:
            yield value
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _named(constant, names)
