"""Spaces and sites: the type, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.errors import Conflict
from models.vocabulary import PlaceKind
from resolvers.installations.edges import INSTALLATIONS_BY_PLACE
from resolvers.people import place as operations
from resolvers.people import queries
from schema.kit.context import Info
from schema.kit.field import column, given, listed, reading, to_many
from schema.kit.mutation import mutation
from schema.kit.node import RowNode, node
from schema.kit.page import CountedPageOf, Page, PageArguments, PageOf, paged
from schema.kit.removal import deletion
from schema.kit.result import row_result
from schema.kit.scalars import JSON, DateTime

if TYPE_CHECKING:
    from schema.installation_place import InstallationPlace


@node(tables.Place)
class Place(RowNode):
    """A space or site on which an installation can be narrowed."""

    kind: PlaceKind = column("SPACE or SITE.")
    name: str = column("Display name.")
    details: JSON = column("Other facts that a dialect shows, such as an emoji.")
    created_at: DateTime = column("When it was made.")
    installations: PageOf[Annotated[InstallationPlace, strawberry.lazy("schema.installation_place")]] = to_many(
        INSTALLATIONS_BY_PLACE, "What is enabled here, newest first."
    )


@strawberry.input(description="A new space or site.")
class CreatePlaceInput:
    kind: PlaceKind = strawberry.field(description="Kind.")
    name: str = strawberry.field(description="Name.")
    details: JSON | None = given("Other facts.")


@strawberry.input(description="New values of a space or site.")
class UpdatePlaceInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    name: str | None = given("Name.")
    details: JSON | None = given("Replaces the other facts.")


PlaceResult = row_result("place", Place, besides=(Conflict,))


@paged
async def _places(
    root: Any,
    info: Info,
    arguments: PageArguments,
    kind: PlaceKind | None = strawberry.UNSET,
    search: str | None = strawberry.UNSET,
) -> Page:
    narrowed = queries.PlaceFilter(kind=kind or None, search=search or None)
    return await listed(info, queries.list_places, arguments, queries.BY_KIND_AND_NAME, narrowed)


@strawberry.type
class Queries:
    """Root field of this noun."""

    places: CountedPageOf[Place] = reading(queries.list_places, _places, "Spaces and sites.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    create_place = mutation(
        operations.create_place,
        PlaceResult,
        "Add a space or site.",
        input=CreatePlaceInput,
        reads=operations.CreatePlace,
    )
    update_place = mutation(
        operations.update_place,
        PlaceResult,
        "Rename a space or site.",
        input=UpdatePlaceInput,
        reads=operations.UpdatePlace,
    )
    delete_place = deletion(operations.delete_place, Place, "Remove a space or site from everything.")
