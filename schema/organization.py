"""Tenants and the viewer: the types, the input and the root fields of these nouns."""

from __future__ import annotations

from typing import Any

import strawberry

from models import tables
from models.errors import Forbidden
from models.vocabulary import Permission
from resolvers.page import BY_ID
from resolvers.people import organization as operations
from resolvers.people import queries as people
from resolvers.people import viewer as queries
from schema.kit.context import Info
from schema.kit.field import column, given, listing, viewed
from schema.kit.mutation import mutation
from schema.kit.node import RowNode, node
from schema.kit.page import CountedPageOf
from schema.kit.result import row_result
from schema.kit.scalars import JSON, DateTime
from schema.principal import Principal
from schema.token import Token


def _own(field: str) -> Any:
    """A column of the request's own organization; the caller's permissions in others are not known here."""

    def read(row: Any, caller: Any) -> Any:
        if not caller.may(Permission.ORGANIZATION_READ):
            raise Forbidden(permission=Permission.ORGANIZATION_READ)
        if row.id != caller.organization_id:
            raise Forbidden(f"Send X-Hub-Id: {row.slug} to read this field.")
        return getattr(row, field)

    return read


@node(tables.Organization)
class Organization(RowNode):
    """A tenant."""

    name: str = column("Display name.")
    slug: str = column("Kebab-case name, unique on this server.")
    custom_fields: JSON = viewed(
        _own("custom_fields"), "Values for `${tenant.<field>}` in headers. Needs ORGANIZATION_READ."
    )
    return_urls: list[str] = viewed(
        _own("return_urls"), "Prefixes of addresses to which connect pages may return. Needs ORGANIZATION_READ."
    )
    created_at: DateTime = column("When it was made.")


@strawberry.type(description="The public facts of an organization, shown across tenants.")
class OrganizationProfile:
    """The public facts of an organization."""

    name: str = column("Display name.")
    slug: str = column("Kebab-case name.")


@strawberry.type(description="Who is asking.")
class Viewer:
    organization: Organization = column(
        "The organization that this request acts in (`X-Hub-Id` picks one where the token reaches several)."
    )
    organizations: list[Organization] = column("Every organization that the token reaches.")
    principal: Principal | None = column("The user; null for tokens of an integration or installation.")
    token: Token | None = column("The token; null for an external JWT, and for a token of another organization.")
    permissions: list[Permission] = column("What this request may do, after narrowing by role.")


@strawberry.input(description="New values of your organization.")
class UpdateOrganizationInput:
    name: str | None = given("Display name.")
    custom_fields: JSON | None = given("Replaces the custom fields.")
    return_urls: list[str] | None = given("Replaces the prefixes to which connect pages may return.")


OrganizationResult = row_result("organization", Organization)


async def _viewer(root: Any, info: Info) -> Any:
    return await queries.read_viewer(info.context.caller)


@strawberry.type
class Queries:
    """Root fields of this noun."""

    viewer: Viewer = strawberry.field(resolver=_viewer, description="Who is asking.")
    organizations: CountedPageOf[Organization] = listing(
        people.list_organizations, "Organizations that the token reaches.", order=BY_ID
    )


@strawberry.type
class Mutations:
    """Root field of this noun."""

    update_organization = mutation(
        operations.update_organization,
        OrganizationResult,
        "Change name and fields.",
        input=UpdateOrganizationInput,
        reads=operations.UpdateOrganization,
    )
