"""The content of a flow: all that it does, as one value, pinned by each run at its start and kept by its digest."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from models.tables import Capability, Flow, FlowContent, FlowStep, Step
from models.vocabulary import FlowKeep, FlowStepRole, FlowTriggerKind
from resolvers.flows.content_step import ContentStep, asked_for, members_of
from resolvers.work import Work

#: The time of use of a content is written once in this time, so that runs of one flow do not wait for each other.
_HOUR_MS: Final = 3_600_000


@dataclass(frozen=True, kw_only=True)
class Content:
    """A flow with its steps in order: `sources` feed records in, `processors` work on them.

    A step's position in a run is its index in `steps`, from 0. `cannot`: why the flow as a whole cannot run.
    """

    flow_id: str
    name: str
    trigger: FlowTriggerKind
    event_type: str | None
    event_filter: str | None
    keep: FlowKeep
    allows_loops: bool
    sources: tuple[ContentStep, ...]
    processors: tuple[ContentStep, ...]
    cannot: str | None

    @property
    def steps(self) -> tuple[ContentStep, ...]:
        """All steps: sources first."""
        return self.sources + self.processors

    @property
    def digest(self) -> str:
        """The SHA-256 of the content, the same for equal contents whenever they were read."""
        return hashlib.sha256(orjson.dumps(self.as_json(), option=orjson.OPT_SORT_KEYS)).hexdigest()

    @classmethod
    def of(cls, flow: Flow, sources: tuple[ContentStep, ...], processors: tuple[ContentStep, ...]) -> Self:
        """The content of a flow as it is now."""
        asked = asked_for(flow.extra)
        return cls(
            flow_id=flow.id,
            name=flow.name,
            trigger=flow.trigger,
            event_type=flow.event_type,
            event_filter=flow.event_filter,
            keep=flow.keep,
            allows_loops=flow.allows_loops,
            sources=sources,
            processors=processors,
            cannot=None if asked is None else f"The flow {flow.name} asks for {asked}, which the hub does not run.",
        )

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The content in a stored document."""
        words = {
            "trigger": FlowTriggerKind(document["trigger"]),
            "keep": FlowKeep(document["keep"]),
            "sources": tuple(ContentStep.read(step) for step in document["sources"]),
            "processors": tuple(ContentStep.read(step) for step in document["processors"]),
        }
        return cls(**{**document, **words})

    def as_json(self) -> dict[str, Any]:
        """The content as a JSON object, which `read` reads again."""
        sources, processors = ([step.as_json() for step in steps] for steps in (self.sources, self.processors))
        return members_of(self) | {"sources": sources, "processors": processors}


async def content_of(work: Work, flow: Flow) -> Content:
    """The content of a flow as it is now, in two statements.

    Its steps are read whether or not the caller of `work` sees them: a step left out would change what the flow does.
    A capability that does not exist for that caller makes its step one that cannot run.
    """
    places = await _places(work, flow)
    declared = await _capabilities(work, (step for _, step in places))
    steps = [(place.role, ContentStep.of(place, step, declared.get(step.capability_id))) for place, step in places]
    sources, processors = (
        tuple(step for has, step in steps if has is role) for role in (FlowStepRole.SOURCE, FlowStepRole.PROCESSOR)
    )
    return Content.of(flow, sources, processors)


async def store_content(work: Work, content: Content) -> str:
    """Keep a content of a flow of the caller's organization; an equal one is kept once. Answers its digest."""
    insert = (sqlite if work.hub.database.is_sqlite else postgresql).insert(FlowContent)
    row = {"organization_id": work.organization_id, "digest": content.digest, "used_at": work.now()}
    statement = insert.values(content=content.as_json(), **row).on_conflict_do_update(
        index_elements=["organization_id", "digest"],
        set_={"used_at": work.now()},
        where=col(FlowContent.used_at) < work.now() - _HOUR_MS,
    )
    await work.session.execute(statement)
    return content.digest


async def stored_content(work: Work, digest: str) -> Content | None:
    """The content with this digest in the caller's organization; None if it is not kept, or not any more."""
    kept = select(col(FlowContent.content)).where(
        col(FlowContent.organization_id) == work.organization_id, col(FlowContent.digest) == digest
    )
    document = (await work.session.execute(kept)).scalar()
    return None if document is None else Content.read(document)


async def _places(work: Work, flow: Flow) -> list[tuple[FlowStep, Step]]:
    rows = await work.session.execute(
        select(FlowStep, Step)
        .join(Step, col(Step.id) == col(FlowStep.step_id))
        .where(col(FlowStep.flow_id) == flow.id, col(FlowStep.organization_id) == flow.organization_id)
        .order_by(col(FlowStep.position))
    )
    return [(place, step) for place, step in rows]


async def _capabilities(work: Work, steps: Iterable[Step]) -> dict[str | None, Capability]:
    ids = {step.capability_id for step in steps if step.capability_id is not None}
    if not ids:
        return {}
    return {row.id: row for row in await work.all(work.mine(Capability).where(col(Capability.id).in_(ids)))}
