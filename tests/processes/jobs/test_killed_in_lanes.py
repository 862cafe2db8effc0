"""Workers that are killed while they hold jobs of gates and lanes: nothing stays due, and lanes keep their order."""

from models.vocabulary import WorkState
from tests.harness.backends import both
from tests.jobs.test_gates import new_gate
from tests.processes.jobs.test_workers import children  # noqa: F401  a fixture

pytestmark = both


async def test_no_job_of_a_gate_or_lane_stays_behind_when_workers_are_killed(queue, tenant, children):  # noqa: F811
    gates = [await new_gate(queue, tenant, capacity=2) for _ in range(2)]
    lanes = {(gate, number): f"{gate}{number}" for gate in gates for number in range(2)}
    ids = {lane: [] for lane in lanes.values()}
    for _ in range(8):
        for (gate, _number), lane in lanes.items():
            facts = {"gate": gate, "lane": lane, "organization_id": tenant, "payload": {"sleep": 0.02}}
            ids[lane].append(await queue.add(**facts, max_attempts=20))

    for count in (1, 2, 3):
        child = await children.start()
        await children.wrote("end", 4 * count)
        child.kill()
    await children.start()
    await queue.emptied(40)

    assert {row.state for row in await queue.rows()} == {WorkState.SUCCEEDED}
    for order in ids.values():
        ended = list(dict.fromkeys(line[1] for line in children.lines("end") if line[1] in order))
        assert ended == order
