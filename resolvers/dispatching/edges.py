"""Edges from dispatches."""

from __future__ import annotations

from models.tables import Capability, Connection, Dispatch, Integration, Principal, Token
from resolvers.loaders.edge import Edge

CAPABILITY_BY_DISPATCH = Edge(source=Dispatch, target=Capability, local="capability_id")
INTEGRATION_BY_DISPATCH = Edge(source=Dispatch, target=Integration, local="integration_id")
CONNECTION_BY_DISPATCH = Edge(source=Dispatch, target=Connection, local="connection_id")
PRINCIPAL_BY_DISPATCH = Edge(source=Dispatch, target=Principal, local="principal_id")
TOKEN_BY_DISPATCH = Edge(source=Dispatch, target=Token, local="token_id")
