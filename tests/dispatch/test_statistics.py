"""Statistics of dispatches count each of the caller's in its slice, and are read by an index."""

from __future__ import annotations

from typing import Any, Final

import pytest
from sqlalchemy import event

from models.database import Database
from models.row import new_id
from models.tables import Dispatch
from models.vocabulary import DispatchOutcome, HttpMethod, Permission, Source
from tests.harness.acting import act
from tests.harness.backends import both, on_sqlite
from tests.harness.graphql import GraphQL, GraphQLFailed

HOUR: Final = 3_600_000
NOON: Final = 1_767_268_800_000  # 2026-01-01T12:00:00Z
AT: Final = "2026-01-01T{}:00.000Z"
ASKED: Final = """query($filter: DispatchFilter, $slice: TimeSlice! = HOUR) {
  dispatchStatistics(filter: $filter, slice: $slice) { startsAt total failed medianMs p95Ms } }"""


@pytest.fixture
def plant(organization, database: Database):
    """Writes a dispatch that began so many ms after noon: `plant(ms, took=…, outcome=…)`."""

    async def write(after: int, *, took: int | None = None, outcome: DispatchOutcome | None, **more: Any) -> None:
        created = NOON + after
        facts = {"organization_id": organization.id, "source": Source.GRAPHQL} | more
        row = Dispatch(
            id=new_id(created), created_at=created, method=HttpMethod.GET, url="http://x", request_digest="",
            correlation_id=new_id(created), deadline_at=created, outcome=outcome,
            finished_at=None if took is None else created + took, **facts,
        )  # fmt: skip
        async with database.write() as session:
            session.add(row)

    return write


async def read(client: GraphQL, **asked: Any) -> list[dict[str, Any]]:
    return (await client.query(ASKED, **asked))["dispatchStatistics"]


def empty(at: str) -> dict[str, Any]:
    return {"startsAt": AT.format(at), "total": 0, "failed": 0, "medianMs": None, "p95Ms": None}


@both
async def test_counts_by_slice_with_exact_percentiles_and_empty_slices(organization, plant) -> None:
    for took in range(1, 21):
        await plant(took * 1000, took=took * 10, outcome=DispatchOutcome.SUCCEEDED)
    await plant(HOUR - 1, took=7, outcome=DispatchOutcome.TIMED_OUT)
    await plant(2 * HOUR, outcome=None)
    await plant(2 * HOUR + 1, took=5, outcome=DispatchOutcome.UPSTREAM_FAILED)
    window = {"since": AT.format("11:30"), "until": AT.format("14:30")}

    found = await read(organization.client, filter=window)

    assert found == [
        empty("11:00"),
        {"startsAt": AT.format("12:00"), "total": 21, "failed": 1, "medianMs": 100, "p95Ms": 190},
        empty("13:00"),
        {"startsAt": AT.format("14:00"), "total": 2, "failed": 1, "medianMs": 5, "p95Ms": 5},
    ]


@both
async def test_a_window_cuts_its_first_and_last_slice(organization, plant) -> None:
    for after in (0, 30_000, 59_999, 60_000, 119_999):
        await plant(after, took=1, outcome=DispatchOutcome.SUCCEEDED)
    window = {"since": "2026-01-01T12:00:30.000Z", "until": "2026-01-01T12:01:59.999Z"}

    minutes = await read(organization.client, filter=window, slice="MINUTE")
    days = await read(organization.client, filter=window, slice="DAY")

    assert [(one["startsAt"], one["total"]) for one in minutes] == [(AT.format("12:00"), 2), (AT.format("12:01"), 1)]
    assert [(one["startsAt"], one["total"]) for one in days] == [(AT.format("00:00"), 3)]


@both
async def test_counts_what_the_filter_and_the_rules_of_the_list_let_through(
    organization, new_organization, plant
) -> None:
    other_organization = await new_organization()
    restricted = {"name": "Hidden", "access": "RESTRICTED"}
    hidden = await act(organization.client, "createIntegration", restricted, "databaseId")
    await organization.add_user("ada")
    ada = await organization.signed_in(Permission.DISPATCHES_READ, username="ada")
    await plant(0, took=1, outcome=DispatchOutcome.SUCCEEDED)
    await plant(0, took=1, outcome=DispatchOutcome.SUCCEEDED, source=Source.DONUTWORK)
    await plant(0, took=1, outcome=DispatchOutcome.SUCCEEDED, integration_id=hidden["databaseId"])
    await plant(0, took=1, outcome=DispatchOutcome.SUCCEEDED, organization_id=other_organization.id)
    window = {"since": AT.format("12:00"), "until": AT.format("13:00")}

    async def total(client: GraphQL, **more: Any) -> int:
        return (await read(client, filter=window | more))[0]["total"]

    assert await total(organization.client) == 3
    assert await total(ada) == 2
    assert await total(organization.client, source=["DONUTWORK"]) == 1
    assert await total(other_organization.client) == 1


@pytest.mark.parametrize(("slice", "count"), [("MINUTE", 60), ("HOUR", 24), ("DAY", 30)])
async def test_without_a_window_shows_the_last_slices(organization, slice, count) -> None:
    assert len(await read(organization.client, slice=slice)) == count
    assert await read(organization.client, slice=slice, filter={"since": "2100-01-01T00:00:00Z"}) == []
    assert len(await read(organization.client, slice=slice, filter={"until": "1970-01-01T00:00:01Z"})) == 1


async def test_refuses_more_than_a_thousand_slices(organization) -> None:
    window = {"since": AT.format("00:00"), "until": "2026-01-02T00:00:00.000Z"}

    with pytest.raises(GraphQLFailed) as failed:
        await read(organization.client, filter=window, slice="MINUTE")

    assert failed.value.codes == ["INVALID_INPUT"]
    assert failed.value.answer["errors"][0]["message"] == (
        "filter.since: These are 1440 slices; ask for at most 1000, or for longer ones."
    )


@on_sqlite
async def test_reads_one_range_of_an_index(organization, hub) -> None:
    engine = hub.app.state.hub.database.engine
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    await read(organization.client)
    event.remove(engine.sync_engine, "before_cursor_execute", note)

    ((statement, parameters),) = [one for one in sent if "row_number" in one[0]]
    async with engine.connect() as connection:
        plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).all()
    assert "USING INDEX ix_dispatch_organization_id_id (organization_id=? AND id>? AND id<?)" in str(plan)
