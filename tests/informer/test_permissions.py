"""Every endpoint with each permission alone, with all but the one it needs, and without a token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from models.database import Database
from models.vocabulary import Permission, Source
from rest.informer import dialect
from tests.files.pictures import png
from tests.harness.apps import Apps
from tests.harness.lending import Lending
from tests.harness.rows import added, changes, snapshot
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.informer.conftest import Informer, refused
from tests.upstreams.faults import FaultServer

ONE = "/integrations/stock"
#: What each endpoint needs, and what it is sent.
NEEDS: list[tuple[str, str, Permission, dict[str, Any]]] = [
    ("GET", "/integrations", Permission.INTEGRATIONS_READ, {}),
    ("GET", "/integrations-list", Permission.INTEGRATIONS_READ, {}),
    ("GET", ONE, Permission.INTEGRATIONS_READ, {}),
    ("POST", "/integrations", Permission.INTEGRATIONS_WRITE, {"json": {"name": "New", "type": "custom"}}),
    ("PUT", ONE, Permission.INTEGRATIONS_WRITE, {"json": {"description": "New"}}),
    ("DELETE", ONE, Permission.INTEGRATIONS_DELETE, {}),
    ("GET", f"{ONE}/icon", Permission.INTEGRATIONS_READ, {}),
    ("PUT", f"{ONE}/icon", Permission.INTEGRATIONS_WRITE, {"files": {"a": ("a", png())}}),
    ("DELETE", f"{ONE}/icon", Permission.INTEGRATIONS_WRITE, {}),
    ("GET", f"{ONE}/account", Permission.CONNECTIONS_READ, {}),
    ("GET", f"{ONE}/connect", Permission.CONNECTIONS_WRITE, {}),
    ("POST", f"{ONE}/connect", Permission.CONNECTIONS_WRITE, {"json": {"apiKey": "k" * 20}}),
    ("GET", f"{ONE}/connection", Permission.CONNECTIONS_READ, {}),
    ("DELETE", f"{ONE}/connection", Permission.CONNECTIONS_WRITE, {}),
    ("POST", f"{ONE}/request", Permission.PROXY_REQUEST, {"json": {"url": "/ok"}}),
    ("GET", f"{ONE}/owner", Permission.INTEGRATIONS_READ, {}),
    ("PUT", f"{ONE}/owner", Permission.INTEGRATIONS_SHARE, {"json": {"userId": "admin"}}),
    ("GET", f"{ONE}/shares", Permission.INTEGRATIONS_READ, {}),
    ("GET", f"{ONE}/shares/member", Permission.INTEGRATIONS_READ, {}),
    ("PUT", f"{ONE}/shares/member", Permission.INTEGRATIONS_SHARE, {"json": {"accessLevel": 2}}),
    ("DELETE", f"{ONE}/shares/member", Permission.INTEGRATIONS_SHARE, {}),
]
#: What is said only to who has got in.
INSIDE = {"There is no such account.", "It authorises with API_KEY, which has no consent page."}
#: A token with the key has the value as well.
BRINGS = {
    Permission.INTEGRATIONS_READ: {Permission.INTEGRATIONS_WRITE},
    Permission.CONNECTIONS_READ: {Permission.CONNECTIONS_WRITE},
}


@dataclass(frozen=True, kw_only=True)
class House:
    """An organization with an app, and a token of the app for each permission alone.

    The app is an integration with an icon, a share and a connection, all of which it may see.
    """

    tenant: Tenant
    tokens: dict[Permission, str]


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="module")
def houses(
    hub: RunningHub, database: Database, new_lasting_organization, lasting_http: httpx.AsyncClient, upstream
) -> Lending[House]:
    async def furnish() -> House:
        tenant = await new_lasting_organization()
        apps, client = Apps(hub=hub, database=database, tenant=tenant), Informer(lasting_http, tenant.token)
        app = await apps.make("Stock", owner_id=tenant.admin_id)
        await tenant.add_user("member")
        change = {"authType": "apikey", "mode": "shared", "apiKey": "k" * 20, "apiBaseUri": upstream.url}
        await client.ok("PUT", ONE, change)
        await client.ok("PUT", f"{ONE}/shares/member")
        assert (await client("PUT", f"{ONE}/icon", files={"a": ("a", png())})).status_code == 200
        return House(tenant=tenant, tokens={word: await apps.token(app, word) for word in Permission})

    return Lending(database, furnish)


@pytest.fixture
async def house(houses: Lending[House]) -> AsyncIterator[House]:
    async with houses.lent() as house:
        yield house


async def call(client: Informer, method: str, path: str, sent: dict[str, Any]) -> httpx.Response:
    return await client(method, path, **sent)


@pytest.mark.parametrize(("method", "path", "needed", "sent"), NEEDS)
async def test_one_permission_opens_what_needs_it_and_nothing_else(
    method: str, path: str, needed: Permission, sent: dict, informer, house: House
):
    closed = [word for word in Permission if word not in {needed, *BRINGS.get(needed, ())}]

    answers = [await call(informer(house.tokens[word]), method, path, sent) for word in closed]
    opened = await call(informer(house.tokens[needed]), method, path, sent)

    assert {refused(answer, 403) for answer in answers} == {f"This needs the permission {needed}."}
    assert opened.status_code in {200, 201, 204} or opened.json()["message"] in INSIDE


@pytest.mark.parametrize(("method", "path", "needed", "sent"), NEEDS)
async def test_a_user_with_all_else_is_refused_and_nothing_is_done(
    method: str, path: str, needed: Permission, sent: dict, informer, house: House, database, upstream: FaultServer
):
    lacking = [word for word in Permission if word not in {needed, *BRINGS.get(needed, ())}]
    user = informer(await house.tenant.issue(*lacking))
    before, arrivals = await snapshot(database, house.tenant.id), upstream.arrivals

    answer = await call(user, method, path, sent)

    assert refused(answer, 403) == f"This needs the permission {needed}."
    assert upstream.arrivals == arrivals
    after = await snapshot(database, house.tenant.id)
    assert changes(before, after) == ["+ audit_entry"]
    (entry,) = added(before, after, "audit_entry")
    assert (entry["action"], entry["source"]) == ("permission.refused", Source.INFORMER)
    assert entry["changes"] == [{"path": "permission", "oldValue": None, "newValue": needed}]


@pytest.mark.parametrize(("method", "path", "needed", "sent"), NEEDS)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer pb_short", "Bearer pb_" + "A" * 43, "Basic cGI6cGI=", "Bearer " + "x" * 9000]
)
async def test_without_a_good_token_every_door_is_closed_alike(
    method: str, path: str, needed: Permission, sent: dict, authorization: str | None, informer
):
    nobody = informer(None)
    nobody.headers = {} if authorization is None else {"Authorization": authorization}

    answer = await call(nobody, method, path, sent)

    assert refused(answer, 401) == "Give a valid token as `Authorization: Bearer …`."
    assert answer.headers["www-authenticate"] == "Bearer"


def test_every_endpoint_is_tried():
    tried = {(method, path.replace("stock", "{id}").replace("member", "{principal}")) for method, path, *_ in NEEDS}

    assert tried == {(one.method, one.path.removeprefix("/api")) for one in dialect.endpoints}
