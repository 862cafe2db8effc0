"""What the egress policy refuses, and how many calls of one organization to one host run at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from models.vocabulary import Permission
from tests.harness.acting import act, attempt, listed
from tests.harness.calling import CALLED, App, app, capability, given
from tests.harness.tenants import Tenant
from tests.harness.waiting import eventually

GET = capability("GET", "GET", "/ok", timeoutSeconds=5)
POST = capability("POST", "POST", "/ok", given("text", "STRING"), timeoutSeconds=5)
HELD = capability("HELD", "GET", "/held", timeoutSeconds=60)
SILENT = capability("SILENT", "GET", "/silent", timeoutSeconds=1)
ENDED = f"{CALLED} failure {{ kind message retryAfterSeconds }}"
SENTENCES = ["The egress policy does not allow this address.", "This is not an address that can be called."]
INNER = [
    "http://169.254.169.254",
    "https://169.254.169.254",
    "http://localhost:{port}",
    "http://127.0.0.1:{port}",
    "http://127.1:{port}",
    "http://2130706433:{port}",
    "http://0x7f.1:{port}",
    "http://0:{port}",
    "http://[::1]:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "https://[::ffff:7f00:1]:{port}",
    "http://[fd00:ec2::254]",
    "http://10.0.0.1",
]


@pytest.fixture(scope="module")
async def closed(another_hub) -> AsyncIterator[Tenant]:
    """An organization whose hub may call no inner network."""
    async with another_hub(egress_allow="") as tenant:
        yield tenant


async def test_refuses_inner_addresses_without_naming_them(closed, canary) -> None:
    bases = [base.format(port=canary.port) for base in INNER]
    capabilities = [capability(f"C{n}", "GET", f"{base}/ok", timeoutSeconds=5) for n, base in enumerate(bases)]
    shop = await app(closed.client, "https://fine.example", *capabilities)

    done = [await shop.run(f"C{n}") for n in range(len(bases))]

    for base, one in zip(bases, done, strict=True):
        assert (one["dispatch"]["outcome"], one["dispatch"]["externalStatus"]) == ("REFUSED", None), base
        assert one["dispatch"]["error"] in SENTENCES
        assert one["response"] is None
    assert canary.connections == 0


async def test_one_allowance_is_no_other(another_hub, upstream, canary) -> None:
    async with another_hub(egress_allow=f"127.0.0.1/32:{upstream.port}") as tenant:
        shop = await app(
            tenant.client, upstream.url, GET, capability("OTHER", "GET", f"{canary.url}/ok", timeoutSeconds=5)
        )

        assert (await shop.run("GET"))["dispatch"]["outcome"] == "SUCCEEDED"
        assert (await shop.run("OTHER"))["dispatch"]["outcome"] == "REFUSED"
    assert canary.connections == 0


async def test_a_connections_own_base_is_held_to_the_policy_too(closed, canary) -> None:
    shop = await app(closed.client, "https://fine.example", GET, auth={"type": "BEARER"})
    secret = {"integrationId": shop.id, "secret": {"bearerToken": "t"}, "baseUrl": canary.url}
    await act(closed.client, "createConnection", secret)

    assert (await shop.run("GET"))["dispatch"]["outcome"] == "REFUSED"
    assert canary.connections == 0


async def test_credentials_share_no_connection(organization, upstream) -> None:
    """The remote service takes a body for the next request, which would answer one user with another's header."""
    shop = await app(organization.client, upstream.url, POST, auth={"type": "BEARER"})
    again = await app(organization.client, upstream.url, POST)
    upstream.ignores_bodies = True
    mine, theirs = [await _connection(organization, shop, token) for token in ("mine-4711", "theirs-4711")]
    stealing = {"text": "GET /echo HTTP/1.1\r\nX-Rest: "}

    for name in (mine, theirs):
        await shop.run("POST", stealing, connectionId=name)
    await again.run("POST", stealing)

    assert upstream.connections == 3
    assert [one.target for one in upstream.requests] == ["/ok"] * 3


@pytest.mark.parametrize("auth_type", ["NONE", "BEARER"])
async def test_users_whose_values_fill_the_headers_share_no_connection(organization, upstream, auth_type) -> None:
    headers = [{"name": "X-Who", "value": "${user.username}"}]
    more = {"secret": {"bearerToken": "shared-4711"}} if auth_type == "BEARER" else {}
    auth = {"type": auth_type, "headers": headers}
    shop = await app(organization.client, upstream.url, POST, auth=auth, **more)
    upstream.ignores_bodies = True
    words = (Permission.DISPATCH_READ, Permission.DISPATCH_WRITE)
    for name in ("ada", "otto"):
        await organization.add_user(name, *words)
    ada, otto = [shop.by(await organization.signed_in(*words, username=name)) for name in ("ada", "otto")]

    for one in (ada, otto):
        await one.run("POST", {"text": "GET /echo HTTP/1.1\r\nX-Rest: "})

    assert upstream.connections == 2
    assert [(one.target, one.header("x-who")) for one in upstream.requests] == [("/ok", ["ada"]), ("/ok", ["otto"])]


async def _connection(tenant: Tenant, shop: App, token: str) -> str:
    new = {"integrationId": shop.id, "secret": {"bearerToken": token}}
    return (await act(tenant.client, "createConnection", new, "id"))["id"]


async def test_more_calls_than_may_wait_are_refused_and_recorded(another_hub, upstream) -> None:
    settings = {"egress_allow": "127.0.0.0/8", "egress_per_host": 2, "egress_queue_per_host": 1}
    async with another_hub(**settings) as tenant:
        shop = await app(tenant.client, upstream.url, HELD)

        held = asyncio.create_task(_attempts(shop, "HELD", 3))
        await upstream.received(2)
        await eventually(lambda: _under_way(tenant, 3))
        beyond = await _attempts(shop, "HELD", 3)
        running_then = len(upstream.requests)
        donut = f"/donutwork/2026-02-01/integrations/{shop.handler}/HELD.json"
        vendor = await tenant.client._http.get(donut, headers=tenant.client._headers)
        upstream.let_go.set()
        ended = await held
        rows = await listed(tenant.client, "dispatches", "outcome error")

    assert [one["failure"] for one in beyond] == [
        {"kind": "BLOCKED", "message": rows[0]["error"], "retryAfterSeconds": 1}
    ] * 3
    assert (vendor.status_code, vendor.headers["retry-after"]) == (429, "1")
    assert running_then == 2
    assert [one["dispatch"]["outcome"] for one in ended] == ["SUCCEEDED"] * 3
    assert [row["outcome"] for row in rows] == ["REFUSED"] * 4 + ["SUCCEEDED"] * 3


@pytest.fixture(scope="module")
async def narrow(another_hub) -> AsyncIterator[Tenant]:
    """An organization two of whose calls to a host run at once."""
    settings = {"egress_allow": "127.0.0.0/8", "egress_per_host": 2, "egress_queue_per_host": 100}
    async with another_hub(**settings) as tenant:
        yield tenant


async def test_a_host_that_hangs_holds_up_no_other(narrow, upstream, faults) -> None:
    hanging = await app(narrow.client, upstream.url, HELD, name="Hanging")
    well = await app(narrow.client, faults.url, GET, name="Well")
    held = asyncio.create_task(_attempts(hanging, "HELD", 20))
    await upstream.received(2)

    done = await _attempts(well, "GET", 10)
    hanging_then = len(upstream.requests)
    upstream.let_go.set()
    ended = await held

    assert [one["dispatch"]["outcome"] for one in done] == ["SUCCEEDED"] * 10
    assert hanging_then == 2
    assert [one["dispatch"]["outcome"] for one in ended] == ["SUCCEEDED"] * 20


async def test_calls_that_give_up_in_the_queue_at_once_end_as_they_should(narrow, upstream) -> None:
    silent = await app(narrow.client, upstream.url, SILENT, name="Silent")

    ended = await _attempts(silent, "SILENT", 20)

    assert {one["dispatch"]["outcome"] for one in ended} <= {"TIMED_OUT", "REFUSED"}


async def _attempts(shop: App, name: str, times: int) -> list[dict]:
    asked = {"capability": {"named": {"handler": shop.handler, "name": name}}}
    return await asyncio.gather(*(attempt(shop.client, "dispatch", asked, ENDED) for _ in range(times)))


async def _under_way(tenant: Tenant, count: int) -> bool:
    """Whether so many intents are written: two run, and the others wait for their turn."""
    return len(await listed(tenant.client, "dispatches", "id", "(filter: { outcome: [null] })")) == count
