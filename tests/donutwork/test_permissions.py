"""Every endpoint with each permission alone, with all but the one it needs, and without a token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass

import pytest

from models.database import Database
from models.vocabulary import HttpMethod, Permission, Source
from resolvers.capabilities.declaring import DeclareCapability
from tests.donutwork.conftest import Donut, refused
from tests.harness.apps import Apps
from tests.harness.lending import Lending
from tests.harness.rows import added, changes, snapshot
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

#: What each endpoint needs; None where any valid token will do.
NEEDS = [
    ("GET", "/ping.json", None),
    ("GET", "/connection.json", None),
    ("GET", "/integrations.json", Permission.INTEGRATIONS_READ),
    ("PUT", "/integrations.json", Permission.INTEGRATIONS_WRITE),
    ("GET", "/integrations/STOCK.json", Permission.INTEGRATIONS_READ),
    ("GET", "/integrations/STOCK/GET.json", Permission.DISPATCH_READ),
    ("POST", "/integrations/STOCK/POST.json", Permission.DISPATCH_WRITE),
    ("PUT", "/integrations/STOCK/PUT.json", Permission.DISPATCH_WRITE),
    ("DELETE", "/integrations/STOCK/DELETE.json", Permission.DISPATCH_WRITE),
    ("POST", "/integrations/STOCK/events/Stock.GONE/emit.json", Permission.EVENTS_EMIT),
]
#: A token with the key has the value as well.
BRINGS = {
    Permission.INTEGRATIONS_READ: {Permission.INTEGRATIONS_WRITE},
    Permission.DISPATCH_READ: {Permission.DISPATCH_WRITE},
}
BODIES = {"/integrations.json": {"capabilities": []}}


@dataclass(frozen=True, kw_only=True)
class House:
    """An organization with an app, and a token of the app for each permission alone."""

    tenant: Tenant
    tokens: dict[Permission, str]


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="module")
def houses(
    database: Database, new_lasting_apps: Callable[[], Awaitable[Apps]], upstream: FaultServer
) -> Lending[House]:
    methods = (HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.DELETE)
    actions = [DeclareCapability(name=word, method=word, endpoint=f"{upstream.url}/ok") for word in methods]

    async def furnish() -> House:
        apps = await new_lasting_apps()
        app = await apps.make("Stock", *actions, events=["Stock.GONE"])
        return House(tenant=apps.tenant, tokens={word: await apps.token(app, word) for word in Permission})

    return Lending(database, furnish)


@pytest.fixture
async def house(houses: Lending[House]) -> AsyncIterator[House]:
    async with houses.lent() as house:
        yield house


def said(needed: Permission | None) -> set[str]:
    """The sentences that may name it: the door of dispatches asks for either before it knows the action."""
    either = {Permission.DISPATCH_READ, Permission.DISPATCH_WRITE}
    words = {needed, "DISPATCH_READ or DISPATCH_WRITE"} if needed in either else {needed}
    return {f"This needs the permission {word}." for word in words}


async def call(donut: Donut, method: str, path: str):
    return await donut(method, path, BODIES.get(path) if method == "PUT" else None)


@pytest.mark.parametrize(("method", "path", "needed"), NEEDS)
async def test_one_permission_opens_what_needs_it_and_nothing_else(
    method: str, path: str, needed: Permission | None, donut, house: House
):
    enough = set(Permission) if needed is None else {needed, *BRINGS.get(needed, ())}
    opened = set()

    for permission, token in house.tokens.items():
        answer = await call(donut(token), method, path)
        if answer.status_code == 200:
            opened.add(permission)
        else:
            assert refused(answer, 403) in said(needed)

    assert opened == enough


@pytest.mark.parametrize(("method", "path", "needed"), [row for row in NEEDS if row[2]])
async def test_a_user_with_all_else_is_refused_and_nothing_is_done(
    method: str, path: str, needed: Permission, donut, house: House, database: Database, upstream: FaultServer
):
    lacking = [word for word in Permission if word not in {needed, *BRINGS.get(needed, ())}]
    user = donut(await house.tenant.issue(*lacking))
    before, arrivals = await snapshot(database, house.tenant.id), upstream.arrivals

    answer = await call(user, method, path)

    assert refused(answer, 403) in said(needed)
    assert upstream.arrivals == arrivals
    after = await snapshot(database, house.tenant.id)
    assert changes(before, after) == ["+ audit_entry"]
    (entry,) = added(before, after, "audit_entry")
    assert (entry["action"], entry["source"]) == ("permission.refused", Source.DONUTWORK)
    (change,) = entry["changes"]
    assert change == {"path": "permission", "oldValue": None, "newValue": change["newValue"]}
    assert change["newValue"] in {needed, Permission.DISPATCH_READ}


@pytest.mark.parametrize(("method", "path", "needed"), NEEDS)
@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer pb_short",
        "Bearer pb_" + "A" * 43,
        "Basic cGI6cGI=",
        "Bearer " + "x" * 9000,
    ],
)
async def test_without_a_good_token_every_door_is_closed_alike(
    method: str, path: str, needed, authorization: str | None, donut, house: House, upstream: FaultServer
):
    arrivals = upstream.arrivals
    nobody = donut(None)
    nobody.headers = {} if authorization is None else {"Authorization": authorization}

    answer = await call(nobody, method, path)

    assert refused(answer, 401) == "Invalid token"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert upstream.arrivals == arrivals
