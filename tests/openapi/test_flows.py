"""The flows that a change of a capability hits: those of the organization with a step that dispatches it."""

from __future__ import annotations

from models.row import new_id, now_ms
from models.tables import Flow, FlowStep, Step
from models.vocabulary import FlowStepRole, FlowTriggerKind, StepDirection
from resolvers.caller import Caller
from resolvers.openapi.hits import flows_hit
from resolvers.work import Work
from tests.harness.acting import row_id
from tests.harness.backends import both


def planted(organization_id, capability_id, name):
    """A flow of two steps that dispatch one capability."""
    facts = {"organization_id": organization_id, "name": name, "name_key": name.lower()}
    flow = Flow(id=new_id(), trigger=FlowTriggerKind.MANUAL, **facts)
    step = Step(id=new_id(), direction=StepDirection.IMPORT, capability_id=capability_id, **facts)
    owned = {"organization_id": organization_id, "flow_id": flow.id, "step_id": step.id, "created_at": now_ms()}
    places = [FlowStep(id=new_id(), role=role, **owned) for role in (FlowStepRole.SOURCE, FlowStepRole.PROCESSOR)]
    return flow, [flow, step], places


@both
async def test_each_flow_with_a_step_of_the_capability_is_hit_once(hub, organization, new_organization, database):
    ids = [new_id(), new_id()]
    mine, others = organization.id, (await new_organization()).id
    made = [planted(mine, ids[0], "B"), planted(mine, ids[0], "A"), planted(others, ids[0], "C")]
    async with database.write() as session:
        for _, rows, places in made:
            session.add_all(rows)
            await session.flush()
            session.add_all(places)
    caller = Caller.operator(hub.app.state.hub, mine)

    async with database.read() as session:
        found = await flows_hit(Work(caller, lambda: session), ids)

    assert {key: [flow.name for flow in flows] for key, flows in found.items()} == {ids[0]: ["A", "B"]}


async def test_a_plan_names_the_flows_that_a_breaking_change_hits(importer, organization, database):
    kept, gone = {"get": {"operationId": "kept"}}, {"get": {"operationId": "gone"}}
    document = {"openapi": "3.1.0", "info": {"title": "Shop", "version": "1"}, "paths": {"/a": kept, "/b": gone}}
    made = await importer.take(document)
    _, rows, places = planted(organization.id, row_id(made["gone"]["id"]), "Orders")
    async with database.write() as session:
        session.add_all(rows)
        await session.flush()
        session.add_all(places)

    planned = await importer.plan(
        document | {"paths": {"/a": kept, "/c": {"get": {"operationId": "new"}}}}, prune=True
    )

    hit = {one["name"]: [flow["name"] for flow in one["affectedFlows"]] for one in planned["changes"]}
    assert hit == {"gone": ["Orders"], "kept": [], "new": []}
