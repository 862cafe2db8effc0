"""Secrets over this dialect: never answered, and sent to no address that they were not entered for."""

from __future__ import annotations

from typing import Any

import pytest

from models.vocabulary import Permission
from resolvers.secret import mask_of
from tests.cycle.conftest import AUTH, EXTRA, STORE, Cycle, define, refused
from tests.harness.acting import act, attempt
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant

HOSTS = "query($id: ID!) { integration(by: {id: $id}) { connection { hosts } } }"
CONNECTION = "query($id: ID!) { integration(by: {id: $id}) { connection { databaseId } } }"
PLANTED = "planted-secret-4711"
#: A vendor of which a parameter names the host.
PLACED = {
    **STORE,
    "auth": {"type": "BASIC", "apiBaseUrl": "https://{place}.example.com"},
    "fields": [
        *STORE["fields"][:2],
        {"key": "place", "group": "PARAMETER", "label": "Place", "required": True, "pattern": "[a-z]+"},
    ],
}
METAL = {
    "name": "Metal",
    "category": "infrastructure",
    "auth": {
        "type": "CLIENT_CREDENTIALS",
        "apiBaseUrl": "https://a.example.com",
        "tokenUrl": "https://a.example.com/t",
    },
}


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


async def hosts(tenant: Tenant, made: dict[str, Any]) -> list[str]:
    """The hosts to which the credential of an integration goes."""
    return (await tenant.client.query(HOSTS, id=made["id"]))["integration"]["connection"]["hosts"]


async def move(tenant: Tenant, made: dict[str, Any], **auth: str) -> Any:
    """Change the auth group of an integration over GraphQL."""
    return await act(tenant.client, "updateIntegration", {"id": made["id"], "auth": auth})


async def test_a_change_that_leaves_a_secret_behind_is_refused_at_that_secret(client: Cycle, organization, database):
    await define(organization, "store", STORE)
    made = await client.make()
    await move(organization, made, apiBaseUrl="https://elsewhere.example.com")
    before = await snapshot(database, organization.id)

    parts: list[dict[str, Any]] = [{"auth": {"key_id": "id2"}}, {"auth": {"key_id": "id2", "secret": "..."}}]
    answers = [await client("PATCH", f"/{made['id']}", part) for part in [*parts, {"extra": {**EXTRA, "a": "b"}}]]

    for answer in answers:
        detail = refused(answer, 422, "422.invalid-argument", "/auth/secret")
        assert "https://elsewhere.example.com" in detail
    assert changes(before, await snapshot(database, organization.id)) == []
    await client.ok("PATCH", f"/{made['id']}", {"name": "Renamed", "auth": {"secret": "..."}})
    await move(organization, made, apiBaseUrl="https://api.example.com")
    assert await hosts(organization, made) == ["api.example.com"]


@pytest.mark.parametrize("secret", [AUTH["secret"], "Another-secret"])
async def test_a_secret_that_is_entered_again_goes_to_the_present_address(client: Cycle, organization, secret: str):
    await define(organization, "store", STORE)
    made = await client.make()
    await move(organization, made, apiBaseUrl="https://elsewhere.example.com")

    await client.ok("PATCH", f"/{made['id']}", {"auth": {"secret": secret}})

    assert await hosts(organization, made) == ["elsewhere.example.com"]


@pytest.mark.parametrize("auth", [None, {}, {"key_id": "id2"}, {"key_id": "id2", "secret": "K005x..."}])
async def test_parameters_lead_a_secret_that_stays_to_no_new_address(client: Cycle, organization, auth: Any):
    await define(organization, "store", PLACED)
    made = await client.make(vendor="store", auth=AUTH, extra={"place": "eu"})
    moved = {"extra": {"place": "us"}, **({} if auth is None else {"auth": auth})}

    answer = await client("PATCH", f"/{made['id']}", moved)

    refused(answer, 422, "422.invalid-argument", "/auth/secret")
    assert (await client.ok("GET", f"/{made['id']}"))["extra"] == {"place": "eu"}
    await client.ok("PATCH", f"/{made['id']}", {"extra": {"place": "us"}, "auth": {"secret": AUTH["secret"]}})
    assert await hosts(organization, made) == ["us.example.com"]


async def test_another_client_takes_no_client_secret_along_to_a_new_address(client: Cycle, organization):
    await define(organization, "metal", METAL)
    made = await client.make(vendor="metal", auth={"client_id": "c1", "secret": PLANTED})
    elsewhere = "https://elsewhere.example.com/t"
    await move(organization, made, tokenUrl=elsewhere)

    answer = await client("PATCH", f"/{made['id']}", {"auth": {"client_id": "c2"}})
    given = {"id": made["id"], "auth": {"clientId": "c2"}}
    problem = await attempt(organization.client, "updateIntegration", given, "id")

    refused(answer, 422, "422.invalid-argument", "/auth/secret")
    assert (problem["code"], problem["path"]) == ("INVALID_INPUT", ["input", "auth", "clientSecret"])
    assert (await client.ok("GET", f"/{made['id']}"))["auth"]["client_id"] == "c1"
    await client.ok("PATCH", f"/{made['id']}", {"auth": {"client_id": "c2", "secret": PLANTED}})


async def test_a_client_secret_is_masked_whole_and_merged_like_others(client: Cycle, organization):
    await define(organization, "metal", METAL)
    made = await client.make(vendor="metal", auth={"client_id": "c1", "secret": PLANTED})

    after = await client.ok("PATCH", f"/{made['id']}", {"auth": {"client_id": "c2", "secret": "..."}})
    gone = await client.ok("PATCH", f"/{made['id']}", {"auth": None})

    assert made["auth"] == {"client_id": "c1", "secret": "..."}
    assert (after["auth"], gone["auth"]) == ({"client_id": "c2", "secret": "..."}, None)


async def test_a_client_is_shown_as_other_credentials_are(client: Cycle, cycle, organization):
    await define(organization, "metal", METAL)
    made = await client.make(vendor="metal", auth={"client_id": "c1", "secret": PLANTED})
    reader = cycle(await organization.issue(Permission.INTEGRATIONS_READ))
    writer = cycle(await organization.issue(Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE))

    seen = [await reader.ok("GET", f"/{made['id']}"), *await reader.ok("GET", "")]
    seen += [await writer.ok("PATCH", f"/{made['id']}", {"name": "Renamed"})]
    descriptor = await client.ok("DELETE", f"/{made['id']}", status=202)
    seen += [await client.ok("GET", f"/{made['id']}"), *await client.ok("GET", "?filter[state]=deleting,deleted")]
    await client.ended(descriptor["job"]["id"])
    seen += [await client.ok("GET", f"/{made['id']}")]

    assert [one["auth"] for one in seen] == [None] * 6
    assert made["auth"] == {"client_id": "c1", "secret": "..."}


async def test_credentials_of_another_kind_are_withdrawn_and_replaced_like_others(client: Cycle, organization):
    await define(organization, "store", STORE)
    made = await client.make()
    await client.ok("PATCH", f"/{made['id']}", {"auth": None})
    other = {"integrationId": made["id"], "mode": "SHARED", "default": True, "secret": {"none": True}}
    await act(organization.client, "createConnection", other)

    shown = await client.ok("GET", f"/{made['id']}")
    await client.ok("PATCH", f"/{made['id']}", {"auth": None})
    left = (await organization.client.query(CONNECTION, id=made["id"]))["integration"]["connection"]

    assert (shown["auth"], left) == (None, None)
    again = await client.ok("PATCH", f"/{made['id']}", {"auth": AUTH})
    assert again["auth"] == {"key_id": "id1", "secret": "K005x..."}
