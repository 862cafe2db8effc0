"""Random expressions and values: small, or repeated until they are hostile."""

from __future__ import annotations

import random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from proxy.expressions.signatures import STANDARD

#: Sources of randomness, from which Hypothesis finds the smallest failing case.
SOURCES = st.randoms(use_true_random=False)
REPEATABLE = settings(
    max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)
_NAMES = ("a", "b", "c")
_TEXTS = ("", "a", "b", "ab", "é", "12", "-1.5", "1e3", "😀x", '"', "x\n")
_LITERALS = (
    "`0`",
    "`1`",
    "`-2.5`",
    "`true`",
    "`null`",
    "`[]`",
    "`{}`",
    "`[1, 2]`",
    '`{"a": 1}`',
    "'a'",
    "''",
    "'ab'",
)
_COMPARATORS = ("==", "!=", "<", "<=", ">", ">=")
_STEPS = (
    ".a",
    ".b",
    "[0]",
    "[-1]",
    "[*]",
    "[]",
    "[1:]",
    "[::-1]",
    "[:2]",
    ".*",
    "[?a]",
    "[?@ == `1`]",
    ".[a, b]",
    ".{a: b}",
)


def value_of(source: random.Random, depth: int = 3) -> Any:
    """A small JSON value."""
    kind = source.randrange(8 if depth else 6)
    if kind < 6:
        scalars = (None, True, source.randrange(-3, 4), source.choice((0.5, -1.5, 2.0)), *source.choices(_TEXTS, k=2))
        return scalars[kind]
    many = range(source.randrange(4))
    if kind == 6:
        alike = source.random() < 0.5 and value_of(source, 0)
        return [value_of(source, 0 if alike else depth - 1) for _ in many]
    return {source.choice(_NAMES): value_of(source, depth - 1) for _ in many}


def expression_of(source: random.Random, depth: int = 4) -> str:
    """An expression of every kind of the grammar, with calls that have the right number of arguments."""
    if not depth or source.random() < 0.15:
        return source.choice(("@", *_NAMES, *_LITERALS))
    inner = [expression_of(source, depth - 1) for _ in range(3)]
    first, second, third = inner
    kinds = (
        lambda: f"({first}){source.choice(_STEPS)}{source.choice(('', *_STEPS))}",
        lambda: f"{source.choice(_NAMES)}{source.choice(_STEPS)}{source.choice(_STEPS)}",
        lambda: f"({first}) | {second}",
        lambda: f"({first}) {source.choice(('||', '&&'))} ({second})",
        lambda: f"({first}) {source.choice(_COMPARATORS)} ({second})",
        lambda: f"!({first})",
        lambda: f"[{first}, {second}]",
        lambda: f"{{a: {first}, b: {second}}}",
        lambda: f"({first})[?{second}].[{third}]",
        lambda: f"@.*.[{first}]",
        lambda: _call(source, inner),
        lambda: _call(source, inner),
    )
    return source.choice(kinds)()


def _call(source: random.Random, inner: list[str]) -> str:
    name = source.choice(sorted(STANDARD))
    signature = STANDARD[name]
    extra = source.randrange(2) if name == "not_null" else 0  # the library checks only the first argument of merge
    parameters = signature.parameters + signature.parameters[-1:] * extra
    arguments = (
        f"&({one})" if allowed == ("expref",) else one for one, allowed in zip(inner, parameters, strict=False)
    )
    return f"{name}({', '.join(arguments)})"


def hostile_value(source: random.Random) -> Any:
    """A large value: up to 50,000 small ones in a list, an object or a list of lists, or a long text."""
    many = source.choice((100, 3_000, 50_000))
    kind = source.randrange(5)
    if kind == 0:
        return source.choice(('"', "a", "\x01", "😀")) * many * 10
    one = value_of(source)
    if kind == 1:
        return {"a": [one] * many, "b": [value_of(source)] * many}
    if kind == 2:
        return {str(key): one for key in range(many)}
    return [one] * many if kind == 3 else [[one] * 100] * (many // 100)


def hostile_expression(source: random.Random) -> str:
    """An expression in a chain, in nested calls or in projections, repeated as often as the depth allows."""
    inner = expression_of(source, 2)
    times = source.randrange(1, 20)
    kind = source.randrange(5)
    if kind == 0:
        return " | ".join([inner] * times)
    if kind == 1:
        return "@ | " + " | ".join([f"[@, {inner}][]"] * times)
    if kind == 2:
        name = source.choice(("to_string", "to_array", "reverse", "sort", "values", "keys", "max", "type"))
        return f"{name}({'to_array(' * times}{inner}{')' * times})"
    if kind == 3:
        return "map(&" * times + inner + ", @)" * times
    return source.choice(("[*]", "*", "[]", "a[*]")) + source.choice(_STEPS) * times
