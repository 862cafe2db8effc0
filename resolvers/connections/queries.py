"""Connections: the list of those that the caller may see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement
from sqlmodel import col

from models.tables import Connection
from models.vocabulary import ConnectionMode, ConnectionStatus, Permission
from resolvers.filters import among, equal, searching
from resolvers.operation import operation
from resolvers.page import Order, Slice, SliceRequest
from resolvers.work import Work

BY_NAME = Order(columns=("name_key", "id"))


@dataclass(frozen=True, kw_only=True)
class ConnectionFilter:
    """Conditions on connections; all must hold."""

    search: str | None = None
    mode: ConnectionMode | None = None
    status: tuple[ConnectionStatus, ...] | None = None
    principal_id: tuple[str, ...] | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """The conditions in SQL."""
        return [
            *searching(col(Connection.name_key), self.search),
            *equal(col(Connection.mode), self.mode),
            *among(col(Connection.status), self.status),
            *among(col(Connection.principal_id), self.principal_id),
        ]


@operation(needs=Permission.CONNECTIONS_READ, reads=True)
async def list_connections(work: Work, filter: ConnectionFilter, page: SliceRequest) -> Slice[Connection]:
    """List shared connections and the caller's own; for administrators, everybody's."""
    return await work.slice(work.mine(Connection).where(*filter.conditions()), Connection, BY_NAME, page)
