"""An accepted event starts the flows of its type in its own transaction, by a few statements for all of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from models.row import new_id, now_ms
from models.tables import Event, Flow, Organization, Principal, Run, Share, Token
from models.vocabulary import (
    FlowTriggerKind,
    HubEvent,
    IntegrationAccess,
    Permission,
    PrincipalKind,
    RunReason,
    TokenKind,
    WorkState,
)
from proxy.expressions import Budget, Expressions
from resolvers.emission.accept import accept, topics_of
from resolvers.emission.draft import Cause
from resolvers.emission.filters import Filters, filter_value, judge_exactly
from tests.emission.conftest import TRIES, Place
from tests.emission.test_runs import flow
from tests.harness.backends import both
from tests.harness.statements import counted

pytestmark = both


@pytest.fixture
def expressions() -> Iterator[Expressions]:
    expressions = Expressions(Budget())
    yield expressions
    expressions.close()


async def person(place: Place, *permissions: Permission) -> Principal:
    word = new_id()
    row = Principal(
        organization_id=place.id,
        kind=PrincipalKind.USER,
        username=word,
        display_name=word,
        name_key=word,
        permissions=list(permissions),
    )
    await place.add(row)
    return row


async def started(place: Place) -> list[str]:
    """The flows that have runs, in the order of the runs."""
    return [run.flow_id for run in await place.rows(Run)]


async def test_starts_each_enabled_flow_of_the_type_once(place: Place) -> None:
    wanted = [await flow(place), await flow(place)]
    await flow(place, enabled=False)
    await flow(place, event_type="Shop.SOLD.TWICE")
    await flow(place, trigger=FlowTriggerKind.MANUAL, event_type=None)

    (accepted,) = await place.accept(place.draft(correlation_id=(correlation := new_id())))

    runs = await place.rows(Run)
    assert sorted(run.flow_id for run in runs) == sorted(one.id for one in wanted)
    assert {(run.event_id, run.cause_kind, run.cause_id) for run in runs} == {
        (accepted.event.id, "EVENT", accepted.event.id)
    }
    assert {(run.correlation_id, run.trigger, run.depth) for run in runs} == {(correlation, FlowTriggerKind.EVENT, 1)}
    assert accepted.queued_runs == 2
    assert topics_of([accepted]) == {"events", "jobs"}


async def test_a_flow_of_another_organization_is_not_started(place: Place, database: object) -> None:
    await flow(place)
    other = Place(place.database)

    await other.add(Organization(id=other.id, slug=other.id, name="Other"))

    (accepted,) = await other.accept(other.draft())

    assert (accepted.queued_runs, await started(place), await started(other)) == (0, [], [])


async def test_runs_are_in_the_order_of_events(place: Place) -> None:
    of = await flow(place)

    accepted = await place.accept(*(place.draft() for _ in range(5)))

    runs = {run.event_id: run for run in await place.rows(Run)}
    positions = {job.subject_id: job.position for job in await place.jobs()}
    assert [positions[runs[one.event.id].id] for one in accepted] == [1, 2, 3, 4, 5]
    assert {run.flow_id for run in runs.values()} == {of.id}


async def test_an_event_costs_one_statement_more_and_flows_two(place: Place) -> None:
    with counted(place.database) as alone:
        await place.accept(place.draft())
    for _ in range(3):
        await flow(place)
    with counted(place.database) as asked, counted(place.database, "INSERT INTO run", "INSERT INTO job") as added:
        await place.accept(place.draft(), place.draft())

    reads = [[one for one in sent if "FROM " in one and "advisory" not in one] for sent in (alone, asked)]
    assert [len([one for one in sent if "FROM flow" in one]) for sent in reads] == [1, 1]
    assert (*map(len, reads), len(added)) == (2, 2, 2)
    assert len(await place.rows(Run)) == 6


async def test_a_filter_that_was_not_judged_before_leaves_that_to_the_run(place: Place) -> None:
    await flow(place, event_filter="payload.total > `5`")

    (accepted,) = await place.accept(place.draft())

    (job,) = await place.jobs()
    assert (accepted.queued_runs, job.payload["unjudged"]) == (1, True)


@pytest.mark.parametrize(("total", "runs"), [(7, 1), (5, 0)])
async def test_a_filter_that_was_judged_before_decides(
    place: Place, expressions: Expressions, total: int, runs: int
) -> None:
    of = await flow(place, event_filter="payload.total > `5`")
    filters = Filters(place.database, expressions)
    (first,) = await place.accept(place.draft())
    filters.learn(place.id, first.receivers, "Shop.SOLD", first.flows)
    draft = place.draft(data={"total": total})

    async with place.database.write() as session:
        (accepted,) = await accept(session, [draft], tries=TRIES, judged=await filters.judge(draft))

    payloads = [job.payload for job in await place.jobs()]
    assert accepted.queued_runs == runs
    assert await started(place) == [of.id] * (1 + runs)
    assert ["unjudged" in payload for payload in payloads] == [True, False][: 1 + runs]


@pytest.mark.parametrize("answer", ["'yes'", "payload.total", "[]", "`null`", "payload.total > 'a'", "length(`1`)"])
async def test_a_filter_that_answers_neither_true_nor_false_is_left_to_the_run(
    place: Place, expressions: Expressions, answer: str
) -> None:
    of = await flow(place, event_filter=answer)
    filters = Filters(place.database, expressions)
    draft = place.draft()
    (first,) = await place.accept(place.draft())
    filters.learn(place.id, first.receivers, "Shop.SOLD", first.flows)

    judged = await filters.judge(draft)
    value = filter_value(draft.type, draft.entity_id, draft.data)
    result = await judge_exactly(expressions, answer, value, organization_id=place.id)

    assert (judged, of.id in {one.id for one in first.flows}) == ({}, True)
    assert result.fault is not None


async def test_an_event_of_a_restricted_integration_starts_flows_of_those_who_see_it(place: Place) -> None:
    owner, friend, stranger = [await person(place) for _ in range(3)]
    admin = await person(place, Permission.ORGANIZATION_ADMIN)
    shop = await place.integration(access=IntegrationAccess.RESTRICTED, owner_id=owner.id)
    await place.add(Share(organization_id=place.id, integration_id=shop.id, principal_id=friend.id, access_level=1))
    flows = [await flow(place, run_as_id=who.id) for who in (owner, friend, admin, stranger)]
    await flow(place)  # of nobody

    (closed,) = await place.accept(place.draft(integration_id=shop.id))

    assert sorted(await started(place)) == sorted(one.id for one in flows[:3])
    assert closed.queued_runs == 3


async def test_a_flow_of_an_apps_token_gets_the_events_of_that_app(place: Place) -> None:
    shop, other = [await place.integration(access=IntegrationAccess.RESTRICTED) for _ in range(2)]
    token = Token(
        organization_id=place.id,
        kind=TokenKind.INTEGRATION,
        name="T",
        digest=new_id(),
        hint="abcd",
        integration_id=shop.id,
    )
    await place.add(token)
    of = await flow(place, run_as_token_id=token.id)

    own, foreign = await place.accept(place.draft(integration_id=shop.id), place.draft(integration_id=other.id))

    assert (own.queued_runs, foreign.queued_runs) == (1, 0)
    assert await started(place) == [of.id]


async def test_an_event_about_a_connection_of_somebody_starts_flows_of_administrators_and_of_that_user(
    place: Place,
) -> None:
    admin, actor, other = await person(place, Permission.ORGANIZATION_ADMIN), await person(place), await person(place)
    word = HubEvent.CONNECTION_NEEDS_RECONNECT
    flows = [await flow(place, run_as_id=who.id, event_type=word) for who in (admin, actor, other)]

    await place.accept(place.draft(type=word, principal_id=actor.id))

    assert sorted(await started(place)) == sorted(one.id for one in flows[:2])


async def test_a_task_of_an_app_starts_no_flow(place: Place) -> None:
    await flow(place, event_type=HubEvent.TASK_DUE)

    (accepted,) = await place.accept(place.draft(type=HubEvent.TASK_DUE))

    assert accepted.queued_runs == 0
    assert await started(place) == []


async def test_an_event_that_a_flow_has_led_to_does_not_start_it_again(place: Place) -> None:
    of, next_one = await flow(place), await flow(place)
    cause = Cause(kind="RUN_STEP", id=new_id(), correlation_id=new_id(), chain=(of.id,))

    (accepted,) = await place.accept(place.draft().caused_by(cause))

    runs = {run.flow_id: run for run in await place.rows(Run)}
    (event,) = await place.rows(Event)
    assert (runs[of.id].state, runs[of.id].reason) == (WorkState.SKIPPED, RunReason.LOOP)
    assert (runs[next_one.id].state, runs[next_one.id].chain) == (WorkState.QUEUED, [of.id, next_one.id])
    assert accepted.queued_runs == 1
    assert (event.cause_kind, event.cause_id, event.depth) == ("RUN_STEP", cause.id, 1)


async def test_a_thousand_flows_start_in_one_transaction(place: Place) -> None:
    rows = [
        Flow(
            organization_id=place.id,
            name="F",
            name_key="f",
            enabled=True,
            trigger=FlowTriggerKind.EVENT,
            event_type="Shop.SOLD",
        )
        for _ in range(1000)
    ]
    async with place.database.write() as session:
        session.add_all(rows)
    began = now_ms()

    with counted(place.database, "") as statements:
        (accepted,) = await place.accept(place.draft())

    assert accepted.queued_runs == 1000
    assert len(statements) < 30
    assert now_ms() - began < 20_000
