"""Edges from connections."""

from __future__ import annotations

from models.tables import Connection, Integration, Principal, Registration
from models.vocabulary import Permission
from resolvers.loaders.edge import Edge, Link
from resolvers.page import BY_NAME_KEY

PRINCIPAL_BY_CONNECTION = Edge(source=Connection, target=Principal, local="principal_id")
INTEGRATIONS_BY_CONNECTION = Edge(
    source=Connection,
    target=Integration,
    link=Link(table=Registration, source="connection_id", target="integration_id"),
    order=BY_NAME_KEY,
    needs=Permission.INTEGRATIONS_READ,
)
