"""Installations on spaces and sites: the type, the input and the root fields of the noun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.vocabulary import InstallationStatus, PlaceKind
from resolvers.installations import edges, places
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.external_ids import EXTERNAL_IDS_BY_PLACE, MOST_EXTERNAL_IDS
from resolvers.installations.fields import configuration
from resolvers.installations.shown import status_on_place
from resolvers.unset import UNSET, Unset
from schema.installation import Installation, InstallationResult, installation_of
from schema.kit.context import Info
from schema.kit.field import column, given, related, to_one, viewed
from schema.kit.ids import row_id
from schema.kit.mutation import act, answering, mutation
from schema.kit.node import RowNode, node
from schema.kit.scalars import JSON, DateTime
from schema.kit.translate import command

if TYPE_CHECKING:
    from schema.place import Place


@node(tables.InstallationPlace)
class InstallationPlace(RowNode):
    """An installation on one space or site."""

    installation: Installation = to_one(edges.INSTALLATION_BY_PLACE, "The installation.")
    place: Annotated[Place, strawberry.lazy("schema.place")] = to_one(edges.PLACE_BY_INSTALLATION_PLACE, "Where.")
    kind: PlaceKind = column("SPACE or SITE.")
    status: InstallationStatus = related(
        edges.STATUS_BY_INSTALLATION,
        lambda row: row.installation_id,
        "As the installation's, but PENDING until its configuration here satisfies the schema.",
        shows=status_on_place,
    )
    configuration: JSON = viewed(configuration, "Configuration for this place. Needs INSTALLATIONS_READ.")
    external_ids: list[str] = related(
        EXTERNAL_IDS_BY_PLACE,
        lambda row: row.id,
        "Ids that the app gave it here, at most five.",
        shows=lambda _, ids: list(ids or ()),
        most=MOST_EXTERNAL_IDS,
    )
    version: int = column("Grows with every change; for `expectedVersion`.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column("Last change.")


@strawberry.input(description="An installation on a place.")
class SaveInstallationPlaceInput:
    installation_id: strawberry.ID = strawberry.field(description="Which.")
    place_id: strawberry.ID = strawberry.field(description="Where.")
    expected_version: int | None = given(
        "Refuse as Stale when it has moved on there; 0 if it must not be enabled there yet."
    )
    configuration: JSON | None = given("Replaces the configuration there.")
    external_ids: list[str] | None = given("Replaces the external ids there, at most five.")


@dataclass(frozen=True, kw_only=True)
class _Values:
    """The values of the input."""

    configuration: dict[str, Any] | Unset | None = UNSET
    external_ids: tuple[str, ...] | Unset | None = UNSET
    expected_version: int | Unset | None = UNSET


def _saved(asked: SaveInstallationPlaceInput) -> places.SaveInstallationPlace:
    values = command(_Values, asked)
    return places.SaveInstallationPlace(
        place=_address(asked.installation_id, asked.place_id),
        configuration=values.configuration,
        external_ids=values.external_ids,
        expected_version=values.expected_version,
    )


def _address(installation_id: strawberry.ID, place_id: strawberry.ID) -> PlaceAddress:
    installation = InstallationAddress(id=row_id(installation_id))
    return PlaceAddress(installation=installation, place_id=row_id(place_id))


async def _remove_place(root: Any, info: Info, installation_id: strawberry.ID, place_id: strawberry.ID) -> Any:
    answer = await act(info, places.remove_installation_place, _address(installation_id, place_id))
    return answer.installation


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    save_installation_place = mutation(
        places.save_installation_place,
        InstallationResult,
        "Enable on a space or site, or change it there.",
        input=SaveInstallationPlaceInput,
        reads=_saved,
        shows=installation_of,
    )
    remove_installation_place = answering(
        places.remove_installation_place, InstallationResult, _remove_place, "Take off a space or site."
    )
