"""Edges from capabilities and event types."""

from __future__ import annotations

from models.tables import Capability, Dispatch, EventType, Integration
from models.vocabulary import Permission
from resolvers.loaders.edge import Edge
from resolvers.page import NEWEST_FIRST

INTEGRATION_BY_CAPABILITY = Edge(source=Capability, target=Integration, local="integration_id")
DISPATCHES_BY_CAPABILITY = Edge(
    source=Capability, target=Dispatch, remote="capability_id", order=NEWEST_FIRST, needs=Permission.DISPATCHES_READ
)
INTEGRATION_BY_EVENT_TYPE = Edge(source=EventType, target=Integration, local="integration_id")
