"""Organizations for a single test, made like the operator makes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.row import new_id
from models.vocabulary import Permission, PrincipalKind
from resolvers.caller import Caller
from resolvers.people.mutations import USERS_PERMISSIONS, CreatePrincipal, create_principal
from resolvers.people.organization import (
    CreateOrganization,
    IssueToken,
    create_organization,
    issue_token,
)
from tests.harness.graphql import GraphQL
from tests.harness.server import RunningHub


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """An organization, its administrator and a way to make more of its people."""

    id: str
    slug: str
    admin_id: str
    token: str
    client: GraphQL
    _hub: RunningHub
    _graphql: Callable[..., GraphQL]

    async def issue(self, *permissions: Permission, username: str = "admin") -> str:
        """A bearer text of a user of this organization, with exactly these permissions and their READs."""
        return await _issue(self._hub, self.slug, username, permissions)

    async def signed_in(self, *permissions: Permission, username: str = "admin") -> GraphQL:
        """A client for such a token."""
        return self._graphql(await self.issue(*permissions, username=username))

    async def add_user(self, username: str, *permissions: Permission) -> str:
        """A further user, who may do everything unless told otherwise; answers the principal's id.

        ACT_AS is left out: it belongs to tokens alone.
        """
        person = CreatePrincipal(
            kind=PrincipalKind.USER,
            username=username,
            display_name=username.title(),
            permissions=[word for word in permissions or USERS_PERMISSIONS if word in USERS_PERMISSIONS],
        )
        return (await self._hub.run(create_principal(_operator(self._hub, self.id), person))).id


async def found_organization(hub: RunningHub, graphql: Callable[..., GraphQL], **facts: Any) -> Tenant:
    """Make an organization with an administrator who may do everything; `facts` are CreateOrganization's."""
    facts.setdefault("name", f"Organization {new_id()}")
    made = await hub.run(create_organization(_operator(hub), CreateOrganization(**facts)))
    slug, username = made.organization.slug, made.principal.username
    token = await _issue(hub, slug, username, None)
    return Tenant(
        id=made.organization.id,
        slug=slug,
        admin_id=made.principal.id,
        token=token,
        client=graphql(token),
        _hub=hub,
        _graphql=graphql,
    )


async def _issue(hub: RunningHub, slug: str, username: str, permissions: tuple[Permission, ...] | None) -> str:
    wanted = IssueToken(organization=slug, username=username, name="test", permissions=permissions)
    return (await hub.run(issue_token(_operator(hub), wanted))).secret


def _operator(hub: RunningHub, organization_id: str = "") -> Caller:
    return Caller.operator(hub.app.state.hub, organization_id)
