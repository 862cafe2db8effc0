"""Edges to publications."""

from __future__ import annotations

from models.tables import Integration, Publication
from resolvers.loaders.edge import Edge

PUBLICATION_BY_INTEGRATION = Edge(source=Integration, target=Publication, remote="integration_id")
