"""Failed records on their way: from their step to the end of the flow, once for each step, in pieces."""

from sqlalchemy import select
from sqlmodel import col

from models.secret_column import secret_place
from models.tables import Job
from models.vocabulary import RunErrorState, WorkState
from proxy.inputs.exact import write_json
from resolvers.runs.editing import UpdateRunError, update_run_error
from resolvers.runs.resolving import ResolveRunErrors, resolve_run_errors
from tests.harness.backends import both
from tests.runs.errors.test_retrying import counts, failed
from tests.runs.shop import Answer


def refusing(*paths):
    """The service refuses what comes to these paths, and takes all else."""

    def answer(asked):
        if asked.path in paths:
            return Answer(status=422, body={"message": "no"})
        return Answer(status=201, body={}) if asked.method == "POST" else None

    return answer


async def two_steps(plant, **first):
    """A flow of two imports, to `/first` and `/second`."""
    one = await plant.imports(name="First", request={"method": "POST", "path": "/first"})
    two = await plant.imports(name="Second", request={"method": "POST", "path": "/second"})
    return await plant.flow((one, first), two)


def paths(shop):
    return [one.path for one in shop.asked]


@both
async def test_a_record_that_has_gone_on_is_tried_at_its_step_alone(plant, shop, done, worked, person):
    shop.answer = refusing("/first", "/second")
    run = await done(await plant.run(await two_steps(plant, proceed_on_failure=True), {"id": 1}))
    before = paths(shop)
    first, second = await plant.errors(run)
    shop.answer = refusing()

    await resolve_run_errors(person, ResolveRunErrors(error_ids=(first.id,)))
    await worked()
    once, partly = paths(shop), await plant.of(run)
    await resolve_run_errors(person, ResolveRunErrors(error_ids=(second.id,)))
    await worked()

    assert (before, once[2:], paths(shop)[3:]) == (["/first", "/second"], ["/first"], ["/second"])
    assert (partly.state, counts(partly)) == (WorkState.PARTIAL, (1, 0, 0, 1, 0))
    ended = await plant.of(run)
    assert (ended.state, counts(ended)) == (WorkState.SUCCEEDED, (1, 1, 0, 0, 0))


@both
async def test_a_record_that_fails_further_on_is_the_same_error(plant, shop, done, worked, person):
    shop.answer = refusing("/first")
    run = await done(await plant.run(await two_steps(plant), {"id": 1}))
    shop.answer = refusing("/second")
    await resolve_run_errors(person, ResolveRunErrors(run_id=run.id))
    await worked()
    (error,) = await plant.errors(run)
    moved = (error.state, error.position, error.tries, counts(await plant.of(run)))
    shop.answer = refusing()

    await resolve_run_errors(person, ResolveRunErrors(run_id=run.id))
    await worked()

    assert moved == (RunErrorState.OPEN, 1, 2, (1, 0, 0, 1, 0))
    assert paths(shop) == ["/first", "/first", "/second", "/second"]
    assert counts(await plant.of(run)) == (1, 1, 0, 0, 0)
    steps = [(one.input_count, one.written_count, one.error_count) for one in await plant.steps(run)]
    assert steps == [(1, 1, 0), (1, 1, 0)]


async def test_members_that_stay_as_shown_keep_their_secrets(plant, shop, done, worked, person):
    shop.answer = refusing("/first")
    run = await done(await plant.run(await two_steps(plant), {"id": 1}))
    (error,) = await plant.errors(run)
    kept = {"record": {"id": 1, "key": "s3cret"}, "shown": {"id": 1, "key": "***"}, "touched": False}
    sealed = plant.hub.keyring.seal(write_json(kept), secret_place(error, "record"))
    await plant.change(error, record=sealed)
    shop.answer = refusing()

    await update_run_error(person, UpdateRunError(id=error.id, record={"id": 2, "key": "***"}))
    await worked()

    assert shop.sent("/first")[-1].body == {"id": 2, "key": "s3cret"}


@both
async def test_many_errors_are_one_job_in_pieces(plant, shop, done, worked, person):
    shop.page_size = 300
    flow, run = await failed(plant, shop, done, total=250, bad=range(250))
    shop.answer = lambda _: None

    await resolve_run_errors(person, ResolveRunErrors(flow_id=flow.id))
    await worked()

    (job,) = await plant._all(select(Job).where(col(Job.subject_id) == flow.id))
    assert (job.state, job.progress, job.payload["done"]) == (WorkState.SUCCEEDED, 1.0, 250)
    assert counts(await plant.of(run)) == (250, 250, 0, 0, 0)
    assert (await plant.flow_of(flow)).open_error_count == 0
