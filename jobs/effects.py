"""Effects of attempts, in the order in which every worker writes them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Any

from jobs.job import Effect, Ended
from models.statement import spelled

Parameters = list[tuple[Any, ...]]


def statements_of(batch: Iterable[Ended], held: Collection[str], *, sqlite: bool) -> Iterator[tuple[str, Parameters]]:
    """The statements of those attempts whose jobs were `held`, each with its parameters: one for equal neighbours."""
    return statements(
        (effect for ended in batch if ended.lease.job_id in held for effect in ended.effects), sqlite=sqlite
    )


def statements(effects: Iterable[Effect], *, sqlite: bool) -> Iterator[tuple[str, Parameters]]:
    """The statements of effects by their `order`, each with its parameters: one for equal neighbours."""
    ordered = sorted(effects, key=lambda effect: effect.order)
    for sql, alike in groupby(ordered, key=lambda effect: effect.sql):
        yield _spelled(sql, sqlite), [effect.parameters for effect in alike]


@lru_cache(maxsize=1_000)
def _spelled(sql: str, sqlite: bool) -> str:
    return spelled(sql, sqlite=sqlite)
