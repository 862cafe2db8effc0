"""What a run keeps: samples without secrets, the state of exports of changes, and its word to the outside."""

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.origins import Origins
from models.row import new_id
from models.secret_column import secret_place
from models.tables import Connection, Event, ExportState, Registration
from models.vocabulary import AuthType, ConnectionMode, FlowKeep, RunReason, WorkState
from proxy.inputs.exact import write_json
from resolvers.runs.chains import HEADER
from resolvers.runs.faults import group_digest
from tests.harness.backends import both
from tests.runs.shop import Answer

SECRET = "s3cret-of-the-shop-9137"


async def connect(plant, shop):
    """A shared connection whose key goes along with every call."""
    await plant.change(plant.integration, auth_type=AuthType.BEARER)
    row = Connection(
        organization_id=plant.organization.id,
        name="Key",
        name_key="key",
        mode=ConnectionMode.SHARED,
        auth_type=AuthType.BEARER,
        secret_origins=Origins.of(api=[shop.url]).text(),
    )
    row.secret = plant.hub.keyring.seal(write_json({"token": SECRET}), secret_place(row, "secret"))
    async with plant.hub.database.write() as session:
        session.add(row)
        await session.flush()
        session.add(
            Registration(
                organization_id=plant.organization.id, integration_id=plant.integration.id, connection_id=row.id
            )
        )
    return row


async def test_secrets_that_a_service_echoes_are_masked_in_all_that_people_see(plant, shop, done):
    connection = await connect(plant, shop)

    def echo(asked):
        bad = asked.body["id"] == 2
        said = (
            {"message": f"Refused {asked.headers['authorization']}"}
            if bad
            else {"echo": asked.headers["authorization"]}
        )
        return Answer(status=422 if bad else 200, body=said)

    shop.answer = echo
    look = await plant.imports(connection_id=connection.id)
    flow = await plant.flow((look, {"response_mapping": "{seen: data.echo}"}), await plant.imports())
    first = await done(await plant.run(flow, {"id": 1}))
    second = await done(await plant.run(flow, {"id": 2}))

    (error,) = await plant.errors(second)
    seen = [
        plant.unsealed(step, "samples") for run in (first, second) for step in await plant.steps(run) if step.samples
    ]
    assert [one.body["seen"] for one in shop.asked if "seen" in one.body] == [f"Bearer {SECRET}"]
    assert len(seen) == 3
    assert SECRET not in str(seen) + error.message + str(plant.unsealed(error, "record")["shown"])
    assert "***" in error.message


@pytest.mark.parametrize(("keep", "count"), [(FlowKeep.NONE, 0), (FlowKeep.SAMPLE, 10), (FlowKeep.ALL, 25)])
async def test_a_flow_says_how_many_records_are_kept(plant, shop, done, keep, count):
    shop.items = [{"id": number} for number in range(25)]
    run = await done(await plant.run(await plant.flow(await plant.source(), await plant.imports(), keep=keep)))

    samples = [plant.unsealed(step, "samples") for step in await plant.steps(run) if step.samples]

    assert sum(map(len, samples)) == count
    assert all(one["sent"] == one["record"] and one["status"] == 201 for page in samples for one in page)


@both
async def test_an_export_of_changes_moves_to_the_start_of_the_run(plant, shop, done):
    shop.items = [{"id": 1}]
    source = await plant.source(
        delta={"lagMs": 5_000}, mapping="{since: since}", pagination={"kind": "none", "items": "data"}
    )
    flow = await plant.flow(source, await plant.imports())
    first = await done(await plant.run(flow))
    value = await _state(plant, flow)

    shop.answer = lambda asked: Answer(status=400, body={}) if asked.path == "/items" else None
    failed = await done(await plant.run(flow))
    unmoved = await _state(plant, flow)
    shop.answer = lambda asked: Answer(status=422, body={}) if asked.path == "/orders" else None
    partial = await done(await plant.run(flow))

    assert value == first.started_at - 5_000
    assert (failed.state, failed.reason, unmoved) == (WorkState.FAILED, RunReason.EXPORT, value)
    assert (partial.state, await _state(plant, flow)) == (WorkState.PARTIAL, partial.started_at - 5_000)


async def _state(plant, flow):
    async with plant.hub.database.read() as session:
        found = await session.execute(select(col(ExportState.value)).where(col(ExportState.flow_id) == flow.id))
        return found.scalar()


@both
async def test_equal_records_of_a_page_are_sent_in_their_order(plant, shop, done):
    shop.items = [{"id": number % 3, "name": str(number)} for number in range(9)]
    run = await done(await plant.run(await plant.flow(await plant.source(), await plant.imports(record_key="id"))))

    names = {key: [one.body["name"] for one in shop.sent("/orders") if one.body["id"] == key] for key in range(3)}

    assert (run.state, run.written_count) == (WorkState.SUCCEEDED, 9)
    assert names == {key: [str(key), str(key + 3), str(key + 6)] for key in range(3)}
    assert len(shop.keys) == 3


async def test_a_failed_run_is_told_and_its_calls_carry_the_chain(plant, shop, done):
    shop.answer = lambda asked: Answer(status=400, body={}) if asked.path == "/items" else None
    run = await done(await plant.run(await plant.flow(await plant.source(), await plant.imports())))

    async with plant.hub.database.read() as session:
        mine = select(Event).where(col(Event.organization_id) == plant.organization.id)
        (event,) = (await session.execute(mine)).scalars().all()

    assert (event.type, event.payload["runId"], event.payload["reason"]) == ("Hub.flow.failed", run.id, "EXPORT")
    assert [one.headers.get(HEADER.lower()) is not None for one in shop.asked] == [True]


def test_errors_of_one_cause_are_one_group():
    step, other = new_id(), new_id()
    group = group_digest(step, "VALUE", 'Order 17 of "Ann" is not valid.')

    assert group_digest(step, "VALUE", 'Order 9000 of "Bob" is not valid.') == group
    assert group_digest(step, "VALUE", "Order 17 is closed.") != group
    assert group_digest(other, "VALUE", 'Order 17 of "Ann" is not valid.') != group
