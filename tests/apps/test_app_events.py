"""The events of an app: newest first by an order that never changes, each seen by those who may see it."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import text

from models.errors import Forbidden, NotFound
from models.row import new_id, now_ms
from models.vocabulary import EventAppStatus, HubEvent, Permission, Source
from resolvers.apps.events import BY_FEED, AppEventRef, LogLevel, list_app_events, read_app_event
from resolvers.emission.accept import accept
from resolvers.emission.draft import Draft
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from tests.apps.conftest import Market
from tests.harness.acting import listed
from tests.harness.backends import both, on_postgresql
from tests.harness.statements import counted
from tests.harness.waiting import eventually
from tests.upstreams.canned import reply

SECRET_ANSWER = b"the app's own s3cr3t"


def draft(market: Market, **facts: object) -> Draft:
    given = {"organization_id": market.installer.id, "type": HubEvent.INSTALLATION_CONFIGURED, "entity_id": "e"}
    given |= {"integration_id": market.app.id, "installation_id": market.installation.id, "app_visible": True}
    return Draft(data={}, source=Source.HUB, **{"created_at": now_ms()} | given | facts)


async def accepted(market: Market, *drafts: Draft) -> None:
    async with market.database.write() as session:
        await accept(session, drafts, tries=1)


async def page(market: Market, size: int, **facts: object):
    return await market.run(list_app_events, market.ref, SliceRequest(size=size, **facts))


@both
async def test_its_publisher_sees_every_organizations_events_and_an_installer_its_own(market, new_organization):
    other = await new_organization()
    home, elsewhere = await market.install(market.publisher), await market.install(other)
    events = [
        await market.announce(one, of=of)
        for one, of in ((home, market.publisher), (market.installation, market.installer), (elsewhere, other))
    ]

    async def all_are_seen():
        return len(await market.events()) == 3

    await eventually(all_are_seen)
    seen = [[one.id for one in await market.events(of)] for of in (market.publisher, market.installer, other)]
    assert seen == [events[::-1], [events[1]], [events[2]]]


@both
async def test_an_installations_token_sees_its_own_events_alone(market, new_organization):
    elsewhere = await market.install(await new_organization())
    await market.announce(elsewhere)
    mine = await market.announce()
    task = draft(market, organization_id=market.publisher.id, type=HubEvent.TASK_DUE)
    await accepted(market, task)

    async def seen():
        found = await market.events(market.installer, installation_id=market.installation.id)
        return [one.id for one in found] == [task.id, mine]

    await eventually(seen)


@both
async def test_nobody_else_sees_them(market, new_organization):
    event_id, stranger = await market.announce(), await new_organization()
    await market.publish(visibility="PRIVATE")

    with pytest.raises(NotFound):
        await market.events(stranger)
    with pytest.raises(NotFound):
        await market.run(read_app_event, AppEventRef(app=market.ref, id=event_id), of=stranger)
    for tenant in (market.installer, market.publisher):
        await eventually(lambda of=tenant: market.events(of))
        found = await market.run(read_app_event, AppEventRef(app=market.ref, id=event_id), of=tenant)
        assert found.id == event_id
    other = await new_organization()
    with pytest.raises(NotFound):
        await market.run(list_app_events, IntegrationRef(id=market.app.id), SliceRequest(), of=other)


@both
async def test_events_that_an_app_may_not_be_told_of_are_left_out(market):
    await accepted(market, draft(market, app_visible=False), shown := draft(market))

    async def only_one():
        return [one.id for one in await market.events()] == [shown.id]

    await eventually(only_one)


@both
@pytest.mark.parametrize("transactions", [(1, 2), (3,)])
async def test_three_events_of_one_millisecond_are_each_seen_once_by_a_reader_that_polls(market, transactions):
    """The later transaction has the lesser ids, as that of another process may."""
    moment = now_ms()
    drafts = [draft(market, id=new_id(moment), created_at=moment) for _ in range(3)][::-1]
    expected: list[str] = []
    printed: list[str] = []

    async def poll():
        """Read pages of two from the front until one that was printed."""
        new, after = [], None
        while True:
            found = await page(market, 2, after=after)
            fresh = [one.id for one in found.rows if one.id not in printed]
            new += fresh
            if not found.has_next or len(fresh) < len(found.rows):
                break
            after = BY_FEED.position(found.rows[-1])
        printed.extend(reversed(new))
        return len(printed) == len(expected)

    for count in transactions:
        together, drafts = drafts[:count], drafts[count:]
        expected += sorted(one.id for one in together)
        await accepted(market, *together)
        await eventually(poll)

    assert printed == expected


@both
async def test_pages_stay_as_they_are_while_new_events_come(market):
    first = [draft(market) for _ in range(5)]
    for one in first:
        await accepted(market, one)
    await eventually(lambda: _are_seen(market, 5))
    beginning = await page(market, 2)

    await accepted(market, draft(market), draft(market))
    rest = await page(market, 100, after=BY_FEED.position(beginning.rows[-1]))

    assert [one.id for one in (*beginning.rows, *rest.rows)] == [one.id for one in reversed(first)]


@on_postgresql
async def test_an_event_that_commits_late_comes_before_all_that_was_shown(market, new_organization):
    elsewhere = await new_organization()
    async with market.database.write() as slow:
        late = draft(market)
        await accept(slow, [late], tries=1)
        early = draft(market, organization_id=elsewhere.id)
        await accepted(market, early)
        meanwhile = [one.id for one in await market.events()]

    await eventually(lambda: _are_seen(market, 2))
    assert meanwhile == []
    found = [one.id for one in await market.events()]
    assert found == [early.id, late.id]


@on_postgresql
async def test_what_was_shown_is_never_followed_by_a_new_event_further_down(market, new_organization):
    """Writers of six organizations commit in another order than they began, while a reader polls the front."""
    places = [(await new_organization()).id for _ in range(6)]
    shown: list[str] = []
    ended = asyncio.Event()

    async def write(place: str) -> None:
        for number in range(8):
            async with market.database.write() as session:
                await accept(session, [draft(market, organization_id=place)], tries=1)
                await session.execute(text(f"SELECT pg_sleep({(number * 7 + len(shown)) % 5 / 200})"))

    async def read() -> None:
        while not ended.is_set() or len(shown) < 48:
            found = [one.id for one in await market.events()]
            assert [one for one in found if one in shown] == shown
            assert found[len(found) - len(shown) :] == shown
            shown[:] = found

    reader = asyncio.create_task(read())
    await asyncio.gather(*map(write, places))
    ended.set()
    await asyncio.wait_for(reader, 30)
    assert len(shown) == len(set(shown)) == 48


@both
async def test_an_event_says_how_its_app_took_it(addressed):
    addressed.upstream.answers["/ok"] = reply(SECRET_ANSWER, "text/plain", "200 OK")
    taken = await addressed.announce()
    await addressed.told(1)
    await eventually(lambda: _has(addressed, taken, EventAppStatus.SUCCEEDED))

    [shown] = [one for one in await addressed.events() if one.id == taken]
    assert [(line.message, line.level) for line in shown.logs] == [("The app answered 200.", LogLevel.INFO)]
    assert abs(shown.logs[0].at - now_ms()) < 60_000
    assert SECRET_ANSWER.decode() not in repr(shown.logs)
    assert addressed.upstream.url not in repr(shown.logs)
    for client in (addressed.publisher.client, addressed.installer.client):
        [node] = await listed(client, "appEvents", "appStatus", f'(app: {{publishedName: "{addressed.name}"}})')
        assert node == {"appStatus": "SUCCEEDED"}
    [seen] = await listed(addressed.installer.client, "events", "appStatus", '(filter: {type: ["Hub.*"]})')
    assert seen == {"appStatus": "SUCCEEDED"}


@both
async def test_a_failure_is_pending_until_its_tries_are_used_up(addressed):
    addressed.upstream.answers["/ok"] = reply(b"", "text/plain", "500 No")
    failing = await addressed.announce()
    await addressed.told(1)

    async def logged():
        [shown] = [one for one in await addressed.events() if one.id == failing]
        return shown if shown.logs else None

    shown = await eventually(logged)
    [line] = shown.logs
    assert (shown.status, line.level) == (EventAppStatus.PENDING, LogLevel.WARN)
    assert line.message.startswith("The receiver answered 500")


@both
async def test_an_event_of_an_app_without_an_address_was_not_told(market):
    event_id = await market.announce()

    await eventually(lambda: _has(market, event_id, EventAppStatus.NONE))


@both
async def test_fifty_events_cost_as_many_statements_as_one(market):
    await accepted(market, *(draft(market) for _ in range(50)))
    await eventually(lambda: _are_seen(market, 50))
    database = market.hub.app.state.hub.database

    with counted(database) as one:
        await page(market, 1)
    with counted(database) as fifty:
        found = await page(market, 50)

    assert len(found.rows) == 50
    assert len(fifty) == len(one) <= 5


@both
async def test_events_need_the_permission_to_read_events(market):
    lacking = market.caller(Permission.INTEGRATIONS_READ)

    with pytest.raises(Forbidden):
        await market.hub.run(list_app_events(lacking, market.ref, SliceRequest()))


async def _are_seen(market: Market, count: int) -> bool:
    return len(await market.events()) == count


async def _has(market: Market, event_id: str, status: EventAppStatus) -> bool:
    return any(one.id == event_id and one.status is status for one in await market.events())
