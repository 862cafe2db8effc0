"""Edges from jobs."""

from __future__ import annotations

from models.tables import Job, Principal
from resolvers.loaders.edge import Edge

CREATOR_BY_JOB = Edge(source=Job, target=Principal, local="created_by")
