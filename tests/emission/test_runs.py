"""Starting runs: one for each flow and event, with its job, and loops recorded instead of started."""

from __future__ import annotations

import pytest

from models.row import new_id, now_ms
from models.tables import Flow, Gate, Job, Run
from models.vocabulary import FlowOverlap, FlowTriggerKind, RunReason, WorkState
from resolvers.emission.runs import MOST_DEPTH, RunStart, queue_runs
from tests.emission.conftest import Place
from tests.harness.backends import both

pytestmark = both


async def flow(place: Place, **facts: object) -> Flow:
    """A flow that is enabled, with its gate closed for good: another test's hub would take its jobs."""
    given = {"name": "Ship", "name_key": "ship", "enabled": True, "trigger": FlowTriggerKind.EVENT}
    row = Flow(organization_id=place.id, **given | {"event_type": "Shop.SOLD"} | facts)
    await place.add(row)
    await place.add(Gate(id=row.id, organization_id=place.id, opens_at=None))
    return row


def start(flow: Flow, **facts: object) -> RunStart:
    return RunStart(flow=flow, trigger=FlowTriggerKind.EVENT, now=now_ms(), **facts)  # type: ignore[arg-type]


async def queue(place: Place, *starts: RunStart) -> list[Run]:
    async with place.database.write() as session:
        return await queue_runs(session, starts)


async def test_makes_a_run_and_its_job_that_name_each_other(place: Place) -> None:
    of = await flow(place)
    event_id = new_id()

    (run,) = await queue(place, start(of, event_id=event_id, cause_kind="EVENT", cause_id=event_id))

    (stored,), (job,) = await place.rows(Run), await place.jobs()
    assert (stored.id, stored.job_id, stored.state) == (run.id, job.id, WorkState.QUEUED)
    assert (stored.chain, stored.depth, stored.cause_id) == ([of.id], 1, event_id)
    assert (job.operation, job.queue, job.payload) == ("flow.run", "flows", {"runId": run.id})
    assert (job.gate, job.lane, job.subject_kind, job.subject_id) == (of.id, f"flow:{of.id}", "Run", run.id)
    assert (job.cause_kind, job.cause_id, job.correlation_id) == ("RUN", run.id, run.correlation_id)


async def test_leaves_out_a_second_run_of_an_event_and_of_a_due_time(place: Place) -> None:
    of = await flow(place)
    event_id = new_id()

    first = await queue(place, start(of, event_id=event_id), start(of, due_at=7))
    second = await queue(place, start(of, event_id=event_id), start(of, due_at=7), start(of, due_at=8))

    assert [run.due_at for run in first] == [None, 7]
    assert [run.due_at for run in second] == [8]
    assert len(await place.rows(Run)) == len(await place.jobs()) == 3


async def test_a_repetition_names_its_origin_and_is_made(place: Place) -> None:
    of = await flow(place)
    event_id = new_id()
    (first,) = await queue(place, start(of, event_id=event_id))

    (again,) = await queue(place, start(of, event_id=event_id, origin_run_id=first.id))

    assert (again.origin_run_id, again.event_id) == (first.id, event_id)


async def test_runs_of_a_flow_wait_for_each_other_in_their_order(place: Place) -> None:
    of, side = await flow(place), await flow(place, overlap=FlowOverlap.ALLOW)

    runs = await queue(place, start(of), start(of), start(side), start(side))

    jobs = {job.id: job for job in await place.jobs()}
    assert [jobs[run.job_id or ""].blocked for run in runs] == [False, True, False, False]
    assert [jobs[run.job_id or ""].position for run in runs] == [1, 2, 1, 1]


@pytest.mark.parametrize(("loops", "state"), [(False, WorkState.SKIPPED), (True, WorkState.QUEUED)])
async def test_a_flow_that_led_to_itself_is_skipped_unless_it_allows_that(
    place: Place, loops: bool, state: WorkState
) -> None:
    of, other = await flow(place, allows_loops=loops), new_id()

    (run,) = await queue(place, start(of, chain=[of.id, other]))

    (stored,) = await place.rows(Run)
    assert (stored.state, stored.chain, stored.depth) == (state, [of.id, other, of.id], 3)
    assert (stored.reason, stored.job_id is None) == ((RunReason.LOOP, True) if not loops else (None, False))
    assert (run.error is None) == loops
    assert len(await place.jobs()) == int(loops)


async def test_no_flow_runs_beyond_the_greatest_depth(place: Place) -> None:
    of = await flow(place, allows_loops=True)
    others = [new_id() for _ in range(MOST_DEPTH)]

    deep, deeper = await queue(place, start(of, chain=others[1:]), start(of, chain=others))

    assert (deep.state, deep.depth) == (WorkState.QUEUED, MOST_DEPTH)
    assert (deeper.state, deeper.reason) == (WorkState.SKIPPED, RunReason.DEPTH)
    assert [job.subject_id for job in await place.jobs()] == [deep.id]


async def test_a_start_with_a_reason_is_recorded_and_has_no_job(place: Place) -> None:
    of = await flow(place)

    (run,) = await queue(place, start(of, due_at=9, reason=RunReason.OVERLAP))

    assert (run.state, run.job_id, run.finished_at is None) == (WorkState.SKIPPED, None, False)
    assert run.error == "Another run of the flow was not done, and its overlap allows no further one."
    assert await place.rows(Job) == []
