"""Secrets over this dialect: never answered, and sent to no address that they were not entered for."""

from __future__ import annotations

import pytest

from resolvers.secret import mask_of
from tests.cycle.conftest import AUTH, EXTRA, STORE, Cycle, define
from tests.harness.acting import act

HOSTS = "query($id: ID!) { integration(by: {id: $id}) { connection { hosts } } }"
PLANTED = "planted-secret-4711"


@pytest.mark.parametrize(
    ("secret", "mask"),
    [("", "..."), ("abc", "..."), ("abcde", "..."), ("abcdef", "abcde..."), ("K005xAbCdEfGh", "K005x...")],
)
def test_a_mask_shows_five_letters_of_longer_secrets_and_none_of_others(secret: str, mask: str):
    assert mask_of(secret) == mask


async def test_no_answer_holds_a_secret(client: Cycle, store, organization):
    given = {"vendor": "store", "auth": {**AUTH, "secret": PLANTED}, "extra": EXTRA}
    answers = [await client("POST", "?meta=definition", given)]
    one = f"/{answers[0].json()['data']['id']}"

    answers += [await client("PATCH", one, {"auth": {"secret": PLANTED + "2", "key_id": "id2"}})]
    answers += [await client("PATCH", one, {"auth": {"secret": PLANTED + "..."}})]
    answers += [await client("POST", "", {**given, **fault}) for fault in ({"vendor": PLANTED}, {"extra": {}})]
    answers += [await client("GET", path) for path in ("", one, "/available")]
    answers += [await client("POST", f"{one}/tasks", {"action": "verify"}), await client("DELETE", one)]

    assert [answer.status_code for answer in answers] == [201, 200, 422, 422, 422, 200, 200, 200, 422, 202]
    assert [answer.text for answer in answers if PLANTED in answer.text] == []


async def test_a_secret_that_stays_goes_to_no_address_that_is_new(client: Cycle, organization):
    await define(organization, "store", STORE)
    made = await client.make()
    moved = {"id": made["id"], "auth": {"apiBaseUrl": "https://elsewhere.example.com"}}
    await act(organization.client, "updateIntegration", moved)

    seen = []
    for auth in ({"key_id": "id2"}, {"secret": "Entered-again"}):
        await client.ok("PATCH", f"/{made['id']}", {"auth": auth})
        shown = await organization.client.query(HOSTS, id=made["id"])
        seen.append(shown["integration"]["connection"]["hosts"])

    assert seen == [[], ["elsewhere.example.com"]]


async def test_a_client_secret_is_masked_whole_and_merged_like_others(client: Cycle, organization):
    auth = {
        "type": "CLIENT_CREDENTIALS",
        "apiBaseUrl": "https://a.example.com",
        "tokenUrl": "https://a.example.com/t",
    }
    await define(organization, "metal", {"name": "Metal", "category": "infrastructure", "auth": auth})
    made = await client.make(vendor="metal", auth={"client_id": "c1", "secret": PLANTED})

    after = await client.ok("PATCH", f"/{made['id']}", {"auth": {"client_id": "c2", "secret": "..."}})
    gone = await client.ok("PATCH", f"/{made['id']}", {"auth": None})

    assert made["auth"] == {"client_id": "c1", "secret": "..."}
    assert (after["auth"], gone["auth"]) == ({"client_id": "c2", "secret": "..."}, None)
