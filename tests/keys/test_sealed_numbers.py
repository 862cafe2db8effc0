"""A sealed value has the numbers that it had, those of records of flows too."""

from __future__ import annotations

from models.row import new_id
from models.tables import Run
from models.vocabulary import FlowTriggerKind
from proxy.inputs.exact import write_json
from proxy.records import read_answer
from resolvers.caller import Caller
from resolvers.work import Work


async def test_records_that_were_sealed_have_their_numbers(organization, database, hub):
    raw = b'[{"n":18446744073709551616},{"n":1234567890123456.78},{"n":1.0},{"n":1},{"n":1E+400}]'
    run = Run(organization_id=organization.id, flow_id=new_id(), flow_name="Orders", trigger=FlowTriggerKind.MANUAL)

    async with database.read() as session:
        work = Work(Caller.of_hub(hub.app.state.hub, organization.id), lambda: session)
        run.records = work.seal(run, "records", read_answer(raw))
        opened = work.unseal(run, "records")

    assert write_json(opened) == raw
