"""Edges from events."""

from __future__ import annotations

from models.tables import Event, Installation, Integration
from resolvers.loaders.edge import Edge

INTEGRATION_BY_EVENT = Edge(source=Event, target=Integration, local="integration_id")
INSTALLATION_BY_EVENT = Edge(source=Event, target=Installation, local="installation_id")
