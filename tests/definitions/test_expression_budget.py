"""Expressions of a definition on a hostile answer: the call that meets them fails with a sentence, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.tables import Definition
from tests.definitions.conftest import described, save
from tests.definitions.test_connection_health import ADA, examined
from tests.definitions.test_verification import ended
from tests.harness.acting import act, integration_of
from tests.harness.stalls import Stalls

TOKEN = "token-of-the-vendor-1234"
QUOTES = '"' * 20_000
DOUBLING = "to_string(to_array(" * 13 + "@" + "))" * 13
TOO_MUCH = (
    f"The expression `{DOUBLING[:60]}…` makes more than 4000000 bytes of text on this value; simplify it, or let it"
    " select less."
)
PARTS = "parts within parts; divide it or leave some out"
PLACE = ("definition", "verification", "expect", "when")
#: Nearly all of the budget: a tenth of a second.
LONG = "map(&to_string(@), @)"


@pytest.fixture
def connected(organization, vendor):
    """Makes an integration of the vendor, described with these members; its ids, and those of its connection."""

    async def make(**members: Any) -> dict[str, Any]:
        found = await save(organization.client, "vendor", described(vendor, **members))
        assert "id" in found, found
        given = {"name": "Shop", "vendor": "vendor", "secret": {"bearerToken": TOKEN}}
        return await act(organization.client, "createIntegration", given, "id connection { id }")

    return make


def verified(**members: Any) -> dict[str, Any]:
    return {"request": {"path": "/me"}, **members}


async def test_a_condition_beyond_its_budget_fails_with_a_sentence(organization, vendor, connected):
    made = await connected(verification=verified(expect={"when": DOUBLING}))
    vendor.answers("/me", QUOTES)

    found = await examined(organization.client, made["connection"]["id"])
    job = await ended(organization.client, made["id"])

    after = await integration_of(organization.client, "state stateError", id=made["id"])
    message = f"The remote service answered 200. {TOO_MUCH}"
    assert (found["status"], found["lastError"]) == ("OFFLINE", message)
    assert (job["state"], job["error"]) == ("FAILED", message)
    assert after == {"state": "NEW", "stateError": message}


async def test_an_error_message_beyond_its_budget_is_said_beside_the_status(organization, vendor, connected):
    made = await connected(verification=verified(error=DOUBLING))
    vendor.answers("/me", QUOTES, "401 Unauthorized")

    found = await examined(organization.client, made["connection"]["id"])

    assert found["lastError"] == f"The remote service answered 401. {TOO_MUCH}"


async def test_an_account_beyond_its_budget_is_not_taken_for_none(organization, vendor, connected):
    made = await connected(
        verification=None, account={"request": {"path": "/me"}, "accountId": DOUBLING, "email": "user.email"}
    )
    vendor.answers("/me", QUOTES)

    found = await examined(organization.client, made["connection"]["id"])

    assert (found["status"], found["lastError"], found["account"]) == ("OFFLINE", TOO_MUCH, None)


async def test_a_stored_expression_that_is_no_longer_allowed_is_refused_when_it_is_evaluated(
    organization, vendor, connected, database
):
    made = await connected()
    async with database.write() as session:
        mine = (col(Definition.organization_id) == organization.id, col(Definition.vendor) == "vendor")
        row = (await session.execute(select(Definition).where(*mine))).scalar_one()
        row.body = {**row.body, "verification": verified(expect={"when": "magic(@)"})}
        row.digest = "changed"

    found = await examined(organization.client, made["connection"]["id"])

    message = "The remote service answered 200. There is no function magic; there are abs, add, avg, ceil, "
    assert found["status"] == "OFFLINE"
    assert found["lastError"].startswith(message)


async def test_the_whole_language_is_allowed(organization, vendor, connected):
    names = "sort_by(users, &age)[-1].{id: id, mail: mail, name: name, a: age, b: age, c: age, d: age}"
    account = {"request": {"path": "/me"}, "accountId": f"{names}.id", "displayName": f"{names} | name"}
    made = await connected(verification=None, account=account | {"email": "join('', map(&mail, users[?age > `36`]))"})
    ada = {"id": 7, "name": "Ada", "mail": "ada@example.com", "age": 37}
    vendor.answers("/me", {"users": [ada, {"id": 8, "age": 3}]})

    found = await examined(organization.client, made["connection"]["id"])

    assert found["account"] == ADA


async def test_everybody_else_is_served_meanwhile(organization, vendor, connected, hub):
    made = await connected(verification=verified(expect={"when": LONG}))
    vendor.answers("/me", [1.5] * 20_000)
    stalls = await hub.run(_watching())

    found = await examined(organization.client, made["connection"]["id"])

    await hub.run(stalls.__aexit__())
    assert found["status"] == "CONNECTED"
    assert stalls.longest < 0.05


async def _watching() -> Stalls:
    return await Stalls().__aenter__()


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        (
            "!" * 3000 + "ok",
            "An expression has at most 50 levels of parts within parts; divide it or leave some out.",
        ),
        ("a" * 4097, "An expression has at most 4096 characters; this one has 4097."),
        ("join(ok)", "The function join takes 2 arguments; this call has 1."),
    ],
)
async def test_an_expression_is_judged_when_it_is_saved(organization, vendor, expression, sentence):
    definition = described(vendor, verification=verified(expect={"when": expression}))

    problem = await save(organization.client, "vendor", definition)

    assert problem["violations"] == [{"path": ["input", *PLACE], "message": sentence}]
