"""One caller renews a token, and the others wait for it."""

from __future__ import annotations

import asyncio
import threading

from sqlalchemy import select

from models.database import Database
from models.job import database_now
from models.row import now_ms
from tests.harness.acting import act, listed
from tests.harness.backends import both
from tests.harness.waiting import eventually

pytestmark = both


async def test_twenty_calls_on_a_token_that_is_over_renew_it_once(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.delay = 0.3

    done = await asyncio.gather(*(shop.run() for _ in range(20)))

    assert [one["response"]["json"] for one in done] == [{"token": "at-1"}] * 20
    assert vendor.counts == {"api": 20, "token": 1}


async def test_tokens_of_a_new_consent_are_not_overwritten_by_a_renewal_that_comes_late(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    (one,) = await listed(shop.client, "connections", "id")
    consented = threading.Event()
    vendor.before_answer = lambda: (consented.wait(60), setattr(vendor, "valid", "consented"))

    running = asyncio.create_task(shop.run())
    await eventually(shop.under_renewal)
    tokens = {"accessToken": "consented", "refreshToken": "rt-new"}
    await act(shop.client, "updateConnection", {"id": one["id"], "secret": {"oauth2": tokens}})
    before = (await shop.row()).secret
    consented.set()
    done = await running

    row = await shop.row()
    assert done["response"]["json"] == {"token": "consented"}
    assert (row.secret == before, row.secret_version, row.status) == (True, 2, "CONNECTED")
    assert vendor.counts == {"api": 1, "token": 1}


async def test_who_holds_the_lease_is_waited_for_and_taken_over_from_when_it_ends(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    await shop.change(lease_owner="somebody else", lease_until=now_ms() + 14_000)

    running = asyncio.create_task(shop.run())
    await asyncio.sleep(0.5)
    waiting = not running.done()
    await shop.change(lease_until=1)
    done = await running

    assert waiting
    assert done["response"]["json"] == {"token": "at-1"}
    assert vendor.counts == {"api": 1, "token": 1}


async def test_a_lease_and_a_back_off_last_as_long_as_is_usual(connect, vendor, database) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    seen = threading.Event()
    vendor.fault, vendor.before_answer = (503, {}), lambda: seen.wait(60)

    began = await _now(database)
    running = asyncio.create_task(shop.refused())
    await eventually(shop.under_renewal)
    leased, met = (await shop.row()).lease_until, await _now(database)
    seen.set()
    await running
    paused, ended = (await shop.row()).lease_until, await _now(database)

    assert began + 20_000 <= leased <= met + 20_000
    assert met + 5_000 <= paused <= ended + 5_000


async def test_a_lease_of_before_the_clock_was_set_back_holds_nobody_up(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    await shop.change(lease_owner="somebody else", lease_until=now_ms() + 3_600_000)

    done = await shop.run()

    assert done["response"]["json"] == {"token": "at-1"}


async def _now(database: Database) -> int:
    """By the clock that leases go by."""
    async with database.read() as session:
        return (await session.execute(select(database_now()))).scalar_one()
