"""Ends of tokens: as vendors say them, and how soon and how often a token is renewed because of them."""

from __future__ import annotations

import asyncio

import pytest

from models.row import now_ms
from resolvers.credentials.held import HeldToken
from resolvers.oauth.renewal import fresh_token
from tests.harness.backends import both
from tests.oauth.test_token_answers import TOKEN, answered, fetched

SAID = 1_999_999_999
SAID_MS = SAID * 1000
LAST_MS = 253_402_300_799_000


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (3600, 3600),
        ("3600", 3600),
        (3599.9, 3599),
        ("3599.9", 3599),
        (1, 1),
        (0.5, 0),
        (0, 0),
        ("0", 0),
        (-5, 0),
        ("-5", 0),
        (10**12, 315_360_000),
        ("1e400", 315_360_000),
        ("-1e400", 0),
        (None, None),
        ("soon", None),
        ("NaN", None),
        (True, None),
        ([3600], None),
        ("", None),
    ],
)
async def test_takes_a_lifetime_as_it_is_said(upstream, told, seconds) -> None:
    found = await fetched(upstream, answered(TOKEN | {"expires_in": told}))

    assert (found.expires_in_seconds, found.expires_at) == (seconds, None)


@pytest.mark.parametrize(
    ("told", "seconds", "end"),
    [
        ({"expires_at": SAID}, None, SAID_MS),
        ({"expires_at": SAID_MS}, None, SAID_MS),
        ({"expires_at": "2033-05-18T03:33:19Z"}, None, SAID_MS),
        ({"expires_at": "2033-05-18T05:33:19+02:00"}, None, SAID_MS),
        ({"expires_at": "2033-05-18 03:33:19"}, None, SAID_MS),
        ({"expires_on": str(SAID)}, None, SAID_MS),
        ({"expires": SAID}, None, SAID_MS),
        ({"expires": 3600}, 3600, None),
        ({"expires_at": "3600"}, 3600, None),
        ({"expires_in": 3600, "expires_at": SAID}, 3600, None),
        ({"expires_in": None, "expires_at": SAID}, None, SAID_MS),
        ({"expires_in": "soon", "expires_at": SAID}, None, SAID_MS),
        ({"expires_at": 1e300}, None, LAST_MS),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, None, LAST_MS),
        ({"expires_at": "tomorrow"}, None, None),
        ({"expires_at": {"seconds": SAID}}, None, None),
    ],
)
async def test_reads_an_end_under_other_names(upstream, told, seconds, end) -> None:
    found = await fetched(upstream, answered(TOKEN | told))

    assert (found.expires_in_seconds, found.expires_at) == (seconds, end)


async def test_a_moment_is_kept_as_it_was_said(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.expires_in, vendor.extra = None, {"expires_at": SAID}

    await shop.run()

    assert (await shop.shown())["expiresAt"] == "2033-05-18T03:33:19.000Z"


@both
@pytest.mark.parametrize("lasts", [0, 1, -5])
async def test_a_token_that_ends_at_once_is_asked_for_once_a_second(connect, vendor, lasts) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.expires_in = lasts

    await asyncio.gather(*(shop.run() for _ in range(10)))
    await asyncio.gather(*(shop.run() for _ in range(10)))
    in_its_second = vendor.counts["token"]
    await shop.change(issued_at=now_ms() - 1_001, expires_at=now_ms() - 1)
    await asyncio.gather(*(shop.run() for _ in range(10)))

    assert (in_its_second, vendor.counts["token"]) == (1, 2)
    assert vendor.counts["api"] == 30


@pytest.mark.parametrize(
    ("life", "left", "renewed"),
    [
        (30_000, 20_000, 0),
        (30_000, 3_600, 0),
        (30_000, 2_900, 1),
        (5_000, 400, 1),
        (3_600_000, 31_000, 0),
        (3_600_000, 29_000, 1),
        (1_000, -1, 1),
    ],
)
async def test_a_token_is_renewed_in_its_last_tenth_or_its_last_half_minute(
    connect, vendor, life, left, renewed
) -> None:
    shop = await connect()
    ends = now_ms() + left
    await shop.change(issued_at=ends - life, expires_at=ends)

    await shop.run()

    assert vendor.counts["token"] == renewed


async def test_a_moment_that_has_passed_is_asked_for_once_a_second_too(connect, vendor) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    vendor.expires_in, vendor.extra = None, {"expires_at": "2020-01-01T00:00:00Z"}

    for _ in range(3):
        await shop.run()

    assert vendor.counts == {"token": 1, "api": 3}


async def test_a_token_that_another_caller_got_and_that_has_ended_since_is_renewed(connect, vendor, hub) -> None:
    shop = await connect(expiresAt="2020-01-01T00:00:00Z")
    await shop.run()
    await shop.change(issued_at=1, expires_at=2)
    facts = {"connection_id": shop.id, "organization_id": shop.organization_id}
    of_before = HeldToken(**facts, version=1, due=True, renewable=True)

    found = await hub.run(fresh_token(hub.app.state.hub, of_before))

    assert (found.access_token, found.version) == ("at-2", 3)
