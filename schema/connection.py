"""Connections to remote services. The type is ConnectedAccount: Relay reserves names that end in Connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from models import tables
from models.errors import Conflict
from models.origins import Origins
from models.vocabulary import AuthType, ConnectionMode, ConnectionStatus
from resolvers.connections import edges, queries
from resolvers.connections import mutations as operations
from resolvers.connections import testing as connection_health
from schema.kit.field import column, derived, given, listing, to_many, to_one
from schema.kit.mutation import mutation, mutation_by_id
from schema.kit.node import RowNode, node, view
from schema.kit.page import CountedPageOf
from schema.kit.removal import deletion
from schema.kit.result import row_result
from schema.kit.scalars import JSON, DateTime
from schema.kit.secret import SecretInput
from schema.principal import Principal

if TYPE_CHECKING:
    from schema.integration import Integration


@view(dict, "An account at a remote service.")
class RemoteAccount:
    """The account behind a credential, as read from the vendor."""

    account_id: str | None = derived(lambda account: account.get("accountId"), "Its id there.")
    email: str | None = derived(lambda account: account.get("email"), "E-mail address.")
    display_name: str | None = derived(lambda account: account.get("displayName"), "Name.")


@node(tables.Connection)
class ConnectedAccount(RowNode):
    """A connection to a remote service."""

    name: str = column("Label.")
    mode: ConnectionMode = column("Whose.")
    principal: Principal | None = to_one(edges.PRINCIPAL_BY_CONNECTION, "Its user, for PER_USER.")
    auth_type: AuthType = column("How it authorises.")
    status: ConnectionStatus = column("Whether it works.")
    account: RemoteAccount | None = derived(
        lambda row: row.account or None, "Who is connected at the remote service."
    )
    base_url: str | None = column("Base address, when it has its own.")
    granted_scopes: list[str] = column("Scopes that were granted.")
    details: JSON = column('Readable parts and masked hints, such as {"apiKey": "sk-a…"}.')
    expires_at: DateTime | None = column("When the access ends; null when unknown or never.")
    last_used_at: DateTime | None = column("Last use by a dispatch, to the minute.")
    last_error: str | None = column("Last failure of authorisation.")
    last_error_at: DateTime | None = column("When that was.")
    integrations: CountedPageOf[Annotated[Integration, strawberry.lazy("schema.integration")]] = to_many(
        edges.INTEGRATIONS_BY_CONNECTION, "Integrations that it is registered to."
    )
    hosts: list[str] = derived(
        lambda row: Origins.read(row.secret_origins).hosts(), "Hosts to which its secret may be sent."
    )
    version: int = column("Grows with every change; for `expectedVersion`.")
    created_at: DateTime = column("When it was made.")
    updated_at: DateTime = column("Last change.")


@strawberry.input(description="Conditions on connections.")
class ConnectionFilter:
    search: str | None = given("Words in the name.")
    mode: ConnectionMode | None = given("Whose.")
    status: list[ConnectionStatus] | None = given("Whether they work.")
    principal_id: list[strawberry.ID] | None = given("Users.")


@strawberry.input(description="A new connection.")
class CreateConnectionInput:
    integration_id: strawberry.ID | None = given("Registered to.")
    name: str | None = given("Label; from the vendor unless given.")
    mode: ConnectionMode = strawberry.field(default=ConnectionMode.PER_USER, description="Whose.")
    secret: SecretInput = strawberry.field(description="The secret.")
    base_url: str | None = given("Own base address.")
    default: bool = strawberry.field(default=False, description="Use it where none is named.")


@strawberry.input(description="New values of a connection.")
class UpdateConnectionInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int | None = given("Refuse as Stale when it has moved on.")
    name: str | None = given("Label.")
    secret: SecretInput | None = given("A new secret.")
    base_url: str | None = given("Own base address.")


@strawberry.input(description="Connections to attach.")
class RegisterConnectionsInput:
    integration_id: strawberry.ID = strawberry.field(description="To which.")
    connection_ids: list[strawberry.ID] = strawberry.field(description="Which, at most 100.")
    default_connection_id: strawberry.ID | None = given("The one to use where none is named.")


@strawberry.input(description="A connection to detach.")
class UnregisterConnectionInput:
    integration_id: strawberry.ID = strawberry.field(description="From which.")
    connection_id: strawberry.ID = strawberry.field(description="Which.")


ConnectionResult = row_result("connection", ConnectedAccount, besides=(Conflict,))


@strawberry.type
class Queries:
    """Root fields of this noun."""

    connections: CountedPageOf[ConnectedAccount] = listing(
        queries.list_connections,
        "Connections that you may see.",
        order=queries.BY_NAME,
        filter=(ConnectionFilter, queries.ConnectionFilter),
    )


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    create_connection = mutation(
        operations.create_connection,
        ConnectionResult,
        "Store a connection and register it.",
        input=CreateConnectionInput,
        reads=operations.CreateConnection,
    )
    update_connection = mutation(
        operations.update_connection,
        ConnectionResult,
        "Change a connection or its label.",
        input=UpdateConnectionInput,
        reads=operations.UpdateConnection,
    )
    test_connection = mutation_by_id(
        connection_health.test_connection,
        ConnectionResult,
        "Ask the remote service whether the connection works, and who it is.",
    )
    delete_connection = deletion(
        operations.delete_connection, ConnectedAccount, "Remove a connection from everywhere."
    )
