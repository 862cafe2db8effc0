"""Every endpoint with each permission alone, with all but the one it needs, and without a token."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from sqlmodel import col, select

from models.tables import AuditEntry
from models.vocabulary import Permission, Source
from rest.informer import dialect
from tests.files.pictures import png
from tests.harness.apps import Apps
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
INSIDE = {"There is no such account.", "The integration authorises with API_KEY, not with a consent."}
#: A token with the key has the value as well.
BRINGS = {
    Permission.INTEGRATIONS_READ: {Permission.INTEGRATIONS_WRITE},
    Permission.CONNECTIONS_READ: {Permission.CONNECTIONS_WRITE},
}


@pytest.fixture
async def app(client: Informer, apps: Apps, upstream: FaultServer):
    """An app that is an integration with an icon, a share and a connection, all of which it may see."""
    made = await apps.make("Stock", owner_id=apps.tenant.admin_id)
    await apps.tenant.add_user("member")
    change = {"authType": "apikey", "mode": "shared", "apiKey": "k" * 20, "apiBaseUri": upstream.url}
    await client.ok("PUT", ONE, change)
    await client.ok("PUT", f"{ONE}/shares/member")
    assert (await client("PUT", f"{ONE}/icon", files={"a": ("a", png())})).status_code == 200
    return made


async def call(client: Informer, method: str, path: str, sent: dict[str, Any]) -> httpx.Response:
    return await client(method, path, **sent)


@pytest.mark.parametrize(("method", "path", "needed", "sent"), NEEDS)
async def test_one_permission_opens_what_needs_it_and_nothing_else(
    method: str, path: str, needed: Permission, sent: dict, informer, apps: Apps, app
):
    closed = [word for word in Permission if word not in {needed, *BRINGS.get(needed, ())}]

    answers = {word: await call(informer(await apps.token(app, word)), method, path, sent) for word in closed}
    opened = await call(informer(await apps.token(app, needed)), method, path, sent)

    assert {refused(answer, 403) for answer in answers.values()} == {f"This needs the permission {needed}."}
    assert opened.status_code in {200, 201, 204} or opened.json()["message"] in INSIDE


@pytest.mark.parametrize(("method", "path", "needed", "sent"), NEEDS)
async def test_a_user_with_all_else_is_refused_and_nothing_is_done(
    method: str, path: str, needed: Permission, sent: dict, informer, apps: Apps, app, upstream: FaultServer
):
    lacking = [word for word in Permission if word not in {needed, *BRINGS.get(needed, ())}]
    user = informer(await apps.tenant.issue(*lacking))

    answer = await call(user, method, path, sent)

    assert refused(answer, 403) == f"This needs the permission {needed}."
    assert upstream.connections == 0
    async with apps.database.read() as session:
        mine = col(AuditEntry.organization_id) == apps.tenant.id
        entries = select(AuditEntry).where(mine, col(AuditEntry.action) == "permission.refused")
        (entry,) = (await session.execute(entries)).scalars()
    assert entry.source is Source.INFORMER
    assert entry.changes == [{"path": "permission", "oldValue": None, "newValue": needed}]


@pytest.mark.parametrize(("method", "path", "needed", "sent"), NEEDS)
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer pb_short", "Bearer pb_" + "A" * 43, "Basic cGI6cGI=", "Bearer " + "x" * 9000]
)
async def test_without_a_good_token_every_door_is_closed_alike(
    method: str, path: str, needed: Permission, sent: dict, authorization: str | None, informer, upstream
):
    nobody = informer(None)
    nobody.headers = {} if authorization is None else {"Authorization": authorization}

    answer = await call(nobody, method, path, sent)

    assert refused(answer, 401) == "Give a valid token as `Authorization: Bearer …`."
    assert answer.headers["www-authenticate"] == "Bearer"


def test_every_endpoint_is_tried():
    tried = {(method, path.replace("stock", "{id}").replace("member", "{principal}")) for method, path, *_ in NEEDS}

    assert tried == {(one.method, one.path.removeprefix("/api")) for one in dialect.endpoints}
