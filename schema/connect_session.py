"""Connect sessions: links for end users, and OAuth for oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from models import tables
from models.errors import UpstreamFailed
from models.vocabulary import ConnectionMode, ConnectSessionStatus
from resolvers.connect import authorization, edges
from resolvers.connect import mutations as connect_session
from resolvers.connect.session import status_of
from schema.connection import ConnectedAccount
from schema.kit.field import column, given, related, to_one, viewed
from schema.kit.mutation import mutation
from schema.kit.node import RowNode, node, view
from schema.kit.result import Result
from schema.kit.scalars import DateTime
from schema.principal import Principal

if TYPE_CHECKING:
    from schema.integration import Integration


@node(tables.ConnectSession)
class ConnectSession(RowNode):
    """A short-lived link on which an end user connects."""

    status: ConnectSessionStatus = viewed(lambda row, caller: status_of(row, caller.hub.clock()), "How far it got.")
    integrations: list[Annotated[Integration, strawberry.lazy("schema.integration")]] = related(
        edges.INTEGRATIONS_BY_CONNECT_SESSION,
        lambda row: tuple(row.integration_ids),
        "What can be connected.",
        most=connect_session.MOST_INTEGRATIONS,
    )
    principal: Principal | None = to_one(
        edges.PRINCIPAL_BY_CONNECT_SESSION, "For whom; null means a shared connection."
    )
    return_url: str | None = column("Where the user goes afterwards; on the allow-list.")
    connection: ConnectedAccount | None = to_one(edges.CONNECTION_BY_CONNECT_SESSION, "What was connected.")
    error: str | None = column("Why it failed.")
    expires_at: DateTime = column("When the link ends.")


@strawberry.input(description="An OAuth authorisation to begin.")
class StartAuthorizationInput:
    integration_id: strawberry.ID = strawberry.field(description="For which.")
    connection_id: strawberry.ID | None = given("Renew this one.")
    additional_scopes: list[str] = strawberry.field(
        default_factory=list, description="Scopes beyond those configured."
    )
    return_url: str | None = given("Where to go afterwards; must be on the allow-list.")


@strawberry.input(description="A connect link.")
class CreateConnectSessionInput:
    integration_ids: list[strawberry.ID] = strawberry.field(description="What can be connected.")
    principal_id: strawberry.ID | None = given(
        "For whom; required unless `mode` is SHARED. For another user than yourself it needs ACT_AS or"
        " ORGANIZATION_ADMIN too."
    )
    mode: ConnectionMode | None = given(
        "SHARED, in place of `principalId`: one connection that the whole organization uses."
    )
    connection_id: strawberry.ID | None = given("Renew this one.")
    return_url: str | None = given("Where to go afterwards; must be on the allow-list.")
    lifetime_seconds: int = strawberry.field(default=1800, description="60 to 86,400.")


@view(authorization.Authorization, "Where to send the user.")
class AuthorizationPayload:
    url: str = column(
        "Page of the hub for the user's browser: it shows the integration, for whom it will be connected, and in"
        " which organization, and goes on to the vendor. Valid for 15 minutes, in the first browser that goes on."
    )
    session: ConnectSession = column("Progress; read it again by its id.")


@view(connect_session.NewConnectSession, "A link to give to an end user.")
class ConnectSessionPayload:
    session: ConnectSession = column("The session.")
    url: str = column("The link, shown this once.")


AuthorizationResult = Result(
    "AuthorizationResult",
    AuthorizationPayload,
    "An authorisation, or why not.",
    besides=(UpstreamFailed,),
)
ConnectSessionResult = Result("ConnectSessionResult", ConnectSessionPayload, "A connect session, or why not.")


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    start_authorization = mutation(
        authorization.start_authorization,
        AuthorizationResult,
        "Begin OAuth for yourself: open `url` in your browser.",
        input=StartAuthorizationInput,
        reads=authorization.StartAuthorization,
    )
    create_connect_session = mutation(
        connect_session.create_connect_session,
        ConnectSessionResult,
        "Make a link on which an end user connects.",
        input=CreateConnectSessionInput,
        reads=connect_session.CreateConnectSession,
    )
