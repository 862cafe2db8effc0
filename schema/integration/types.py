"""Output types of integrations."""

from __future__ import annotations

from typing import Any

import strawberry

from models import tables
from models.definition import ResponseMode
from models.vocabulary import (
    ApiKeyLocation,
    AuthType,
    ConnectionMode,
    IntegrationAccess,
    IntegrationState,
    TokenEndpointAuth,
)
from resolvers.audit import queries as audit_queries
from resolvers.capabilities import queries as capability_queries
from resolvers.connections import queries as connection_queries
from resolvers.dispatching import queries as dispatch_queries
from resolvers.events import queries as event_queries
from resolvers.flows import edges as flow_edges
from resolvers.flows import queries as flow_queries
from resolvers.installations import queries as installation_queries
from resolvers.integrations import edges
from resolvers.integrations.fields import has_client_secret, icon_url, identifier, owned_by
from resolvers.integrations.sharing import MOST_SHARES
from resolvers.integrations.tags import MOST_TAGS
from resolvers.publishing.edges import PUBLICATION_BY_INTEGRATION
from schema.audit import AuditEntry, AuditFilter
from schema.capability import Capability, CapabilityFilter, EventType
from schema.connection import ConnectedAccount, ConnectionFilter
from schema.definition import Definition
from schema.dispatch import Dispatch, DispatchFilter
from schema.event import Event, EventFilter
from schema.flow import Flow, FlowFilter
from schema.installation import Installation, InstallationFilter
from schema.kit.context import Info
from schema.kit.field import column, derived, related, to_list, to_many, to_one, viewed
from schema.kit.headers import HeaderTemplate
from schema.kit.node import RowNode, node, view
from schema.kit.page import CountedPageOf, PageOf
from schema.kit.scalars import JSON, DateTime
from schema.organization import OrganizationProfile
from schema.principal import Principal
from schema.publication import Publication
from schema.share import Share
from schema.step import Step, StepFilter
from schema.tag import Tag


@view(tables.Integration, "Authorisation and addressing of an integration. Secrets are never shown.")
class IntegrationAuth:
    """The auth group of the row."""

    type: AuthType = derived(lambda row: row.auth_type, "How calls are authorised.")
    api_base_url: str | None = column("Base of relative endpoints.")
    client_id: str | None = column("OAuth client id.")
    has_client_secret: bool = derived(has_client_secret, "A client secret is stored.")
    scopes: list[str] = column("OAuth scopes asked for.")
    authorization_url: str | None = column("Where the user consents.")
    token_url: str | None = column("Where codes become tokens.")
    revocation_url: str | None = column("Where tokens are revoked.")
    token_endpoint_auth: TokenEndpointAuth = column("How the client authorises at the token endpoint.")
    token_parameters: JSON = column("Constants in every token request, such as `audience`.")
    token_path: str | None = column("Place of the object with the token in the answer of the token endpoint.")
    pkce: bool = column("Whether consent is bound by PKCE.")
    response_mode: ResponseMode | None = column("How the vendor brings its answer; null is the vendor's default.")
    api_key_location: ApiKeyLocation = column("Where an API key goes.")
    api_key_name: str | None = column("Name of its header or query parameter.")
    headers: list[HeaderTemplate] = derived(
        lambda row: [HeaderTemplate(**hint) for hint in row.header_hints], "Headers added to every call."
    )
    parameters: JSON = column("Readable values that the definition asks for.")


@view(tables.Workspace, "What makes an integration a container of flows.")
class Workspace:
    """The side row of an integration."""

    settings: JSON = column("Free settings.")
    settings_form: JSON | None = column("Form that edits them (JSON Schema).")
    release_version: str | None = column("Version word of its author.")
    tag: str | None = column("Free word.")
    update_in_progress: bool = column("A managed update runs; settings are locked until it is set back.")
    sandbox: bool = column("Made for trying out.")
    install_steps: JSON = column("Steps of an installation, as declared.")
    uninstall_steps: JSON = column("Steps of an uninstallation, as declared.")


async def _capability(root: Any, info: Info, name: str) -> Any:
    return await info.context.loaders.value(edges.CAPABILITY_BY_NAME, (root.id, name))


async def _state_error(root: Any, info: Info) -> str | None:
    own = await info.context.loaders.one(edges.OWN_BY_INTEGRATION, root.id)
    return None if own is None else own.state_error


@node(tables.Integration)
class Integration(RowNode):
    """A configured or published app. Of another organization's app only the public side is set: `auth`, \
`workspace`, `owner` are null, lists hold your rows."""

    handler: str = column("UPPER_SNAKE, unique in its organization, fixed at creation; prefix of its event types.")
    slug: str = column("Kebab-case, unique in its organization, fixed unless set.")
    identifier: str = derived(identifier, "Identifier of your choice; the slug unless set. Need not be unique.")
    name: str = column("Display name.")
    description: str = column("Short text; empty when there is none.")
    readme: str = column("Long Markdown text; empty when there is none.")
    vendor: str = column("Definition key, or any other word.")
    definition: Definition | None = to_one(edges.DEFINITION_BY_INTEGRATION, "The definition, when the hub has one.")
    icon_url: str | None = viewed(icon_url, "Logo: the uploaded icon, else the https address that a client gave.")
    category: str = column("Grouping word; the definition's unless set, else `other`.")
    state: IntegrationState = column("Life-cycle.")
    state_changed_at: DateTime = column("Since when.")
    state_error: str | None = strawberry.field(
        resolver=_state_error, description="Why the last verification failed. Null unless yours."
    )
    mode: ConnectionMode = column("Whose connections it uses.")
    access: IntegrationAccess = column("Who sees it in its organization.")
    owned_by_viewer: bool = viewed(owned_by, "Your organization owns it.")
    viewer_can_manage: bool = related(
        edges.MANAGEABLE_BY_INTEGRATION,
        lambda row: row.id,
        "You may change it: by permission and, where it is restricted, by role.",
    )
    publisher: OrganizationProfile = to_one(
        edges.PUBLISHER_BY_INTEGRATION, "The organization that owns it, by its public facts."
    )
    owner: Principal | None = to_one(edges.OWNER_BY_INTEGRATION, "Owner inside your organization.")
    tags: list[Tag] = to_list(edges.TAGS_BY_INTEGRATION, "Tags.", most=MOST_TAGS)
    version: int = column("Grows by one with every change; for `expectedVersion`.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column("Last change.")
    auth: IntegrationAuth | None = to_one(edges.OWN_BY_INTEGRATION, "How it authorises. Null unless yours.")
    workspace: Workspace | None = to_one(
        edges.WORKSPACE_BY_INTEGRATION, "Settings and install steps. Null unless yours."
    )
    publication: Publication | None = to_one(
        PUBLICATION_BY_INTEGRATION, "Its public side; null while it is not published."
    )
    shares: list[Share] = to_list(edges.SHARES_BY_INTEGRATION, "Whom it is shared with.", most=MOST_SHARES)
    installation: Installation | None = to_one(edges.INSTALLATION_BY_INTEGRATION, "Your organization's installation.")
    connection: ConnectedAccount | None = related(
        edges.READINESS_BY_INTEGRATION,
        lambda row: row.id,
        "The connection that a dispatch by you would use when none is named; null when there is none or it would"
        " be a guess.",
        shows=lambda _, readiness: readiness and readiness.picked.shown,
    )
    capabilities: CountedPageOf[Capability] = to_many(
        edges.CAPABILITIES_BY_INTEGRATION,
        "What it can do.",
        filter=(CapabilityFilter, capability_queries.CapabilityFilter),
    )
    capability: Capability | None = strawberry.field(resolver=_capability, description="One capability by name.")
    event_types: CountedPageOf[EventType] = to_many(edges.EVENT_TYPES_BY_INTEGRATION, "What it can say happened.")
    connections: CountedPageOf[ConnectedAccount] = to_many(
        edges.CONNECTIONS_BY_INTEGRATION,
        "Connections registered to it that you may see.",
        filter=(ConnectionFilter, connection_queries.ConnectionFilter),
    )
    installations: CountedPageOf[Installation] = to_many(
        edges.INSTALLATIONS_BY_INTEGRATION,
        "Where it is installed: all of them for its owner.",
        filter=(InstallationFilter, installation_queries.InstallationFilter),
    )
    events: PageOf[Event] = to_many(
        edges.EVENTS_BY_INTEGRATION, "Events, newest first.", filter=(EventFilter, event_queries.EventFilter)
    )
    dispatches: PageOf[Dispatch] = to_many(
        edges.DISPATCHES_BY_INTEGRATION,
        "Dispatches, newest first.",
        filter=(DispatchFilter, dispatch_queries.DispatchFilter),
    )
    flows: CountedPageOf[Flow] = to_many(
        flow_edges.FLOWS_BY_INTEGRATION, "Flows that belong to it.", filter=(FlowFilter, flow_queries.FlowFilter)
    )
    steps: CountedPageOf[Step] = to_many(
        flow_edges.STEPS_BY_INTEGRATION,
        "Exports and imports through it.",
        filter=(StepFilter, flow_queries.StepFilter),
    )
    audit_entries: PageOf[AuditEntry] = to_many(
        edges.AUDIT_ENTRIES_BY_INTEGRATION,
        "Who changed what, newest first.",
        filter=(AuditFilter, audit_queries.AuditFilter),
    )
