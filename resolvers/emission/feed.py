"""Feeds: rows in the order in which they became visible, read after a position so that no row is ever passed by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Text, cast, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

from models.row import feed_stamp, id_type
from models.tables import Event
from resolvers.cursor import CursorCodec

M = TypeVar("M", bound=SQLModel)


@dataclass(frozen=True, kw_only=True)
class Position:
    """A place in a feed: the stamp and the id of the last row that was read."""

    feed: int
    id: str


#: Before every row.
BEGINNING: Final = Position(feed=-1, id="")


async def read_feed(
    session: AsyncSession,
    model: type[M],
    *,
    after: Position,
    limit: int,
    conditions: Sequence[ColumnElement[bool]] = (),
) -> list[M]:
    """The next rows of a table with a `feed` stamp, in the order of stamp and id, which is total.

    PostgreSQL: a stamp is a transaction, and only those before the oldest running one are read, so that none commits
    behind the position. SQLite: a stamp is a millisecond, of a single writer at a time; those of the current one are
    read later, since another process may add lesser ids to it. There a clock that is set back by some time hides the
    rows of that time from positions reached before: read events by `read_events`, which no clock can disturb.
    """
    feed, row_id = getattr(model, "feed"), getattr(model, "id")  # noqa: B009  of any table with a feed
    place = tuple_(literal(after.feed, BigInteger), literal(after.id, id_type()))
    statement = select(model).where(*conditions, settled(session, model), tuple_(feed, row_id) > place)
    return list((await session.execute(statement.order_by(feed, row_id).limit(limit))).scalars())


def settled(session: AsyncSession, model: type[SQLModel]) -> ColumnElement[bool]:
    """The condition on rows below which, in the order of stamp and id, none appears any more (see `read_feed`)."""
    feed: ColumnElement[int] = getattr(model, "feed")  # noqa: B009  of any table with a feed
    return feed < (feed_stamp() if session.get_bind().dialect.name == "sqlite" else _oldest_running())


def position_of(row: Any) -> Position:
    """The position of a row with a `feed` stamp."""
    return Position(feed=row.feed, id=row.id)


async def read_events(session: AsyncSession, organization_id: str, *, after: int, limit: int) -> list[Event]:
    """The organization's next events after a sequence, in order.

    Sequences are the order of commits without gaps: after one that was read none with a lesser number appears.
    """
    statement = select(Event).where(col(Event.organization_id) == organization_id, col(Event.sequence) > after)
    return list((await session.execute(statement.order_by(col(Event.sequence)).limit(limit))).scalars())


def event_cursor(cursors: CursorCodec, organization_id: str, sequence: int) -> str:
    """The cursor after an event, valid for its organization."""
    return cursors.encode(_binding(organization_id), (sequence,))


def read_event_cursor(cursors: CursorCodec, organization_id: str, cursor: str, *, path: tuple[str, ...]) -> int:
    """The sequence of a cursor. Raises InvalidInput at `path` unless it was issued for this organization's events."""
    (sequence,) = cursors.decode(_binding(organization_id), cursor, path=path)
    return int(sequence)


def feed_cursor(cursors: CursorCodec, feed: str, position: Position) -> str:
    """The cursor of a position. `feed`: its name with all that chooses its rows, such as the organization."""
    return cursors.encode(f"feed:{feed}", (position.feed, position.id))


def read_feed_cursor(cursors: CursorCodec, feed: str, cursor: str, *, path: tuple[str, ...]) -> Position:
    """The position of a cursor. Raises InvalidInput at `path` unless it was issued for this feed."""
    stamp, row_id = cursors.decode(f"feed:{feed}", cursor, path=path)
    return Position(feed=stamp, id=row_id)


def _binding(organization_id: str) -> str:
    return f"events:{organization_id}"


def _oldest_running() -> ColumnElement[int]:
    """The least transaction that may still commit rows (https://www.postgresql.org/docs/current/functions-info.html)."""
    return cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)
