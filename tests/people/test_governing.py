"""Access, shares, owner and deletion of an integration: its owner, MANAGE shares and administrators decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.tables import Integration
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.people.token import CreateToken, create_token
from tests.harness.acting import row_id
from tests.harness.graphql import GraphQL
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant
from tests.people.documents import act, principal

_BY_ADMINISTRATORS = (Permission.ACT_AS, Permission.ORGANIZATION_ADMIN)
WORDS = tuple(word for word in Permission if word not in _BY_ADMINISTRATORS)
#: An app's token has TOKENS_WRITE from an administrator only.
OF_APP = [word for word in WORDS if word is not Permission.TOKENS_WRITE]
#: Whether they decide about an integration that is open to the organization.
ROLES = {
    "member": False,
    "viewer": False,
    "manager": True,
    "managing team's member": True,
    "owner": True,
    "administrator": True,
    "an app's token of a member": False,
    "an app's token of the owner": True,
    "an app's token of the organization": False,
}
SENTENCE = (
    "Only its owner, those with a MANAGE share and administrators may share, transfer or delete it, or change its"
    " access; ask one of them."
)


@dataclass(frozen=True)
class House:
    """An open integration of the owner's, and the texts of the tokens by role. `other` receives shares."""

    tenant: Tenant
    app: str
    other: str
    texts: dict[str, str]


@pytest.fixture
async def house(hub, organization: Tenant) -> House:
    """For one test."""
    names = ("owner", "member", "viewer", "manager", "crew", "other")
    ids = {name: await organization.add_user(name, *WORDS) for name in names}
    team = await principal(organization.client, "team", "TEAM", memberIds=[ids["crew"]])
    app = (await act(organization.client, "createIntegration", name="Shop", ownerId=ids["owner"]))["integration"][
        "id"
    ]
    for who, level in {ids["viewer"]: "VIEW", ids["manager"]: "MANAGE", team["id"]: "MANAGE"}.items():
        await act(organization.client, "shareIntegration", integrationId=app, principalId=who, level=level)
    texts = {name: await organization.issue(*WORDS, username=name) for name in names if name != "other"}
    texts["managing team's member"] = texts.pop("crew")
    texts["administrator"] = organization.token
    callers = {"a member": ids["member"], "the owner": ids["owner"], "the organization": None}
    for whose, maker in callers.items():
        texts[f"an app's token of {whose}"] = await _app_token(hub, organization, app, maker)
    return House(organization, app, ids["other"], texts)


async def _app_token(hub, organization: Tenant, app: str, maker: str | None) -> str:
    wanted = CreateToken(name="app", permissions=OF_APP, integration_id=row_id(app))
    operator = Caller.operator(hub.app.state.hub, organization.id)
    caller = operator if maker is None else _user(operator, maker)
    return (await hub.run(create_token(caller, wanted))).secret


def _user(operator: Caller, principal_id: str) -> Caller:
    return Caller(
        hub=operator.hub,
        source=operator.source,
        organization_id=operator.organization_id,
        permissions=frozenset(WORDS),
        actor_name="user",
        principal_id=principal_id,
    )


async def _restrict(client: GraphQL, house: House) -> dict[str, Any]:
    return await act(client, "updateIntegration", house.app, access="RESTRICTED")


async def _share(client: GraphQL, house: House) -> dict[str, Any]:
    return await act(client, "shareIntegration", integrationId=house.app, principalId=house.other, level="MANAGE")


async def _unshare(client: GraphQL, house: House) -> dict[str, Any]:
    return await act(client, "unshareIntegration", integrationId=house.app, principalId=house.other)


async def _transfer(client: GraphQL, house: House) -> dict[str, Any]:
    return await act(client, "transferIntegration", integrationId=house.app, principalId=house.other)


async def _delete(client: GraphQL, house: House) -> dict[str, Any]:
    return await act(client, "deleteIntegration", house.app)


DECISIONS = (_share, _unshare, _restrict, _transfer, _delete)


@pytest.mark.parametrize("role", [role for role, decides in ROLES.items() if not decides])
async def test_others_decide_nothing_about_an_open_integration(house, graphql, database, role) -> None:
    client = graphql(house.texts[role])
    before = await snapshot(database, house.tenant.id)

    refused = [await decide(client, house) for decide in DECISIONS]

    assert [(one["code"], one["message"]) for one in refused] == [("FORBIDDEN", SENTENCE)] * len(DECISIONS)
    assert set(changes(before, await snapshot(database, house.tenant.id))) <= {"+ audit_entry", "~ token"}
    unchanged = {"description": "New", "access": "ORGANIZATION"}
    assert "integration" in await act(client, "updateIntegration", house.app, **unchanged)


@pytest.mark.parametrize("role", [role for role, decides in ROLES.items() if decides])
async def test_its_owner_managers_and_administrators_decide(house, graphql, role) -> None:
    client = graphql(house.texts[role])

    done = [await decide(client, house) for decide in DECISIONS if decide is not _transfer]

    assert [one.get("code") for one in done] == [None] * len(done)


@pytest.mark.parametrize("role", ["owner", "manager", "an app's token of the owner"])
async def test_the_owner_is_changed_by_those_who_decide(house, graphql, role) -> None:
    done = await _transfer(graphql(house.texts[role]), house)

    assert done["integration"]["owner"] == {"username": "other"}


@pytest.mark.parametrize("role", ["member", "an app's token of a member", "an app's token of the organization"])
async def test_without_an_owner_the_permission_is_enough(house, graphql, database, role) -> None:
    async with database.write() as session:
        ours = update(Integration).where(col(Integration.id) == row_id(house.app))
        await session.execute(ours.values(owner_id=None))
    client = graphql(house.texts[role])

    done = [await decide(client, house) for decide in (_share, _unshare, _delete)]

    assert [one.get("code") for one in done] == [None] * 3


async def test_an_integration_made_by_an_apps_token_has_no_owner(hub, house, graphql) -> None:
    client = graphql(house.texts["an app's token of the organization"])

    made = (await act(client, "createIntegration", name="Made"))["integration"]
    gone = await act(graphql(house.texts["member"]), "deleteIntegration", made["id"])

    assert (made["owner"], gone["deletedId"]) == (None, made["id"])


@pytest.mark.parametrize("role", ["member", "viewer", "an app's token of a member"])
async def test_the_dialect_answers_403(house, http, role) -> None:
    headers = {"Authorization": f"Bearer {house.texts[role]}"}
    here = f"/informer/api/integrations/{row_id(house.app)}"

    answers = [
        await http.put(f"{here}/owner", json={"userId": house.other}, headers=headers),
        await http.put(f"{here}/shares/user:other", json={"accessLevel": 2}, headers=headers),
        await http.delete(f"{here}/shares/user:viewer", headers=headers),
        await http.delete(here, headers=headers),
    ]

    assert [(one.status_code, one.json()["message"]) for one in answers] == [(403, SENTENCE)] * 4
