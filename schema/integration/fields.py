"""Root fields of integrations."""

from __future__ import annotations

from typing import Any

import strawberry

from models.errors import NotReady, UpstreamFailed
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
from schema.kit.context import Info
from schema.kit.field import reading
from schema.kit.ids import global_id, row_id
from schema.kit.mutation import act, answering, mutation
from schema.kit.page import CountedPageOf, Page, PageArguments, asks_for, binding_of, optional, paged
from schema.kit.refs import IntegrationRef
from schema.kit.removal import DeletePayload, DeleteResult
from schema.kit.result import row_result
from schema.kit.translate import command
from schema.share import (
    SetIntegrationTagsInput,
    ShareIntegrationInput,
    TransferIntegrationInput,
    UnshareIntegrationInput,
)

IntegrationResult = row_result("integration", Integration, besides=(NotReady, UpstreamFailed))


_BY_NAME = IntegrationOrder(field=queries.IntegrationOrderField.NAME)


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
    """Root fields that read integrations."""

    integrations: CountedPageOf[Integration] = reading(
        queries.list_integrations, _integrations, "Integrations of your organization and those installed on it."
    )
    integration: Integration | None = reading(queries.read_integration, _integration, "One integration.")


@strawberry.type
class Mutations:
    """Root fields that change integrations."""

    create_integration = mutation(
        operations.create_integration,
        IntegrationResult,
        "Make an integration and install it on your organization.",
        input=CreateIntegrationInput,
        reads=CreateIntegration,
    )
    update_integration = mutation(
        operations.update_integration,
        IntegrationResult,
        "Change an integration. Needs INTEGRATIONS_WRITE, and owner or MANAGE where it is restricted.",
        input=UpdateIntegrationInput,
        reads=UpdateIntegration,
    )
    delete_integration = answering(
        integration_deletion.delete_integration,
        DeleteResult,
        _delete,
        "Delete an integration with its connections and installations. Invisible at once.",
    )
    set_integration_tags = mutation(
        tag_operations.set_integration_tags,
        IntegrationResult,
        "Replace the tags; unknown names are made.",
        input=SetIntegrationTagsInput,
        reads=tag_operations.SetIntegrationTags,
    )
    share_integration = mutation(
        sharing_operations.share_integration,
        IntegrationResult,
        "Give a user or team access, or change it.",
        input=ShareIntegrationInput,
        reads=sharing_operations.ShareIntegration,
        shows=lambda done: done.integration,
    )
    unshare_integration = mutation(
        sharing_operations.unshare_integration,
        IntegrationResult,
        "Take access away.",
        input=UnshareIntegrationInput,
        reads=sharing_operations.UnshareIntegration,
    )
    transfer_integration = mutation(
        sharing_operations.transfer_integration,
        IntegrationResult,
        "Give an integration to another user or team.",
        input=TransferIntegrationInput,
        reads=sharing_operations.TransferIntegration,
        shows=lambda done: done.integration,
    )
    set_integration_icon = mutation(
        icon_operations.set_integration_icon,
        IntegrationResult,
        "Set or, with null, remove the icon.",
        input=SetIntegrationIconInput,
        reads=icon_operations.SetIntegrationIcon,
    )
    declare_capabilities = mutation(
        capability_operations.declare_capabilities,
        IntegrationResult,
        "Replace all capabilities of an integration; those of the same name keep their id.",
        input=DeclareCapabilitiesInput,
        reads=capability_operations.DeclareCapabilities,
    )
    declare_event_types = mutation(
        capability_operations.declare_event_types,
        IntegrationResult,
        "Replace all event types of an integration.",
        input=DeclareEventTypesInput,
        reads=capability_operations.DeclareEventTypes,
    )
    register_connections = mutation(
        connection_operations.register_connections,
        IntegrationResult,
        "Attach connections to an integration, all or none.",
        input=RegisterConnectionsInput,
        reads=connection_operations.RegisterConnections,
    )
    unregister_connection = mutation(
        connection_operations.unregister_connection,
        IntegrationResult,
        "Detach a connection. Steps keep it.",
        input=UnregisterConnectionInput,
        reads=connection_operations.UnregisterConnection,
    )
