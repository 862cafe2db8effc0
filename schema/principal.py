"""Users and teams: the type, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import Any

import strawberry

from models import tables
from models.vocabulary import Permission, PrincipalKind
from resolvers.people import edges, queries
from resolvers.people import mutations as operations
from resolvers.people.members import MOST_MEMBERS, MOST_TEAMS
from schema.kit.context import Info
from schema.kit.field import column, given, listed, reading, to_list
from schema.kit.mutation import mutation
from schema.kit.node import RowNode, node
from schema.kit.page import CountedPageOf, Page, PageArguments, paged
from schema.kit.removal import deletion
from schema.kit.result import row_result
from schema.kit.scalars import JSON, DateTime


@node(tables.Principal)
class Principal(RowNode):
    """A user or a team of your organization."""

    kind: PrincipalKind = column("USER or TEAM.")
    username: str = column("Unique in the organization; `${user.username}`.")
    display_name: str = column("Display name.")
    email: str | None = column("E-mail address.")
    custom_fields: JSON = column("Custom values for `${user.<field>}`.")
    permissions: list[Permission] = column("The most that its tokens may do.")
    teams: list[Principal] = to_list(edges.TEAMS_BY_PRINCIPAL, "Teams that a user belongs to.", most=MOST_TEAMS)
    members: list[Principal] = to_list(edges.MEMBERS_BY_PRINCIPAL, "Users that a team holds.", most=MOST_MEMBERS)
    disabled_at: DateTime | None = column("Set when it may no longer act.")


@strawberry.input(description="A new user or team.")
class CreatePrincipalInput:
    kind: PrincipalKind = strawberry.field(description="Kind.")
    username: str = strawberry.field(description="Unique name.")
    display_name: str = strawberry.field(description="Display name.")
    email: str | None = given("E-mail address.")
    subject: str | None = given(
        "Identity that an external JWT or another organization's token matches; unique in the organization and"
        " fixed at creation."
    )
    custom_fields: JSON | None = given("Custom values.")
    permissions: list[Permission] = strawberry.field(
        default_factory=list, description="The most that its tokens may do; at most your own."
    )
    member_ids: list[strawberry.ID] | None = given("Users of a team.")


@strawberry.input(description="New values of a user or team.")
class UpdatePrincipalInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    display_name: str | None = given("Display name.")
    email: str | None = given("E-mail address.")
    custom_fields: JSON | None = given("Replaces the custom fields.")
    permissions: list[Permission] | None = given("Replaces the permissions.")
    member_ids: list[strawberry.ID] | None = given("Replaces the members.")
    disabled: bool | None = given("May not act any more; its tokens end at once.")


PrincipalResult = row_result("principal", Principal)


@paged
async def _principals(
    root: Any,
    info: Info,
    arguments: PageArguments,
    kind: PrincipalKind | None = strawberry.UNSET,
    search: str | None = strawberry.UNSET,
) -> Page:
    narrowed = queries.PrincipalFilter(kind=kind or None, search=search or None)
    return await listed(info, queries.list_principals, arguments, queries.BY_NAME, narrowed)


@strawberry.type
class Queries:
    """Root field of this noun."""

    principals: CountedPageOf[Principal] = reading(queries.list_principals, _principals, "Users and teams.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    create_principal = mutation(
        operations.create_principal,
        PrincipalResult,
        "Add a user or team.",
        input=CreatePrincipalInput,
        reads=operations.CreatePrincipal,
    )
    update_principal = mutation(
        operations.update_principal,
        PrincipalResult,
        "Change a user or team, and a team's members.",
        input=UpdatePrincipalInput,
        reads=operations.UpdatePrincipal,
    )
    delete_principal = deletion(
        operations.delete_principal,
        Principal,
        "Remove a user or team with its shares, tokens and own connections; refused while it owns integrations.",
    )
