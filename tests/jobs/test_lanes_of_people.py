"""Jobs of lanes that people cancel and retry: the lane goes on, and nothing overtakes. Both databases."""

from sqlalchemy import update
from sqlmodel import col

from jobs.job import Ended
from models.row import new_id
from models.tables import Job
from models.vocabulary import WorkState
from tests.harness.backends import both
from tests.jobs.conftest import LEASE_MS, end
from tests.jobs.test_graph import CANCEL, RETRY, add_job

pytestmark = both


class Lane:
    """A lane of an organization, in a queue of its own."""

    def __init__(self, database, organization, driver):
        self._database, self._organization, self._driver = database, organization, driver
        self._name = f"idle-{new_id()}"

    async def add(self, count, **facts):
        facts = {"queue": self._name, "lane": self._name, **facts}
        return [await add_job(self._database, self._organization, **facts) for _ in range(count)]

    async def claim(self):
        """The jobs that may start, claimed."""
        return await self._driver.claim("a", self._name, ("test.work",), 10, LEASE_MS)

    async def rest(self):
        """Run the jobs that are left, and answer their ids in the order of their starts."""
        order = []
        while jobs := await self.claim():
            order += [job.id for job in jobs]
            for job in jobs:
                await end(self._driver, job)
        return order

    async def change(self, document, job_id):
        (answer,) = (await self._organization.client.query(document, id=job_id)).values()
        return answer["job"]["state"]


async def test_cancelling_the_first_lets_the_next_start(organization, database, driver):
    lane = Lane(database, organization, driver)
    first, second, third = await lane.add(3)

    await lane.change(CANCEL, first)

    assert await lane.rest() == [second, third]


async def test_cancelling_one_that_waits_lets_nothing_overtake(organization, database, driver):
    lane = Lane(database, organization, driver)
    first, second, third = await lane.add(3)
    (running,) = await lane.claim()

    await lane.change(CANCEL, second)
    meanwhile = await lane.claim()
    await end(driver, running)

    assert (running.id, meanwhile, await lane.rest()) == (first, [], [third])


async def test_cancelling_the_one_that_runs_lets_the_next_start_when_its_worker_stops(organization, database, driver):
    lane = Lane(database, organization, driver)
    _, second = await lane.add(2)
    (running,) = await lane.claim()

    await lane.change(CANCEL, running.id)
    meanwhile = await lane.claim()
    await driver.end("a", [Ended(lease=running.lease, state=WorkState.QUEUED, refund=True)])

    assert (meanwhile, await lane.rest()) == ([], [second])


async def test_a_retried_job_goes_to_the_end_and_starts_when_its_lane_is_empty(organization, database, driver):
    lane = Lane(database, organization, driver)
    first, second, third = await lane.add(3)
    (running,) = await lane.claim()
    await end(driver, running, WorkState.FAILED)

    await lane.change(RETRY, first)
    order = await lane.rest()
    async with database.write() as session:
        await session.execute(update(Job).where(col(Job.id) == second).values(state=WorkState.FAILED))
    await lane.change(RETRY, second)

    assert (order, await lane.rest()) == ([second, third, first], [second])


async def test_one_that_was_cancelled_while_it_ran_and_retried_waits_for_its_turn(organization, database, driver):
    lane = Lane(database, organization, driver)
    first, second = await lane.add(2)
    (running,) = await lane.claim()

    states = [await lane.change(CANCEL, first), await lane.change(RETRY, first)]
    meanwhile = await lane.claim()
    await driver.end("a", [Ended(lease=running.lease, state=WorkState.QUEUED, refund=True)])

    assert (states, meanwhile) == (["CANCELLED", "QUEUED"], [])
    assert await lane.rest() == [second, first]
