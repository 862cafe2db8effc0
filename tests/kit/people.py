"""How to call what is about people, their tokens and places: the operations, and their root fields."""

from __future__ import annotations

from typing import Any

from models.vocabulary import Permission, PlaceKind, PrincipalKind, TokenReach
from resolvers.integrations.sharing import ShareIntegration, TransferIntegration, UnshareIntegration
from resolvers.integrations.tags import SetIntegrationTags
from resolvers.page import SliceRequest
from resolvers.people.mutations import CreatePrincipal, UpdatePrincipal
from resolvers.people.organization import CreateOrganization, IssueToken, UpdateOrganization
from resolvers.people.place import CreatePlace, UpdatePlace
from resolvers.people.queries import PlaceFilter, PrincipalFilter
from resolvers.people.token import CreateToken, TransferToken
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right

_PAGE = SliceRequest(size=100, count=True)
_ADMIN = Permission.ORGANIZATION_ADMIN


def _link(e: Estate) -> dict[str, str]:
    return {"integration_id": e.integration.id, "principal_id": e.member_id}


def _place(e: Estate) -> str:
    return e.things["place"].id


CALLS: dict[str, Call] = {
    "create_organization": Call(
        given=lambda e: (CreateOrganization(name=e.word),), audits=("organization.created", "principal.created")
    ),
    "issue_token": Call(
        given=lambda e: (
            IssueToken(organization=e.tenant.slug, username="admin", name="New", reach=TokenReach.ORGANIZATION),
        ),
        audits=("token.created",),
    ),
    "update_organization": Call(
        given=lambda e: (UpdateOrganization(name="New"),), foreign=Foreign.AT_HOME, audits=("organization.updated",)
    ),
    "create_principal": Call(
        given=lambda e: (
            CreatePrincipal(kind=PrincipalKind.TEAM, username="t", display_name="T", member_ids=[e.member_id]),
        ),
        audits=("principal.created",),
    ),
    "update_principal": Call(
        given=lambda e: (UpdatePrincipal(id=e.member_id, email="new@example.com"),), audits=("principal.updated",)
    ),
    "delete_principal": Call(
        given=lambda e: (e.member_id,), audits=("share.deleted", "token.deleted", "principal.deleted")
    ),
    "create_place": Call(
        given=lambda e: (CreatePlace(kind=PlaceKind.SITE, name="New"),),
        foreign=Foreign.AT_HOME,
        audits=("place.created",),
    ),
    "update_place": Call(given=lambda e: (UpdatePlace(id=_place(e), name="New"),), audits=("place.updated",)),
    "delete_place": Call(given=lambda e: (_place(e),), audits=("place.deleted",)),
    "share_integration": Call(
        given=lambda e: (ShareIntegration(**_link(e), access_level=2),), audits=("share.updated",)
    ),
    "unshare_integration": Call(given=lambda e: (UnshareIntegration(**_link(e)),), audits=("share.deleted",)),
    "transfer_integration": Call(
        given=lambda e: (TransferIntegration(**_link(e)),), audits=("integration.transferred",)
    ),
    "set_integration_tags": Call(
        given=lambda e: (SetIntegrationTags(integration_id=e.integration.id, tags=["new"]),),
        audits=("integration.tagged",),
    ),
    "create_token": Call(
        given=lambda e: (CreateToken(name="New", permissions=[], principal_id=e.member_id),),
        audits=("token.created",),
    ),
    "transfer_token": Call(
        given=lambda e: (TransferToken(id=e.app_token.token.id, principal_id=e.member_id),),
        audits=("token.transferred",),
    ),
    "revoke_token": Call(given=lambda e: (e.token.id,), lacks=Permission.TOKENS_WRITE, audits=("token.revoked",)),
    "list_tokens": Call(given=lambda e: (_PAGE,), foreign=Foreign.OWN),
    "list_organizations": Call(given=lambda e: (_PAGE,), foreign=Foreign.OWN),
    "list_principals": Call(given=lambda e: (PrincipalFilter(), _PAGE), foreign=Foreign.OWN),
    "list_places": Call(given=lambda e: (PlaceFilter(search=e.word), _PAGE), foreign=Foreign.EMPTY),
    "list_tags": Call(given=lambda e: (), foreign=Foreign.OWN),
}


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


def _shared(e: Estate) -> dict[str, Any]:
    return _input(integrationId=e.integration.id, principalId=e.member_id)


ROOTS: dict[str, Call] = {
    "organizations": Call(given=lambda e: {"first": 100}, foreign=Foreign.OWN, right=Right.ANYONE),
    "principals": Call(
        given=lambda e: {"first": 100}, foreign=Foreign.OWN, lacks=Permission.ORGANIZATION_READ, right=Right.ANYONE
    ),
    "places": Call(
        given=lambda e: {"search": e.word},
        foreign=Foreign.EMPTY,
        lacks=Permission.ORGANIZATION_READ,
        right=Right.ANYONE,
    ),
    "tags": Call(given=lambda e: {}, foreign=Foreign.OWN, lacks=Permission.INTEGRATIONS_READ, right=Right.SEEING),
    "tokens": Call(given=lambda e: {"first": 100}, foreign=Foreign.OWN, right=Right.ANYONE),
    "createToken": Call(
        given=lambda e: _input(name="New", permissions=[], principalId=e.member_id),
        lacks=Permission.TOKENS_WRITE,
        right=Right.ACTING,
    ),
    "transferToken": Call(
        given=lambda e: _input(id=e.app_token.token.id, principalId=e.member_id),
        lacks=Permission.ORGANIZATION_ADMIN,
        right=Right.ANYONE,
    ),
    "revokeToken": Call(given=lambda e: {"id": e.token.id}, lacks=Permission.TOKENS_WRITE, right=Right.HOLDING),
    "createPrincipal": Call(
        given=lambda e: _input(kind="TEAM", username="t", displayName="T", memberIds=[e.member_id]),
        lacks=_ADMIN,
        right=Right.ANYONE,
    ),
    "updatePrincipal": Call(
        given=lambda e: _input(id=e.member_id, email="new@example.com"), lacks=_ADMIN, right=Right.ANYONE
    ),
    "deletePrincipal": Call(given=lambda e: {"id": e.member_id}, lacks=_ADMIN, right=Right.ANYONE),
    "updateOrganization": Call(
        given=lambda e: _input(name="New"), foreign=Foreign.AT_HOME, lacks=_ADMIN, right=Right.ANYONE
    ),
    "createPlace": Call(
        given=lambda e: _input(kind="SITE", name="New"), foreign=Foreign.AT_HOME, lacks=_ADMIN, right=Right.ANYONE
    ),
    "updatePlace": Call(given=lambda e: _input(id=_place(e), name="New"), lacks=_ADMIN, right=Right.ANYONE),
    "deletePlace": Call(given=lambda e: {"id": _place(e)}, lacks=_ADMIN, right=Right.ANYONE),
    "shareIntegration": Call(given=_shared, lacks=Permission.INTEGRATIONS_SHARE, right=Right.DECIDING),
    "unshareIntegration": Call(given=_shared, lacks=Permission.INTEGRATIONS_SHARE, right=Right.DECIDING),
    "transferIntegration": Call(given=_shared, lacks=Permission.INTEGRATIONS_SHARE, right=Right.DECIDING),
    "setIntegrationTags": Call(
        given=lambda e: _input(integrationId=e.integration.id, tags=["new"]),
        lacks=Permission.INTEGRATIONS_WRITE,
        right=Right.CHANGING,
    ),
}
