"""Spaces and sites: the type, the inputs and the root fields of the noun."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from models import tables
from models.vocabulary import PlaceKind
from resolvers.people import place as operations
from resolvers.people import queries
from schema.kit import errors
from schema.kit.context import Info
from schema.kit.field import act, column, derived, given, listed, mutation, needing
from schema.kit.ids import global_id, row_id
from schema.kit.node import Node, node
from schema.kit.page import CountedPageOf, Page, PageArguments, paged
from schema.kit.removal import DeletePayload, DeleteResult
from schema.kit.scalars import JSON, DateTime


@node(tables.Place)
class Place(Node):
    """A space or site on which an installation can be narrowed."""

    database_id: str = derived(lambda row: row.id, "24-hex id that REST shows.")
    kind: PlaceKind = column("SPACE or SITE.")
    name: str = column("Display name.")
    details: JSON = column("Other facts that a dialect shows, such as an emoji.")
    created_at: DateTime = column("When it was made.")


@strawberry.input(description="A new space or site.")
class CreatePlaceInput:
    """See `CreatePlace`."""

    kind: PlaceKind = strawberry.field(description="Kind.")
    name: str = strawberry.field(description="Name.")
    details: JSON | None = given("Other facts.")


@strawberry.input(description="New values of a space or site.")
class UpdatePlaceInput:
    """See `UpdatePlace`."""

    id: strawberry.ID = strawberry.field(description="Which.")
    name: str | None = given("Name.")
    details: JSON | None = given("Replaces the other facts.")


@strawberry.type(description="A place as it is now.")
class PlacePayload:
    """The place."""

    place: Place = column("The place.")


PlaceResult = Annotated[
    PlacePayload | errors.NotFound | errors.Conflict | errors.InvalidInput | errors.Forbidden,
    strawberry.union("PlaceResult", description="A place, or why not."),
]


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


async def _delete(root: Any, info: Info, id: strawberry.ID) -> Any:
    gone = await act(info, operations.delete_place, row_id(id))
    return DeletePayload(deleted_id=strawberry.ID(global_id("Place", gone)))


def _payload(row: Any) -> Any:
    return PlacePayload(place=row)


@strawberry.type
class Queries:
    """Root field of this noun."""

    places: CountedPageOf[Place] = strawberry.field(
        resolver=_places, description=needing("Spaces and sites.", queries.list_places.facts)
    )


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    create_place: PlaceResult = mutation(
        operations.create_place,
        "Add a space or site.",
        input=CreatePlaceInput,
        reads=operations.CreatePlace,
        payload=_payload,
    )
    update_place: PlaceResult = mutation(
        operations.update_place,
        "Rename a space or site.",
        input=UpdatePlaceInput,
        reads=operations.UpdatePlace,
        payload=_payload,
    )
    delete_place: DeleteResult = strawberry.field(
        resolver=_delete,
        description=needing("Remove a space or site from everything.", operations.delete_place.facts),
    )
