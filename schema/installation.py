"""Installations: an integration authorised on an organization."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.errors import Conflict, InvalidInput, NotReady, UpstreamFailed
from models.vocabulary import InstallationStatus, PlaceKind, Selection
from resolvers.events import queries as event_queries
from resolvers.installations import edges, queries
from resolvers.installations import mutations as operations
from resolvers.installations.address import InstallationAddress
from resolvers.installations.external_ids import EXTERNAL_IDS_BY_INSTALLATION, MOST_EXTERNAL_IDS
from resolvers.installations.fields import configuration
from resolvers.page import BY_ID
from schema.event import Event, EventFilter
from schema.kit.context import Info
from schema.kit.field import column, given, listing, related, to_many, to_one, viewed
from schema.kit.ids import global_id, row_id
from schema.kit.mutation import act, answering, mutation
from schema.kit.node import RowNode, node
from schema.kit.page import CountedPageOf, Page, PageArguments, PageOf, binding_of, paged
from schema.kit.refs import IntegrationRef
from schema.kit.result import Result, row_result
from schema.kit.scalars import JSON, DateTime
from schema.organization import OrganizationProfile

if TYPE_CHECKING:
    from schema.installation_place import InstallationPlace
    from schema.integration import Integration


@paged
async def _places(root: Any, info: Info, arguments: PageArguments, kind: PlaceKind | None = strawberry.UNSET) -> Page:
    narrowed = queries.InstallationPlaceFilter(kind=kind or None)
    edge, loaders = edges.PLACES_BY_INSTALLATION, info.context.loaders
    binding = binding_of(info, narrowed, root.id)
    found = await loaders.page(edge, root.id, arguments.request(info, binding), narrowed)
    return Page(slice=found, order=edge.order, binding=binding, count=lambda: loaders.count(edge, root.id, narrowed))


@node(tables.Installation)
class Installation(RowNode):
    """An integration authorised on an organization."""

    integration: Annotated[Integration, strawberry.lazy("schema.integration")] = to_one(
        edges.INTEGRATION_BY_INSTALLATION, "The app."
    )
    handler: str = column(
        "Names the app in your organization, as in `CapabilityRef.named`; unique among its installations."
    )
    organization: OrganizationProfile = to_one(
        edges.ORGANIZATION_BY_INSTALLATION, "Who installed it, by public facts."
    )
    status: InstallationStatus = column("Whether it works.")
    space_selection: Selection = column("All spaces or those selected.")
    site_selection: Selection = column("All sites or those selected.")
    configuration: JSON = viewed(configuration, "Account configuration. Needs INSTALLATIONS_READ.")
    external_ids: list[str] = related(
        EXTERNAL_IDS_BY_INSTALLATION,
        lambda row: row.id,
        "Ids that the app gave it, at most five.",
        shows=lambda _, ids: list(ids or ()),
        most=MOST_EXTERNAL_IDS,
    )
    places: PageOf[Annotated[InstallationPlace, strawberry.lazy("schema.installation_place")]] = strawberry.field(
        resolver=_places, description="Spaces and sites on which it is enabled, newest first."
    )
    events: PageOf[Event] = to_many(
        edges.EVENTS_BY_INSTALLATION,
        "Events on this installation, newest first.",
        filter=(EventFilter, event_queries.EventFilter),
    )
    version: int = column("Grows with every change; for `expectedVersion`.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column("Last change.")


@strawberry.input(description="Conditions on installations.")
class InstallationFilter:
    status: list[InstallationStatus] | None = given("Whether they work.")
    external_id: str | None = given("Id that the app gave.")
    search: str | None = given("App name, title or handler.")


@strawberry.input(description="An app to install.")
class InstallIntegrationInput:
    integration: IntegrationRef = strawberry.field(description="Which.")
    configuration: JSON | None = given("Account configuration. An empty object when absent.")
    space_selection: Selection = strawberry.field(default=Selection.SELECTED, description="Spaces.")
    site_selection: Selection = strawberry.field(default=Selection.SELECTED, description="Sites.")
    handler: str | None = given("Names the app in your organization; the app's own handler unless taken.")


@strawberry.input(description="New values of an installation.")
class UpdateInstallationInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int | None = given("Refuse as Stale when it has moved on.")
    configuration: JSON | None = given("Replaces the configuration.")
    space_selection: Selection | None = given("Spaces.")
    site_selection: Selection | None = given("Sites.")
    external_ids: list[str] | None = given("Replaces the external ids, at most five.")
    paused: bool | None = given("Pause or go on.")


@strawberry.type(description="A step done, or an installation gone.")
class SetupPayload:
    """The installation after a step, or the id of the removed one."""

    installation: Installation | None = column("The installation; null when it is gone.")
    deleted_id: strawberry.ID | None = column("Global id of what is gone.")


InstallationResult = row_result("installation", Installation)
SetupResult = Result(
    "SetupResult", SetupPayload, "Progress, or why not.", besides=(Conflict, InvalidInput, NotReady, UpstreamFailed)
)


def installation_of(answer: Any) -> Any:
    """The installation of an operation's answer."""
    return answer.installation


async def _uninstall(root: Any, info: Info, installation_id: strawberry.ID) -> Any:
    address = InstallationAddress(id=row_id(installation_id))
    gone = await act(info, operations.uninstall_integration, address)
    return SetupPayload(installation=None, deleted_id=strawberry.ID(global_id("Installation", gone)))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    installations: CountedPageOf[Installation] = listing(
        queries.list_installations,
        "Installations on your organization.",
        order=BY_ID,
        filter=(InstallationFilter, queries.InstallationFilter),
    )


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    install_integration = mutation(
        operations.install_integration,
        InstallationResult,
        "Install an app on your organization.",
        input=InstallIntegrationInput,
        reads=operations.InstallIntegration,
        shows=installation_of,
    )
    update_installation = mutation(
        operations.update_installation,
        InstallationResult,
        "Change configuration, selections and external ids, pause or go on.",
        input=UpdateInstallationInput,
        reads=operations.UpdateInstallation,
        shows=installation_of,
    )
    uninstall_integration = answering(
        operations.uninstall_integration, SetupResult, _uninstall, "Remove an installation."
    )
