"""The plan of an import."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import col

from models.errors import Forbidden, InvalidInput, NotFound, TooMany
from models.tables import Installation
from models.vocabulary import Permission
from proxy.openapi import Skipped
from resolvers.openapi.hits import HitFlow, flows_hit
from resolvers.openapi.importing import Loaded, Planned, load_import, permitted, plan
from resolvers.openapi.plan import CapabilityChange
from resolvers.operation import READS, exchange
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class PlannedChange:
    """A change, with the flows of the organization that it breaks and the number of installations of others."""

    change: CapabilityChange
    affected_flows: Sequence[HitFlow]
    affected_installation_count: int


@dataclass(frozen=True, kw_only=True)
class OpenApiPlan:
    """The changes of an import, breaking ones first, and the parts that it leaves out."""

    digest: str
    document_title: str
    changes: Sequence[PlannedChange]
    skipped: Sequence[Skipped]
    skipped_count: int


@exchange(
    load_import,
    plan,
    loads=READS,
    records=READS,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, InvalidInput, Forbidden, TooMany),
)
async def plan_open_api_import(work: Work, loaded: Loaded, planned: Planned) -> OpenApiPlan:
    """Show the changes that an import of a document would make. Nothing is changed."""
    await permitted(work, loaded.command)
    others = select(func.count()).where(
        col(Installation.integration_id) == loaded.integration_id,
        col(Installation.organization_id) != work.organization_id,
    )
    count = (await work.session.execute(others)).scalar_one()
    read, every = planned.read, planned.changes.every
    hits = await flows_hit(work, [one.id for one in every if one.breaking and one.id is not None])
    return OpenApiPlan(
        digest=planned.changes.digest,
        document_title=f"{read.title} {read.version}".strip(),
        changes=[
            PlannedChange(
                change=one,
                affected_flows=hits.get(one.id or "", ()),
                affected_installation_count=count if one.breaking else 0,
            )
            for one in every
        ],
        skipped=read.skipped,
        skipped_count=read.skipped_count,
    )
