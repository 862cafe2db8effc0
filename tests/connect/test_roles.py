"""Connect links by role: a link reaches what its maker and its user may reach when it is used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import Integration, Token
from models.vocabulary import ConnectionMode, IntegrationAccess, Permission
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.mutations import update_integration
from tests.connect.people import App, create_link, make_integration, submit
from tests.harness.acting import act, remove, row_id
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.harness.graphql import GraphQL
from tests.harness.roles import MEMBERS, Due, Right, Role, Way, due, settle
from tests.harness.rows import changes, snapshot

KEY = {"type": "API_KEY", "apiBaseUrl": "https://api.example"}
CHANGE = "mutation($input: UpdatePrincipalInput!) { updatePrincipal(input: $input) { __typename } }"
PERSONAL, APP = Way.PERSONAL, Way.APP


@pytest.fixture
async def app(organization) -> App:
    """An integration that is open to the organization."""
    return await make_integration(organization, name="Acme", auth=KEY)


@both
@pytest.mark.parametrize(
    ("way", "mode"),
    [(PERSONAL, ConnectionMode.PER_USER), (PERSONAL, ConnectionMode.SHARED), (APP, ConnectionMode.SHARED)],
)
@pytest.mark.parametrize("role", Role, ids=lambda role: role.name.lower())
async def test_a_link_reaches_what_its_maker_may_reach_when_it_is_used(
    role: Role, way: Way, mode: ConnectionMode, app: App, hub, organization, graphql, browser, database
):
    stock = Integration(id=app.row_id, organization_id=organization.id, name="Acme")
    texts = await settle(hub, organization, stock, IntegrationAccess.ORGANIZATION)
    client = graphql(texts[role, way])
    own = mode is ConnectionMode.PER_USER
    holder = {"principalId": (await viewer(client))["id"]} if own else {"mode": "SHARED"}
    link = (await create_link(client, integrationIds=[app.id], **holder))["url"]
    browser.get(link)
    admin = caller_of(hub, organization)
    await hub.run(update_integration(admin, UpdateIntegration(id=app.row_id, access=role.access)))
    before = await snapshot(database, organization.id)

    sent = submit(browser, link, integration=app.row_id, apiKey="k")

    expected = due(role, way, Right.OWNING if own else Right.CHANGING, Permission.CONNECTIONS_WRITE)
    made = [change for change in changes(before, await snapshot(database, organization.id)) if "connection" in change]
    assert ("+ connection" in made) == (expected is Due.DONE)
    assert sent.status_code == (303 if expected is Due.DONE else 410)


@pytest.mark.parametrize("end", ["disabled", "removed", "narrowed", "revoked", "expired"])
@pytest.mark.parametrize("signed", [False, True])
async def test_a_link_ends_with_its_maker(
    end: str, signed: bool, app: App, organization, graphql: Callable[..., GraphQL], browser, database
):
    maker = await organization.add_user("maker", *MEMBERS)
    token = {"name": "t", "permissions": list(MEMBERS), "principalId": maker}
    made = await act(organization.client, "createToken", token, "secret token { id }")
    link = await _link(graphql(made["secret"]), app, signed=signed)
    opened = browser.get(link)
    if end == "expired":
        async with database.write() as session:
            mine = update(Token).where(col(Token.id) == row_id(made["token"]["id"]))
            await session.execute(mine.values(expires_at=1))
    else:
        await _end(organization.client, end, maker, made["token"]["id"])
    before = await snapshot(database, organization.id)

    over = browser.get(link)
    sent = submit(browser, link, integration=app.row_id, apiKey="k")

    assert (opened.status_code, over.status_code, sent.status_code) == (200, 410, 410)
    assert changes(before, await snapshot(database, organization.id)) == []


async def _link(client: GraphQL, app: App, *, signed: bool) -> str:
    """A link to a shared connection: made on purpose, or signed inside a refusal."""
    if not signed:
        return (await create_link(client, integrationIds=[app.id], mode="SHARED"))["url"]
    do = {"name": "DO", "method": "GET", "endpoint": "/ok"}
    await act(client, "updateIntegration", {"id": app.id, "mode": "SHARED"})
    await act(client, "declareCapabilities", {"integrationId": app.id, "capabilities": [do]})
    asked = 'query($id: ID!) { integration(by: {id: $id}) { capability(name: "DO") { id } } }'
    named = (await client.query(asked, id=app.id))["integration"]["capability"]
    run = "mutation($c: ID!) { dispatch(input: {capability: {id: $c}}) { ... on NotReady { connectUrl } } }"
    return (await client.query(run, c=named["id"]))["dispatch"]["connectUrl"]


async def _end(admin: GraphQL, end: str, maker: str, token: str) -> None:
    changes: dict[str, dict[str, Any]] = {
        "disabled": {"disabled": True},
        "narrowed": {"permissions": [word for word in MEMBERS if word is not Permission.CONNECTIONS_WRITE]},
    }
    if end in changes:
        await admin.query(CHANGE, input={"id": maker, **changes[end]})
    elif end == "removed":
        await admin.query("mutation($id: ID!) { deletePrincipal(id: $id) { __typename } }", id=maker)
    else:
        assert "code" not in await remove(admin, "revokeToken", token)


async def viewer(client: GraphQL) -> dict[str, Any]:
    """The client's user."""
    return (await client.query("{ viewer { principal { id } } }"))["viewer"]["principal"]
