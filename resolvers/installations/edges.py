"""Edges from installations."""

from __future__ import annotations

from models.tables import Event, Installation, Integration, Organization
from models.vocabulary import Permission
from resolvers.loaders.edge import Edge, public
from resolvers.page import NEWEST_FIRST

INTEGRATION_BY_INSTALLATION = Edge(source=Installation, target=Integration, local="integration_id")
ORGANIZATION_BY_INSTALLATION = Edge(source=Installation, target=Organization, local="organization_id", rows=public)
EVENTS_BY_INSTALLATION = Edge(
    source=Installation, target=Event, remote="installation_id", order=NEWEST_FIRST, needs=Permission.EVENTS_READ
)
