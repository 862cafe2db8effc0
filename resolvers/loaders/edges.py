"""Every batch relation between rows, each declared once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import true

from models.tables import (
    AuditEntry,
    Capability,
    Connection,
    ConnectSession,
    Definition,
    Dispatch,
    Event,
    EventType,
    Installation,
    Integration,
    IntegrationTag,
    Job,
    Organization,
    Principal,
    Registration,
    Share,
    Tag,
    TeamMember,
    Token,
    Workspace,
)
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.capabilities.queries import BY_POSITION
from resolvers.connections.queries import BY_NAME
from resolvers.loaders.edge import Edge, Link
from resolvers.page import NEWEST_FIRST, Order
from resolvers.scope import Conditions, visible

_NAME_THEN_ID = Order(columns=("name", "id"))
_NAME_KEY_THEN_ID = Order(columns=("name_key", "id"))


def _public(_caller: Caller, _model: Any) -> Conditions:
    """The facts of an organization that its publications and installations show to others."""
    return [true()]


def _own(caller: Caller, model: Any) -> Conditions:
    return [*visible(caller, model), model.organization_id == caller.organization_id]


def _any_in_organization(caller: Caller, model: Any) -> Conditions:
    return [model.organization_id == caller.organization_id]


PUBLISHER_BY_INTEGRATION = Edge(
    name="PublisherByIntegration",
    source=Integration,
    target=Organization,
    local="organization_id",
    rows=_public,
)
DEFINITION_BY_INTEGRATION = Edge(
    name="DefinitionByIntegration", source=Integration, target=Definition, local="definition_id"
)
OWNER_BY_INTEGRATION = Edge(
    name="OwnerByIntegration", source=Integration, target=Principal, local="owner_id", rows=_any_in_organization
)
WORKSPACE_BY_INTEGRATION = Edge(
    name="WorkspaceByIntegration", source=Integration, target=Workspace, remote="integration_id"
)
INSTALLATION_BY_INTEGRATION = Edge(
    name="InstallationByIntegration",
    source=Integration,
    target=Installation,
    remote="integration_id",
    rows=_own,
    needs=Permission.INSTALLATIONS_READ,
)
INSTALLATIONS_BY_INTEGRATION = Edge(
    name="InstallationsByIntegration",
    source=Integration,
    target=Installation,
    remote="integration_id",
    needs=Permission.INSTALLATIONS_READ,
)
TAGS_BY_INTEGRATION = Edge(
    name="TagsByIntegration",
    source=Integration,
    target=Tag,
    link=Link(table=IntegrationTag, source="integration_id", target="tag_id"),
    order=_NAME_KEY_THEN_ID,
)
SHARES_BY_INTEGRATION = Edge(
    name="SharesByIntegration",
    source=Integration,
    target=Share,
    remote="integration_id",
    needs=Permission.INTEGRATIONS_SHARE,
)
CAPABILITIES_BY_INTEGRATION = Edge(
    name="CapabilitiesByIntegration",
    source=Integration,
    target=Capability,
    remote="integration_id",
    order=BY_POSITION,
)
EVENT_TYPES_BY_INTEGRATION = Edge(
    name="EventTypesByIntegration",
    source=Integration,
    target=EventType,
    remote="integration_id",
    order=_NAME_THEN_ID,
)
CONNECTIONS_BY_INTEGRATION = Edge(
    name="ConnectionsByIntegration",
    source=Integration,
    target=Connection,
    link=Link(table=Registration, source="integration_id", target="connection_id"),
    order=BY_NAME,
    needs=Permission.CONNECTIONS_READ,
)
EVENTS_BY_INTEGRATION = Edge(
    name="EventsByIntegration",
    source=Integration,
    target=Event,
    remote="integration_id",
    order=NEWEST_FIRST,
    needs=Permission.EVENTS_READ,
)
DISPATCHES_BY_INTEGRATION = Edge(
    name="DispatchesByIntegration",
    source=Integration,
    target=Dispatch,
    remote="integration_id",
    order=NEWEST_FIRST,
    needs=Permission.DISPATCHES_READ,
)
AUDIT_ENTRIES_BY_INTEGRATION = Edge(
    name="AuditEntriesByIntegration",
    source=Integration,
    target=AuditEntry,
    remote="integration_id",
    order=NEWEST_FIRST,
    needs=Permission.AUDIT_READ,
)
INTEGRATION_BY_CAPABILITY = Edge(
    name="IntegrationByCapability", source=Capability, target=Integration, local="integration_id"
)
DISPATCHES_BY_CAPABILITY = Edge(
    name="DispatchesByCapability",
    source=Capability,
    target=Dispatch,
    remote="capability_id",
    order=NEWEST_FIRST,
    needs=Permission.DISPATCHES_READ,
)
INTEGRATION_BY_EVENT_TYPE = Edge(
    name="IntegrationByEventType", source=EventType, target=Integration, local="integration_id"
)
INTEGRATION_BY_INSTALLATION = Edge(
    name="IntegrationByInstallation", source=Installation, target=Integration, local="integration_id"
)
ORGANIZATION_BY_INSTALLATION = Edge(
    name="OrganizationByInstallation",
    source=Installation,
    target=Organization,
    local="organization_id",
    rows=_public,
)
EVENTS_BY_INSTALLATION = Edge(
    name="EventsByInstallation",
    source=Installation,
    target=Event,
    remote="installation_id",
    order=NEWEST_FIRST,
    needs=Permission.EVENTS_READ,
)
PRINCIPAL_BY_CONNECTION = Edge(
    name="PrincipalByConnection", source=Connection, target=Principal, local="principal_id"
)
INTEGRATIONS_BY_CONNECTION = Edge(
    name="IntegrationsByConnection",
    source=Connection,
    target=Integration,
    link=Link(table=Registration, source="connection_id", target="integration_id"),
    order=_NAME_KEY_THEN_ID,
    needs=Permission.INTEGRATIONS_READ,
)
PRINCIPAL_BY_CONNECT_SESSION = Edge(
    name="PrincipalByConnectSession", source=ConnectSession, target=Principal, local="principal_id"
)
CONNECTION_BY_CONNECT_SESSION = Edge(
    name="ConnectionByConnectSession", source=ConnectSession, target=Connection, local="connection_id"
)
CAPABILITY_BY_DISPATCH = Edge(name="CapabilityByDispatch", source=Dispatch, target=Capability, local="capability_id")
INTEGRATION_BY_DISPATCH = Edge(
    name="IntegrationByDispatch", source=Dispatch, target=Integration, local="integration_id"
)
CONNECTION_BY_DISPATCH = Edge(name="ConnectionByDispatch", source=Dispatch, target=Connection, local="connection_id")
PRINCIPAL_BY_DISPATCH = Edge(name="PrincipalByDispatch", source=Dispatch, target=Principal, local="principal_id")
CAUSE_EVENT_BY_DISPATCH = Edge(name="CauseEventByDispatch", source=Dispatch, target=Event, local="cause_id")
INTEGRATION_BY_EVENT = Edge(name="IntegrationByEvent", source=Event, target=Integration, local="integration_id")
INSTALLATION_BY_EVENT = Edge(name="InstallationByEvent", source=Event, target=Installation, local="installation_id")
ACTOR_BY_AUDIT_ENTRY = Edge(name="ActorByAuditEntry", source=AuditEntry, target=Principal, local="actor_id")
PRINCIPAL_BY_SHARE = Edge(name="PrincipalByShare", source=Share, target=Principal, local="principal_id")
TEAMS_BY_PRINCIPAL = Edge(
    name="TeamsByPrincipal",
    source=Principal,
    target=Principal,
    link=Link(table=TeamMember, source="user_id", target="team_id"),
    order=_NAME_KEY_THEN_ID,
)
MEMBERS_BY_PRINCIPAL = Edge(
    name="MembersByPrincipal",
    source=Principal,
    target=Principal,
    link=Link(table=TeamMember, source="team_id", target="user_id"),
    order=_NAME_KEY_THEN_ID,
)
PRINCIPAL_BY_TOKEN = Edge(name="PrincipalByToken", source=Token, target=Principal, local="principal_id")
INTEGRATION_BY_TOKEN = Edge(name="IntegrationByToken", source=Token, target=Integration, local="integration_id")
INSTALLATION_BY_TOKEN = Edge(name="InstallationByToken", source=Token, target=Installation, local="installation_id")
CREATOR_BY_JOB = Edge(name="CreatorByJob", source=Job, target=Principal, local="created_by")
