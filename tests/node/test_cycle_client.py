"""A client made of Cycle's OpenAPI document makes every call of its reference at the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.harness.contracts import contract
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.node.cycle_client import DOCUMENT, Cycle, build_client, cycle
from tests.node.driver import Driver
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

pytestmark = [pytest.mark.needs("node", "contracts"), pytest.mark.long]

VENDOR, ZERO = "silo", "0001-01-01T00:00:00Z"
_ORDER = ("new", "queued", "scheduled", "running", "completed", "error", "expired")
NIGHTLY = {
    "name": "Nightly backups",
    "vendor": VENDOR,
    "identifier": "nightly-backups",
    "auth": {"key_id": "0051234567890ab", "secret": "K005xAbCdEfGh"},
    "extra": {"bucket": "acme-backups"},
}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client, made once for the session."""
    return build_client(tmp_path_factory.mktemp("cycle"))


@pytest.fixture(scope="module")
def driver(compiled: Path, hub: RunningHub) -> Iterator[Driver]:
    with cycle(compiled, hub.url) as driver:
        yield driver


@pytest.fixture
async def client(driver: Driver, organization: Tenant, upstream: FaultServer) -> Cycle:
    """For an organization with a definition whose vendor answers as the upstream does."""
    await define(organization, upstream.url)
    return Cycle(driver, organization.token, organization.id)


@pytest.fixture
def as_written(client: Cycle, request: pytest.FixtureRequest) -> Cycle:
    """The client with brackets as they are, or encoded."""
    return Cycle(client.driver, client.token, client.hub, encoded=request.param)


async def define(organization: Tenant, address: str) -> None:
    definition = {
        "name": "Silo",
        "category": "object-storage",
        "docs": "https://silo.example.com",
        "auth": {"type": "BASIC", "apiBaseUrl": address},
        "fields": [
            {"key": "keyId", "group": "SECRET", "label": "Key ID", "required": True, "secret": False},
            {"key": "secret", "group": "SECRET", "label": "Application key", "required": True},
            {"key": "bucket", "group": "PARAMETER", "label": "Bucket", "required": True},
        ],
        "credential": {"username": "{keyId}", "password": "{secret}"},
        "verification": {"required": True, "request": {"path": "/me"}},
    }
    document = "mutation($new: SaveDefinitionInput!) { saveDefinition(input: $new) { __typename } }"
    await organization.client.query(document, new={"vendor": VENDOR, "definition": definition})


async def test_makes_every_call_of_the_reference(client: Cycle, organization: Tenant, upstream: FaultServer) -> None:
    upstream.answers["/me"] = reply(b'{"id": 1}')

    available = await client("getAvailableIntegrations")
    made = await client("createIntegration", NIGHTLY, {"meta": ["definition"]})
    read = await client("getIntegration", made["id"])
    changed = await client("updateIntegration", made["id"], {"name": "Weekly backups", "extra": {"bucket": "weekly"}})
    listed = await client("getIntegrations", {"filter": {"search": "weekly"}, "page": {"size": 5, "number": 1}})
    verifying = await client("createIntegrationJob", made["id"], {"action": "verify"})
    verified = await client.track(verifying["job"]["id"])
    live = await client("getIntegrations", {"filter": {"state": "live"}, "meta": ["definition"]})
    deleting = await client("deleteIntegration", made["id"])
    deleted = await client.track(deleting["job"]["id"])
    await client("getJob", deleting["job"]["id"])

    assert [one["vendor"] for found in available.values() for one in found or [] if one["vendor"] == VENDOR] == [
        VENDOR
    ]
    assert made["meta"]["definition"]["vendor"] == VENDOR
    assert (read["name"], read["hub_id"], read["state"]["current"]) == ("Nightly backups", organization.id, "new")
    assert read["auth"]["secret"] == "K005x..."
    assert (changed["name"], changed["extra"]) == ("Weekly backups", {"bucket": "weekly"})
    assert [one["id"] for one in listed] == [one["id"] for one in live] == [made["id"]]
    assert (verifying["action"], deleting["action"]) == ("verify", "delete")
    assert verified["job"]["state"]["current"] == deleted["job"]["state"]["current"] == "completed"
    assert client.called == contract("cycle", DOCUMENT).operations.keys()


async def test_follows_a_verification_to_its_end(client: Cycle, upstream: FaultServer) -> None:
    upstream.answers["/me"] = reply(b'{"id": 1}')
    made = await client("createIntegration", NIGHTLY)
    job = (await client("createIntegrationJob", made["id"], {"action": "verify"}))["job"]

    tracked = await client.track(job["id"])

    places = [_ORDER.index(state) for state in tracked["states"]]
    assert tracked["unknown"] == 0
    assert places == sorted(places)
    assert tracked["shares"] == sorted(tracked["shares"])
    assert tracked["shares"][-1] == 1
    (task,) = tracked["job"]["tasks"]
    assert task["output"]
    assert {type(value) for value in task["output"].values()} == {str}
    assert ZERO not in [time for step in task["steps"] for time in (step["started"], step["completed"])]


async def test_reads_the_message_of_a_verification_that_fails(client: Cycle, upstream: FaultServer) -> None:
    upstream.answers["/me"] = reply(b'{"error": "K005xAbCdEfGh is unknown"}', status=401)
    made = await client("createIntegration", NIGHTLY)
    job = (await client("createIntegrationJob", made["id"], {"action": "verify"}))["job"]

    tracked = await client.track(job["id"])
    after = await client("getIntegration", made["id"])

    message = tracked["job"]["state"]["error"]["message"]
    assert tracked["states"][-1] == "error"
    assert message
    assert "K005xAbCdEfGh" not in message
    assert after["state"]["current"] == "new"
    assert after["state"]["error"]["message"]


async def test_gives_up_an_unknown_job_after_five_more_looks(client: Cycle) -> None:
    tracked = await client.track("0" * 24, 1)

    assert tracked["unknown"] == 5
    assert tracked["failure"]["error"]["code"] == "404.job"


@pytest.mark.parametrize("as_written", [False, True], indirect=True, ids=["raw brackets", "encoded brackets"])
async def test_reads_pages_and_filters_however_their_brackets_are_written(as_written: Cycle) -> None:
    names = ["Alpha backups", "Bravo backups", "Delta archive"]
    made = {name: (await as_written("createIntegration", NIGHTLY | {"name": name}))["id"] for name in names}

    async def found(**query: Any) -> list[str]:
        return [one["id"] for one in await as_written("getIntegrations", query)]

    assert await found(filter={"search": "backups"}, sort="name") == [made[name] for name in names[:2]]
    assert await found(filter={"state": "live,deleted"}) == []
    assert await found(page={"size": 1, "number": 3}, sort="name") == [made["Delta archive"]]
    assert await found(page={"size": 2, "number": 2}, sort="-name") == [made["Alpha backups"]]


async def test_reads_the_code_and_the_words_of_each_refusal(
    client: Cycle, new_organization: Callable[..., Any]
) -> None:
    stranger = await new_organization()
    made = await client("createIntegration", NIGHTLY)
    nobody = Cycle(client.driver, None, client.hub)
    unknown = Cycle(client.driver, "nonsense", client.hub)
    elsewhere = Cycle(client.driver, client.token, stranger.id)
    reader = Cycle(client.driver, stranger.token, stranger.id)

    refusals = {
        "no token": await nobody.refused("getIntegrations"),
        "a token of nobody": await unknown.refused("getIntegrations"),
        "another hub": await elsewhere.refused("getIntegrations"),
        "another's integration": await reader.refused("getIntegration", made["id"]),
        "no vendor": await client.refused("createIntegration", {"name": "Weekly"}),
        "an unknown vendor": await client.refused("createIntegration", NIGHTLY | {"vendor": "nobody"}),
        "an unknown action": await client.refused("createIntegrationJob", made["id"], {"action": "dance"}),
        "an empty page": await client.refused("getIntegrations", {"page": {"size": 0}}),
        "a page by words": await client.refused("getIntegrations", {"page": {"number": "1e3"}}),
    }

    assert {case: refusal.error for case, refusal in refusals.items()} == {
        "no token": "401.auth-invalid",
        "a token of nobody": "401.auth-invalid",
        "another hub": "404.hub",
        "another's integration": "404.hub.integration",
        "no vendor": "422.missing-argument",
        "an unknown vendor": "422.invalid-argument",
        "an unknown action": "422.invalid-argument",
        "an empty page": "422.invalid-argument",
        "a page by words": "422.invalid-argument",
    }
    assert [
        refusal for refusal in refusals.values() if not refusal.message or not refusal.body["error"]["status"]
    ] == []
