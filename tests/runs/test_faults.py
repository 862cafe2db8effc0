"""Errors of single records: their class and row, and the way of the records beside them."""

import pytest
from sqlalchemy import insert

from models.row import new_id
from models.tables import RunError
from models.vocabulary import FlowStepRole, LookupMiss, RecordFault, RunErrorState, RunReason, WorkState
from resolvers.runs.recording import MOST_OPEN
from tests.harness.backends import both
from tests.runs.shop import Answer


def refusing(ids, status=422):
    """Refuses orders of these ids."""

    def answer(asked):
        body = asked.body or {}
        if asked.path == "/orders" and body.get("id") in ids:
            return Answer(status=status, body={"message": f"Order {body['id']} is not valid."})
        return None

    return answer


def counts(run):
    return (run.read_count, run.written_count, run.ignored_count, run.error_count, run.waiting_count)


@both
async def test_a_refused_record_is_an_error_and_the_others_are_written(plant, shop, done):
    shop.items = [{"id": number} for number in range(10)]
    shop.answer = refusing({3, 4})
    flow = await plant.flow(await plant.source(), await plant.imports())

    run = await done(await plant.run(flow))

    assert (run.state, counts(run)) == (WorkState.PARTIAL, (10, 8, 0, 2, 0))
    first, second = await plant.errors(run)
    assert {plant.unsealed(one, "record")["record"]["id"] for one in (first, second)} == {3, 4}
    assert (first.fault, first.state, first.tries) == (RecordFault.VALUE, RunErrorState.OPEN, 1)
    assert (
        first.message
        == f"The remote service answered 422. Order {plant.unsealed(first, 'record')['record']['id']} is not valid."
    )
    assert first.group_digest == second.group_digest
    assert first.dispatch_id in {one.id for one in await plant.dispatches(run)}
    assert (await plant.flow_of(flow)).open_error_count == 2


@pytest.mark.parametrize("proceeds", [True, False])
@pytest.mark.parametrize("stage", ["mapping", "call", "response"])
async def test_a_failed_record_goes_on_only_if_the_step_says_so(plant, shop, done, proceeds, stage):
    shop.items = [{"id": 1, "name": "one"}, {"id": 2}]
    first = await plant.imports(
        mapping="{id: id, name: length(name)}" if stage == "mapping" else "{id: id}", name="First"
    )
    shop.answer = refusing({2}) if stage == "call" else lambda asked: None
    place = {"proceed_on_failure": proceeds}
    if stage == "response":
        place["response_mapping"] = "record.name && {n: length(record.name)} || length(record.name)"
    last = await plant.imports(mapping="{id: id, last: `true`}", name="Last")
    flow = await plant.flow(await plant.source(), (first, place), last)

    if stage == "call":
        shop.answer = lambda asked: Answer(status=422, body={}) if asked.body == {"id": 2} else None
    run = await done(await plant.run(flow))

    assert (run.state, counts(run)) == (WorkState.PARTIAL, (2, 1, 0, 1, 0))
    lasts = sorted(order["id"] for order in shop.orders.values() if order.get("last"))
    assert lasts == ([1, 2] if proceeds else [1])
    (error,) = await plant.errors(run)
    assert (error.position, plant.unsealed(error, "record")["record"]) == (1, {"id": 2})


async def test_a_look_up_fills_the_record_and_says_what_it_missed(plant, shop, done):
    shop.items = [{"id": number} for number in range(4)]

    def answer(asked):
        if not asked.path.startswith("/stock"):
            return None
        found = {"0": Answer(body={"left": 5}), "1": Answer(body=[]), "2": Answer(status=404, body={})}
        return found.get(asked.path.rpartition("/")[2], Answer(body=[{"left": 1}, {"left": 2}]))

    shop.answer = answer
    request = {"method": "GET", "path": "/stock/{id}"}
    look_up = await plant.source(capability_id=None, request=request, pagination=None, mapping="{id: id}")
    place = {"role": FlowStepRole.PROCESSOR, "on_miss": LookupMiss.ERROR, "response_mapping": "{left: data.left}"}
    flow = await plant.flow(await plant.source(), (look_up, place), await plant.imports())

    run = await done(await plant.run(flow))

    assert (run.state, counts(run)) == (WorkState.PARTIAL, (4, 2, 0, 2, 0))
    assert {error.fault for error in await plant.errors(run)} == {RecordFault.MISSING}
    orders = sorted(shop.orders.values(), key=lambda order: order["id"])
    assert [(order["id"], order["left"]) for order in orders] == [(0, 5), (3, None)]


@both
async def test_nul_in_a_record_is_one_error(plant, shop, done):
    shop.items = [{"id": 1, "name": "good"}, {"id": 2, "name": "a\0b"}, {"id": 3, "name": "\ud800"}]
    flow = await plant.flow(await plant.source(), await plant.imports())

    run = await done(await plant.run(flow))

    assert (run.state, counts(run)) == (WorkState.PARTIAL, (3, 1, 0, 2, 0))
    assert {(error.fault, error.position) for error in await plant.errors(run)} == {(RecordFault.VALUE, 0)}


async def test_a_passing_fault_of_one_record_waits(plant, shop, done):
    shop.items = [{"id": number} for number in range(10)]
    shop.answer = refusing({3}, status=503)
    flow = await plant.flow(await plant.source(), await plant.imports())

    run = await done(await plant.run(flow))

    assert (run.state, counts(run)) == (WorkState.PARTIAL, (10, 9, 0, 0, 1))
    (error,) = await plant.errors(run)
    assert (error.state, error.fault) == (RunErrorState.WAITING, RecordFault.INTERMITTENT)
    assert error.next_try_at > error.created_at


async def test_a_wrong_path_of_the_items_fails_the_run(plant, shop, done):
    shop.items = [{"id": 1}]
    source = await plant.source(pagination={"kind": "page", "start": 0, "items": "dta", "input": "page"})
    flow = await plant.flow(source, await plant.imports())

    run = await done(await plant.run(flow))

    assert (run.state, run.reason) == (WorkState.FAILED, RunReason.EXPORT)
    assert "no list at `dta`; the answer has: data" in run.error
    assert shop.orders == {}


async def test_a_step_that_cannot_run_is_named(plant, shop, done):
    flow = await plant.flow(await plant.imports(name="Odd one", extra={"script": "x"}))

    run = await done(await plant.run(flow, {"id": 1}))

    assert (run.state, run.reason) == (WorkState.FAILED, RunReason.CONFIG)
    assert (
        run.error == "The step Odd one asks for a script, which the hub does not run; remove it, or use another step."
    )


async def test_a_batch_knows_which_of_its_records_failed(plant, shop, done):
    shop.items = [{"id": number} for number in range(10)]

    def answer(asked):
        if asked.path != "/orders":
            return None
        return Answer(
            body={"results": [{"id": one["id"], "ok": one["id"] != 4} for one in reversed(asked.body["items"])]}
        )

    shop.answer = answer
    schema = {"type": "object", "properties": {"items": {"type": "array"}}}
    capability = await plant.capability(schema=schema)
    batch = {"input": "items", "results": "results", "id": "id", "ok": "ok"}
    step = await plant.imports(capability_id=capability.id, batch_size=5, batch=batch)
    flow = await plant.flow(await plant.source(), step)

    run = await done(await plant.run(flow))

    assert (run.state, counts(run)) == (WorkState.PARTIAL, (10, 9, 0, 1, 0))
    assert len(shop.sent("/orders")) == 2
    (error,) = await plant.errors(run)
    assert plant.unsealed(error, "record")["record"] == {"id": 4}


@pytest.mark.parametrize("divisible", [True, False])
async def test_a_batch_refused_as_a_whole(plant, shop, done, divisible):
    shop.items = [{"id": number} for number in range(8)]

    def answer(asked):
        bad = asked.path == "/orders" and any(one["id"] == 4 for one in asked.body["items"])
        return Answer(status=422, body={"message": "no"}) if bad else None

    shop.answer = answer
    schema = {"type": "object", "properties": {"items": {"type": "array"}}}
    capability = await plant.capability(schema=schema)
    step = await plant.imports(capability_id=capability.id, batch_size=8, record_key="id" if divisible else None)
    flow = await plant.flow(await plant.source(), step)

    run = await done(await plant.run(flow))

    (error,) = await plant.errors(run)
    written = sorted(one["id"] for order in shop.orders.values() for one in order["items"])
    if divisible:
        assert (counts(run), written) == ((8, 7, 0, 1, 0), [0, 1, 2, 3, 5, 6, 7])
        assert plant.unsealed(error, "record")["record"] == {"id": 4}
    else:
        assert (counts(run), written, len(shop.sent("/orders"))) == ((8, 0, 0, 8, 0), [], 1)
        assert len(plant.unsealed(error, "record")["record"]) == 8


@both
async def test_a_step_with_very_many_open_errors_ends_its_runs(plant, shop, done):
    shop.items = [{"id": number} for number in range(15)]
    shop.answer = refusing(set(range(15)))
    imports = await plant.imports()
    flow = await plant.flow(await plant.source(), imports)
    earlier = await plant.run(await plant.flow(imports), {"id": 1})
    facts = {"organization_id": flow.organization_id, "run_id": earlier.id, "flow_id": flow.id, "step_id": imports.id}
    facts |= {"position": 1, "page": 0, "state": "OPEN", "fault": "VALUE", "tries": 1, "message": "no"}
    facts |= {"group_digest": "g", "record_key": "k", "created_at": 1, "updated_at": 1}
    async with plant.hub.database.write() as session:
        rows = [{"id": new_id(), **facts} for _ in range(MOST_OPEN - 4)]
        await session.execute(insert(RunError), rows)

    run = await done(await plant.run(flow))

    assert (run.state, run.reason) == (WorkState.FAILED, RunReason.TOO_MANY_ERRORS)
    assert len(await plant.errors(run)) == 4
    assert run.read_count == 10
