"""Contents of flows: made of rows, kept by their digest, and read again as they were."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.row import new_id
from models.tables import Capability, Flow, FlowContent, FlowStep, Step
from models.vocabulary import (
    CapabilityEffect,
    FlowStepRole,
    FlowTriggerKind,
    HttpMethod,
    LookupMiss,
    NullMembers,
    StepDirection,
)
from resolvers.caller import Caller
from resolvers.flows.content import Content, content_of, store_content, stored_content
from resolvers.work import Work
from tests.harness.backends import both
from tests.harness.calling import app, capability

HOUR_MS = 3_600_000


@pytest.fixture
async def tenant(organization):
    """An organization of the test's own."""
    return organization


@pytest.fixture
async def caller(hub, tenant):
    """The hub, acting in the organization."""
    return Caller.of_hub(hub.app.state.hub, tenant.id)


@pytest.fixture
async def read(tenant, database):
    """The row of the organization's only capability."""
    await app(tenant.client, "https://api.example", capability("read", "GET", "/things"))
    async with database.read() as session:
        found = await session.execute(select(Capability).where(col(Capability.organization_id) == tenant.id))
        return found.scalars().one()


def _step(read, name="Read", **more):
    facts = {"capability_id": read.id, "integration_id": read.integration_id, "direction": StepDirection.EXPORT}
    return Step(organization_id=read.organization_id, name=name, name_key=name.lower(), **(facts | more))


@pytest.fixture
async def make(read, database):
    """Makes a flow with one source and processors: `await make(source, *processors, **flow)`."""

    async def made(source, *processors, **more):
        flow = Flow(
            organization_id=read.organization_id, name="F", name_key="f", trigger=FlowTriggerKind.MANUAL, **more
        )
        places = [
            (FlowStepRole.SOURCE, 0, source),
            *((FlowStepRole.PROCESSOR, i, s) for i, s in enumerate(processors)),
        ]
        async with database.write() as session:
            session.add_all([flow, source, *processors])
            await session.flush()
            for role, position, step in reversed(places):
                facts = {"organization_id": flow.organization_id, "flow_id": flow.id, "step_id": step.id}
                session.add(FlowStep(role=role, position=position, on_miss=LookupMiss.SKIP, **facts))
        return flow

    return made


@pytest.fixture
def content_now(caller, database):
    """Reads the content of a flow: `await content_now(flow)`."""

    async def content(flow) -> Content:
        async with database.read() as session:
            return await content_of(Work(caller, lambda: session), flow)

    return content


async def test_a_content_has_the_steps_in_order_and_is_read_again_as_it_was(content_now, read, make):
    own = {"method": "POST", "path": "/things/{id}"}
    batch = {"input": "items"}
    writes = _step(read, "Write", capability_id=None, request=own, nulls=NullMembers.OMIT, batch=batch, batch_size=10)
    flow = await make(_step(read), writes, _step(read, "Look up"))

    content = await content_now(flow)

    assert [step.name for step in content.steps] == ["Read", "Write", "Look up"]
    assert [step.cannot for step in content.steps] == [None, None, None]
    assert content.sources[0].capability.endpoint == "/things"
    assert content.sources[0].capability.method is HttpMethod.GET
    assert [step.effect for step in content.steps] == [
        CapabilityEffect.READ,
        CapabilityEffect.WRITE,
        CapabilityEffect.READ,
    ]
    assert Content.read(content.as_json()) == content
    assert (await content_now(flow)).digest == content.digest
    assert replace(content, name="Other").digest != content.digest


@pytest.mark.parametrize(
    ("changed", "flow", "sentence"),
    [
        ({"capability_id": new_id()}, {}, "The capability of the step Read is gone"),
        ({"capability_id": None}, {}, "The step Read has neither a capability nor a request"),
        ({"capability_id": None, "request": {"path": "/"}, "integration_id": None}, {}, "no integration to send"),
        ({"extra": {"hooks": {"preSavePage": "x"}}}, {}, "The step Read asks for hooks"),
        ({"extra": {"hooks": {}, "noted": 1}}, {}, None),
        ({}, {"extra": {"routers": [{}]}}, "The flow F asks for routers"),
    ],
)
async def test_a_step_that_cannot_run_says_so(content_now, read, make, changed, flow, sentence):
    content = await content_now(await make(_step(read, **changed), **flow))

    told = content.cannot or content.sources[0].cannot
    assert told is None if sentence is None else sentence in told
    assert Content.read(content.as_json()) == content


@both
async def test_a_content_is_kept_once_and_found_in_its_organization_alone(
    caller, content_now, read, make, database, hub, new_organization
):
    content = await content_now(await make(_step(read)))
    other = Caller.of_hub(hub.app.state.hub, (await new_organization()).id)

    for _ in range(2):
        async with database.write() as session:
            digest = await store_content(Work(caller, lambda s=session: s), content)

    async with database.read() as session:
        assert await stored_content(Work(caller, lambda: session), digest) == content
        assert await stored_content(Work(other, lambda: session), digest) is None
        kept = await session.execute(
            select(FlowContent).where(col(FlowContent.organization_id) == read.organization_id)
        )
        assert [row.digest for row in kept.scalars()] == [content.digest]


@both
async def test_the_use_of_a_content_is_noted_once_an_hour(caller, content_now, read, make, database):
    content = await content_now(await make(_step(read)))
    times = []

    for later in (0, HOUR_MS // 2, 2 * HOUR_MS):
        clock = lambda later=later: 1_800_000_000_000 + later  # noqa: E731
        async with database.write() as session:
            await store_content(
                Work(replace(caller, hub=replace(caller.hub, clock=clock)), lambda s=session: s), content
            )
            kept = select(col(FlowContent.used_at)).where(col(FlowContent.organization_id) == read.organization_id)
            times.append((await session.execute(kept)).scalar() - 1_800_000_000_000)

    assert times == [0, 0, 2 * HOUR_MS]
