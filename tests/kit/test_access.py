"""A restricted integration is there for its owner, for whom it is shared with and for administrators, nobody else."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import update
from sqlmodel import col

from models.row import name_key
from models.tables import Integration, Principal, Share, TeamMember
from models.vocabulary import IntegrationAccess, Permission, PrincipalKind
from resolvers.installations.address import InstallationAddress
from resolvers.installations.mutations import uninstall_integration
from resolvers.installations.queries import InstallationFilter, list_installations
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration, update_integration
from resolvers.page import SliceRequest
from schema.kit.ids import global_id
from tests.harness.backends import both
from tests.harness.estate import Estate
from tests.harness.lending import Lending
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant

pytestmark = both
PEOPLE = {
    "owner": (True, True),
    "administrator": (True, True),
    "viewer": (True, False),
    "manager": (True, True),
    "team member": (True, False),
    "managing team's member": (True, True),
    "stranger": (False, False),
}
NO_ADMIN = tuple(word for word in Permission if word is not Permission.ORGANIZATION_ADMIN)
EVERYWHERE = """
query($id: ID!, $word: String!, $ids: [ID!]!) {
  integration(by: {id: $id}) { id }
  handler: integration(by: {handler: "%s"}) { id }
  slug: integration(by: {slug: "%s"}) { id }
  integrations(filter: {search: $word}) { totalCount nodes { id } }
  capabilities { totalCount nodes { integration { id } } }
  installations(filter: {search: $word}) { totalCount nodes { integration { id } } }
  events { nodes { integration { id } } }
  dispatches { nodes { integration { id } } }
  auditEntries(first: 100, filter: {resourceType: ["Integration", "Installation"]}) { nodes { resource { id } } }
  nodes(ids: $ids) { __typename }
}
"""
UPDATE = """
mutation($id: ID!) {
  updateIntegration(input: {id: $id, description: "Changed"}) { __typename ... on Forbidden { permission } }
}
"""
INSTALL = """
mutation($id: ID!, $handler: String!) {
  installIntegration(input: {integration: {id: $id}, handler: $handler}) {
    __typename ... on Conflict { existing { id } }
  }
}
"""
ALL = SliceRequest(size=100)


@dataclass(frozen=True)
class House:
    """An estate whose rich integration is restricted, and a client for each of its people."""

    estate: Estate
    clients: dict

    @property
    def tenant(self) -> Tenant:
        return self.estate.tenant

    @property
    def ids(self) -> list[str]:
        """Of what is hidden with the integration."""
        estate = self.estate
        rows = (estate.integration, estate.capability, estate.installation, estate.event, estate.dispatch)
        return [global_id(type(row).__name__, row.id) for row in rows]

    async def look(self, person: str) -> dict:
        """What somebody sees wherever the integration could be."""
        app = self.estate.integration
        return await self.clients[person].query(
            EVERYWHERE % (app.handler, app.slug), id=app.id, word=f"{self.estate.word} rich", ids=self.ids
        )


@pytest.fixture(scope="module")
def houses(build_estate, database):
    async def furnish():
        return await furnished(await build_estate(), database)

    return Lending(database, furnish)


@pytest.fixture
async def house(houses):
    async with houses.lent() as house:
        yield house


async def furnished(estate, database):
    tenant, app = estate.tenant, estate.integration
    restricted = UpdateIntegration(id=app.id, access=IntegrationAccess.RESTRICTED)
    await estate.run(update_integration, restricted)
    users = {person: await tenant.add_user(person) for person in PEOPLE if person not in ("owner", "administrator")}
    teams = {level: await _team(database, tenant.id, f"team {level}") for level in (1, 2)}
    async with database.write() as session:
        shares = {users["viewer"]: 1, users["manager"]: 2, teams[1]: 1, teams[2]: 2}
        session.add_all(
            Share(organization_id=tenant.id, integration_id=app.id, principal_id=who, access_level=level)
            for who, level in shares.items()
        )
        members = {teams[1]: users["team member"], teams[2]: users["managing team's member"]}
        session.add_all(
            TeamMember(organization_id=tenant.id, team_id=team, user_id=user) for team, user in members.items()
        )
    clients = {person: await tenant.signed_in(*NO_ADMIN, username=person) for person in users}
    clients |= {"owner": await tenant.signed_in(*NO_ADMIN), "administrator": tenant.client}
    return House(estate, clients)


async def _team(database, organization_id: str, name: str) -> str:
    team = Principal(
        organization_id=organization_id,
        kind=PrincipalKind.TEAM,
        username=name,
        display_name=name,
        name_key=name_key(name),
    )
    async with database.write() as session:
        session.add(team)
    return team.id


async def test_shows_a_restricted_integration_to_those_alone_who_may_see_it(house):
    app = global_id("Integration", house.estate.integration.id)

    for person, (sees, _) in PEOPLE.items():
        answer = await house.look(person)

        assert _seen(answer, app) == (dict.fromkeys(answer, sees)), person


async def test_hides_the_history_of_a_restricted_integration_that_nobody_owns(house, database):
    app = house.estate.integration.id
    async with database.write() as session:
        await session.execute(update(Integration).where(col(Integration.id) == app).values(owner_id=None))

    for person, sees in {"administrator": True, "viewer": True, "stranger": False}.items():
        answer = await house.look(person)

        assert _seen(answer, global_id("Integration", app)) == (dict.fromkeys(answer, sees)), person


async def test_lets_those_change_it_who_own_or_manage_it(house, database):
    app, organization = house.estate.integration.id, house.estate.tenant.id

    for person, (sees, manages) in PEOPLE.items():
        before = await snapshot(database, organization)
        (answer,) = (await house.clients[person].query(UPDATE, id=app)).values()

        changed = changes(before, await snapshot(database, organization))
        refusal = {"__typename": "Forbidden", "permission": None} if sees else {"__typename": "NotFound"}
        assert answer == ({"__typename": "IntegrationPayload"} if manages else refusal), person
        if not manages:
            assert changed == (["+ audit_entry"] if sees else []), person


async def test_says_who_may_change_it(house):
    ask = "query($id: ID!) { integration(by: {id: $id}) { viewerCanManage } }"

    for person, (sees, manages) in PEOPLE.items():
        answer = await house.clients[person].query(ask, id=house.estate.integration.id)

        assert answer["integration"] == ({"viewerCanManage": manages} if sees else None), person


async def test_names_no_hidden_installation_as_what_is_in_the_way(house):
    estate = house.estate
    other = await estate.run(create_integration, CreateIntegration(name="Open to all"))
    (installed,) = (await estate.run(list_installations, filter=InstallationFilter(search="open"), page=ALL)).rows
    await estate.run(uninstall_integration, InstallationAddress(id=installed.id))

    for person, existing in {"viewer": {"id": house.ids[2]}, "stranger": None}.items():
        named = {"id": other.id, "handler": estate.installation.handler}
        answer = await house.clients[person].query(INSTALL, **named)

        assert answer["installIntegration"] == {"__typename": "Conflict", "existing": existing}, person


def _seen(answer: dict, app: str) -> dict[str, bool]:
    """Whether the integration, or what hangs on it, is in each part of an answer; in `nodes` all of it or nothing."""
    nodes = [node is not None for node in answer["nodes"]]
    assert len(set(nodes)) == 1
    return {name: nodes[0] if name == "nodes" else app in str(part) for name, part in answer.items()}
