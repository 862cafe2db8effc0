"""The report: medians of rounds, and ratios to the plain service round by round."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence

from subject import Round

_HEAD = "| {:<24} | {:>8} | {:>8} | {:>10} | {:>7} | {:>7} | {:>19} | {:>19} |"
_ROW = "| {:<24} | {:>8.0f} | {:>8.0f} | {:>10.0f} | {:>7.1f} | {:>7.1f} | {:>19} | {:>19} |"


def table(kind: str, rounds: Mapping[str, Sequence[Round]]) -> str:
    """A Markdown table with a line of ratios below. CPU in µs a call, latencies in ms."""
    plain = rounds["plain"]
    lines = [
        f"\n### {kind}, {len(plain)} rounds\n",
        _HEAD.format("", "calls/s", "CPU µs", "db CPU µs", "p50 ms", "p99 ms", "CPU, of plain", "calls/s, of plain"),
        "|" + "|".join(["---"] + ["--:"] * 7) + "|",
    ]
    for name, some in rounds.items():
        figures = [_median(some, get) for get in (_rate, _cpu, _database_cpu, _p50, _p99)]
        lines.append(_ROW.format(name, *figures, ratio(some, plain, _cpu), ratio(some, plain, _rate)))
    for name, some in rounds.items():
        if name.startswith("hub"):
            lines.append(f"\n{name}: {ratio(plain, some, _cpu)} times less CPU a call than the plain service")
    return "\n".join(lines)


def ratio(some: Sequence[Round], other: Sequence[Round], get: Callable[[Round], float]) -> str:
    """Median, least and greatest of the rounds' ratios; rounds of one number are neighbours in time."""
    ratios = [get(one) / get(two) for one, two in zip(some, other, strict=True)]
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"


def _median(some: Sequence[Round], get: Callable[[Round], float]) -> float:
    return statistics.median(map(get, some))


def _rate(one: Round) -> float:
    return one.per_second


def _cpu(one: Round) -> float:
    return one.cpu


def _database_cpu(one: Round) -> float:
    return one.database_cpu


def _p50(one: Round) -> float:
    return one.p50_ms


def _p99(one: Round) -> float:
    return one.p99_ms
