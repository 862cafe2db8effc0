"""Ends of tokens: as vendors say them, and how soon and how often a token is renewed because of them."""

from __future__ import annotations

import asyncio

import pytest

from models.tables import Connection
from resolvers.credentials.held import HeldToken, is_due
from resolvers.oauth.renewal import fresh_token
from tests.harness.backends import both
from tests.oauth.test_token_answers import TOKEN, answered, fetched

OVER = "2020-01-01T00:00:00Z"
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
    shop = await connect(expiresAt=OVER)
    vendor.expires_in, vendor.extra = None, {"expires_at": SAID}

    await shop.run()

    assert (await shop.shown())["expiresAt"] == "2033-05-18T03:33:19.000Z"


@both
@pytest.mark.parametrize(
    ("lasts", "told"),
    [(0, {}), (1, {}), (-5, {}), (None, {"expires_at": OVER})],
    ids=["0", "1", "negative", "a moment that has passed"],
)
async def test_a_token_that_ends_at_once_is_asked_for_once_a_second(connect, vendor, lasts, told) -> None:
    shop = await connect(expiresAt=OVER)
    vendor.expires_in, vendor.extra = lasts, told
    await shop.run()
    row = await shop.row()

    await shop.change(issued_at=row.issued_at + 60_000, expires_at=row.expires_at + 60_000)  # it does not pass
    await asyncio.gather(*(shop.run() for _ in range(10)))
    in_its_second = vendor.counts["token"]
    await shop.change(issued_at=row.issued_at - 1_000, expires_at=row.expires_at - 1_000)
    await shop.run()

    assert (row.expires_at - row.issued_at, in_its_second) == (1000 if lasts == 1 else 0, 1)
    assert vendor.counts == {"token": 2, "api": 12}


@pytest.mark.parametrize(
    ("life", "age", "due"),
    [
        (0, 0, False),
        (0, 999, False),
        (0, 1_000, True),
        (1_000, 999, False),
        (1_000, 1_000, True),
        (5_000, 4_499, False),
        (5_000, 4_500, True),
        (30_000, 26_999, False),
        (30_000, 27_000, True),
        (3_600_000, 3_569_999, False),
        (3_600_000, 3_570_000, True),
        (None, 10**12, False),
    ],
)
def test_a_token_is_due_in_its_last_tenth_or_its_last_half_minute(life, age, due) -> None:
    issued = 1_700_000_000_000
    token = Connection(issued_at=issued, expires_at=None if life is None else issued + life)

    assert is_due(token, issued + age) is due


@pytest.mark.parametrize(("left", "due"), [(31_000, False), (30_000, True)])
def test_a_token_that_was_got_elsewhere_is_due_half_a_minute_before_its_end(left, due) -> None:
    assert is_due(Connection(expires_at=1_700_000_000_000), 1_700_000_000_000 - left) is due


async def test_a_token_of_half_a_minute_is_not_renewed_by_each_call(connect, vendor) -> None:
    shop = await connect(expiresAt=OVER)
    vendor.expires_in = 30

    for _ in range(3):
        await shop.run()

    assert vendor.counts == {"token": 1, "api": 3}


async def test_a_token_that_another_caller_got_and_that_has_ended_since_is_renewed(connect, vendor, hub) -> None:
    shop = await connect(expiresAt=OVER)
    await shop.run()
    await shop.change(issued_at=1, expires_at=2)
    facts = {"connection_id": shop.id, "organization_id": shop.organization_id}
    of_before = HeldToken(**facts, version=1, due=True, renewable=True)

    found = await hub.run(fresh_token(hub.app.state.hub, of_before))

    assert (found.access_token, found.version) == ("at-2", 3)
