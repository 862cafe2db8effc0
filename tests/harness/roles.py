"""The roles at an integration: who calls, by which token, and the answer that each is due.

Faces walk all they have with these roles: what one role is answered is written once, here and beside each call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import Enum

from models.tables import Integration
from models.vocabulary import IntegrationAccess, Permission
from resolvers.authenticate import GIVEN_BY_ADMINISTRATORS
from resolvers.caller import Caller
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.mutations import update_integration
from resolvers.integrations.sharing import ShareIntegration, share_integration
from resolvers.people.mutations import USERS_PERMISSIONS
from resolvers.people.token import CreateToken, create_token
from tests.harness.estate import caller_of
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant

MEMBERS = tuple(word for word in USERS_PERMISSIONS if word is not Permission.ORGANIZATION_ADMIN)
_OF_APPS = [word for word in MEMBERS if word not in GIVEN_BY_ADMINISTRATORS]


class Role(Enum):
    """A member of the organization who has every permission but ORGANIZATION_ADMIN, by the share and the access."""

    MEMBER = "a member, at an integration that is open to the organization"
    VIEWER = "the holder of a VIEW share of a restricted integration"
    MANAGER = "the holder of a MANAGE share of a restricted integration"
    OUTSIDER = "a member without a share of a restricted integration"

    @property
    def username(self) -> str:
        """Of the role's user in every house."""
        return f"the-{self.name.lower()}"

    @property
    def access(self) -> IntegrationAccess:
        """Of the integration."""
        return IntegrationAccess.ORGANIZATION if self is Role.MEMBER else IntegrationAccess.RESTRICTED


class Way(Enum):
    """The token with which a role calls."""

    PERSONAL = "a token of the user's own"
    APP = "a token of the integration, made by the user"
    ACTOR = "a token of the integration, made by an administrator, that acts for the user"


class Right(Enum):
    """Who may make a call, among those who have its permission."""

    ANYONE = "every member: it is about no integration"
    SEEING = "those who see the integration"
    CHANGING = "those who see it while it is open; its owner, MANAGE shares and administrators once it is restricted"
    DECIDING = "its owner, MANAGE shares and administrators"
    OWNING = "those who see the integration, for themselves: a token without a user has nobody to do it for"
    HOLDING = "the holder of what is named, for everybody else it is not there"
    FOUNDING = "everybody, but no token of an app: it publishes no new one"
    ACTING = "administrators, and tokens that act for users"


class Due(Enum):
    """The answer to a call."""

    DONE = "it is done"
    FORBIDDEN = "it is refused, and the refusal is audited"
    ABSENT = "the thing is not there"
    INVALID = "it is refused as it was asked"


_MAY = {
    Role.MEMBER: {Right.ANYONE, Right.SEEING, Right.OWNING, Right.CHANGING},
    Role.VIEWER: {Right.ANYONE, Right.SEEING, Right.OWNING},
    Role.MANAGER: {Right.ANYONE, Right.SEEING, Right.OWNING, Right.CHANGING, Right.DECIDING},
    Role.OUTSIDER: {Right.ANYONE},
}


def due(role: Role, way: Way, right: Right, permission: Permission | None) -> Due:
    """The answer to a call that has this right and needs this permission, by a role in a way."""
    of_app = way is not Way.PERSONAL
    if right is Right.HOLDING:
        return Due.ABSENT
    if permission not in {None, *(_OF_APPS if of_app else MEMBERS)}:
        return Due.FORBIDDEN
    if right is Right.FOUNDING:
        return Due.FORBIDDEN if of_app else Due.DONE
    if right in _MAY[role]:
        return Due.INVALID if right is Right.OWNING and way is Way.APP else Due.DONE
    return Due.ABSENT if role is Role.OUTSIDER and right is not Right.ACTING else Due.FORBIDDEN


#: The bearer text of each role, by the way in which it calls.
Texts = Mapping[tuple[Role, Way], str]


async def settle(hub: RunningHub, tenant: Tenant, integration: Integration, access: IntegrationAccess) -> Texts:
    """Give an organization a user in each role, with a token of each way, and the integration its access."""
    admin = caller_of(hub, tenant)
    users = {role: await tenant.add_user(role.username, *MEMBERS) for role in Role}
    for role, level in {Role.VIEWER: 1, Role.MANAGER: 2}.items():
        share = ShareIntegration(integration_id=integration.id, principal_id=users[role], access_level=level)
        await hub.run(share_integration(admin, share))
    actor = await app_token(hub, admin, integration, [*_OF_APPS, Permission.ACT_AS])
    texts: dict[tuple[Role, Way], str] = {}
    for role, user in users.items():
        texts[role, Way.PERSONAL] = await tenant.issue(*MEMBERS, username=role.username)
        maker = replace(admin, principal_id=user, permissions=frozenset(MEMBERS))
        texts[role, Way.APP] = await app_token(hub, maker, integration, _OF_APPS)
        texts[role, Way.ACTOR] = actor
    await hub.run(update_integration(admin, UpdateIntegration(id=integration.id, access=access)))
    return texts


async def app_token(hub: RunningHub, maker: Caller, integration: Integration, words: Sequence[Permission]) -> str:
    """The text of a token of an integration."""
    new = CreateToken(name="app", permissions=words, integration_id=integration.id)
    return (await hub.run(create_token(maker, new))).secret
