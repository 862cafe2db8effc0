"""Root fields of integrations."""

from __future__ import annotations

from typing import Annotated, Any

import strawberry

from resolvers import find
from resolvers.capabilities import mutations as capability_operations
from resolvers.connections import mutations as connection_operations
from resolvers.integrations import deletion as integration_deletion
from resolvers.integrations import mutations as operations
from resolvers.integrations import queries
from resolvers.integrations import sharing as sharing_operations
from resolvers.integrations import tags as tag_operations
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.creation import CreateIntegration
from resolvers.uploads import set_icon as icon_operations
from schema.connection import RegisterConnectionsInput, UnregisterConnectionInput
from schema.integration.inputs import (
    CreateIntegrationInput,
    DeclareCapabilitiesInput,
    DeclareEventTypesInput,
    IntegrationFilter,
    IntegrationOrder,
    OrderDirection,
    SetIntegrationIconInput,
    UpdateIntegrationInput,
)
from schema.integration.types import Integration
from schema.kit import errors
from schema.kit.context import Info
from schema.kit.field import act, column, mutation, needing
from schema.kit.ids import global_id, row_id
from schema.kit.page import CountedPageOf, Page, PageArguments, asks_for, binding_of, optional, paged
from schema.kit.refs import IntegrationRef
from schema.kit.removal import DeletePayload, DeleteResult
from schema.kit.translate import command
from schema.share import (
    SetIntegrationTagsInput,
    ShareIntegrationInput,
    TransferIntegrationInput,
    UnshareIntegrationInput,
)


@strawberry.type(description="An integration as it is now.")
class IntegrationPayload:
    """The integration."""

    integration: Integration = column("The integration.")


IntegrationResult = Annotated[
    IntegrationPayload
    | errors.NotFound
    | errors.Conflict
    | errors.InvalidInput
    | errors.Forbidden
    | errors.Stale
    | errors.NotReady
    | errors.TooMany
    | errors.UpstreamFailed,
    strawberry.union("IntegrationResult", description="An integration, or why not."),
]


_BY_NAME = IntegrationOrder(field=queries.IntegrationOrderField.NAME)


def _payload(row: Any) -> Any:
    return IntegrationPayload(integration=row)


def _payload_of(done: Any) -> Any:
    return IntegrationPayload(integration=done.integration)


@paged
async def _integrations(
    root: Any,
    info: Info,
    arguments: PageArguments,
    filter: IntegrationFilter | None = strawberry.UNSET,
    order_by: IntegrationOrder | None = _BY_NAME,
) -> Page:
    narrowed = command(queries.IntegrationFilter, filter) if optional(filter) else queries.IntegrationFilter()
    by = order_by or _BY_NAME
    order = queries.integration_order(by.field, descending=by.direction is OrderDirection.DESC)
    binding = binding_of(info, narrowed, order)
    request = arguments.request(info, binding, count=asks_for(info, "totalCount"))
    found = await queries.list_integrations(info.context.caller, filter=narrowed, order=order, page=request)
    return Page(slice=found, order=order, binding=binding)


async def _integration(root: Any, info: Info, by: IntegrationRef) -> Any:
    return await queries.read_integration(info.context.caller, command(find.IntegrationRef, by))


async def _delete(root: Any, info: Info, id: strawberry.ID, expected_version: int | None = strawberry.UNSET) -> Any:
    version = optional(expected_version)
    gone = await act(info, integration_deletion.delete_integration, row_id(id), expected_version=version)
    return DeletePayload(deleted_id=strawberry.ID(global_id("Integration", gone.id)), job=gone.job)


@strawberry.type
class Queries:
    """What can be read."""

    integrations: CountedPageOf[Integration] = strawberry.field(
        resolver=_integrations,
        description=needing(
            "Integrations of your organization and those installed on it.", queries.list_integrations.facts
        ),
    )
    integration: Integration | None = strawberry.field(
        resolver=_integration, description=needing("One integration.", queries.read_integration.facts)
    )


@strawberry.type
class Mutations:
    """What can be changed."""

    create_integration: IntegrationResult = mutation(
        operations.create_integration,
        "Make an integration and install it on your organization.",
        input=CreateIntegrationInput,
        reads=CreateIntegration,
        payload=_payload,
    )
    update_integration: IntegrationResult = mutation(
        operations.update_integration,
        "Change an integration. Needs INTEGRATIONS_WRITE, and owner or MANAGE where it is restricted.",
        input=UpdateIntegrationInput,
        reads=UpdateIntegration,
        payload=_payload,
    )
    delete_integration: DeleteResult = strawberry.field(
        resolver=_delete,
        description=needing(
            "Delete an integration with its connections and installations. Invisible at once.",
            integration_deletion.delete_integration.facts,
        ),
    )
    set_integration_tags: IntegrationResult = mutation(
        tag_operations.set_integration_tags,
        "Replace the tags; unknown names are made.",
        input=SetIntegrationTagsInput,
        reads=tag_operations.SetIntegrationTags,
        payload=_payload,
    )
    share_integration: IntegrationResult = mutation(
        sharing_operations.share_integration,
        "Give a user or team access, or change it.",
        input=ShareIntegrationInput,
        reads=sharing_operations.ShareIntegration,
        payload=_payload_of,
    )
    unshare_integration: IntegrationResult = mutation(
        sharing_operations.unshare_integration,
        "Take access away.",
        input=UnshareIntegrationInput,
        reads=sharing_operations.UnshareIntegration,
        payload=_payload,
    )
    transfer_integration: IntegrationResult = mutation(
        sharing_operations.transfer_integration,
        "Give an integration to another user or team.",
        input=TransferIntegrationInput,
        reads=sharing_operations.TransferIntegration,
        payload=_payload_of,
    )
    set_integration_icon: IntegrationResult = mutation(
        icon_operations.set_integration_icon,
        "Set or, with null, remove the icon.",
        input=SetIntegrationIconInput,
        reads=icon_operations.SetIntegrationIcon,
        payload=_payload,
    )
    declare_capabilities: IntegrationResult = mutation(
        capability_operations.declare_capabilities,
        "Replace all capabilities of an integration; those of the same name keep their id.",
        input=DeclareCapabilitiesInput,
        reads=capability_operations.DeclareCapabilities,
        payload=_payload,
    )
    declare_event_types: IntegrationResult = mutation(
        capability_operations.declare_event_types,
        "Replace all event types of an integration.",
        input=DeclareEventTypesInput,
        reads=capability_operations.DeclareEventTypes,
        payload=_payload,
    )
    register_connections: IntegrationResult = mutation(
        connection_operations.register_connections,
        "Attach connections to an integration, all or none.",
        input=RegisterConnectionsInput,
        reads=connection_operations.RegisterConnections,
        payload=_payload,
    )
    unregister_connection: IntegrationResult = mutation(
        connection_operations.unregister_connection,
        "Detach a connection. Steps keep it.",
        input=UnregisterConnectionInput,
        reads=connection_operations.UnregisterConnection,
        payload=_payload,
    )
