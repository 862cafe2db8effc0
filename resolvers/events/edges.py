"""Edges from events."""

from __future__ import annotations

from models.tables import Event, Installation, Integration, Principal, Token
from resolvers.loaders.edge import Edge

INTEGRATION_BY_EVENT = Edge(source=Event, target=Integration, local="integration_id")
INSTALLATION_BY_EVENT = Edge(source=Event, target=Installation, local="installation_id")
PRINCIPAL_BY_EVENT = Edge(source=Event, target=Principal, local="principal_id")
TOKEN_BY_EVENT = Edge(source=Event, target=Token, local="token_id")
