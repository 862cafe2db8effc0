"""Counts the statements that an engine sends."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from models.database import Database


@contextmanager
def counted(database: Database, *words: str) -> Iterator[list[str]]:
    """The SELECTs that an engine sends while the block lasts, in order; those of jobs are none.

    `words`: the beginnings of the statements to count instead.
    """
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        task = asyncio.current_task()
        by_the_clock = task is not None and task.get_name().startswith("job ")
        if statement.startswith(words or ("SELECT",)) and not by_the_clock:
            sent.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
