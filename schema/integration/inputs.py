"""Inputs of integrations."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from models.definition import ResponseMode
from models.vocabulary import (
    ApiKeyLocation,
    ArrayFormat,
    AuthType,
    BodyFormat,
    CapabilityEffect,
    ConnectionMode,
    HttpMethod,
    InputLocation,
    InputType,
    IntegrationAccess,
    IntegrationState,
    TokenEndpointAuth,
)
from resolvers.integrations.queries import IntegrationOrderField
from schema.kit.field import given
from schema.kit.headers import HeaderInput
from schema.kit.scalars import JSON
from schema.kit.secret import SecretInput


@strawberry.enum(description="Direction of an order.")
class OrderDirection(StrEnum):
    """ASC: ascending. DESC: descending."""

    ASC = "ASC"
    DESC = "DESC"


@strawberry.input(description="Conditions on integrations.")
class IntegrationFilter:
    search: str | None = given("Words in name and description.")
    vendor: list[str] | None = given("Definition keys.")
    category: list[str] | None = given("Categories.")
    state: list[IntegrationState] | None = given("States; without it DELETING and DELETED are left out.")
    tag: list[str] | None = given("Names of tags.")
    owner_id: list[strawberry.ID] | None = given("Owners.")
    identifier: list[str] | None = given("Identifiers; the slug counts where none is set. Several may have the same.")
    definition_category: list[str] | None = given("Categories of their vendors' definitions.")
    supports_upload: bool | None = given("Whose definition takes uploads.")


@strawberry.input(description="Order of integrations.")
class IntegrationOrder:
    """A field and a direction. Rows with equal values are ordered by id."""

    field: IntegrationOrderField = strawberry.field(description="By what.")
    direction: OrderDirection = strawberry.field(default=OrderDirection.ASC, description="Which way.")


@strawberry.input(description="How a new or changed integration authorises.")
class IntegrationAuthInput:
    type: AuthType | None = given("Kind.")
    api_base_url: str | None = given("Base of relative endpoints.")
    client_id: str | None = given("OAuth client id.")
    client_secret: str | None = given("OAuth client secret.")
    scopes: list[str] | None = given("OAuth scopes.")
    authorization_url: str | None = given("Where the user consents.")
    token_url: str | None = given("Where codes become tokens.")
    revocation_url: str | None = given("Where tokens are revoked.")
    token_endpoint_auth: TokenEndpointAuth | None = given("How the client authorises there.")
    token_parameters: JSON | None = given(
        "Replaces the constants in every token request, such as `audience` and `resource`: names and texts, readable."
    )
    token_path: str | None = given(
        "Names joined by dots that lead to the object with the token in the answer, such as `authed_user`."
    )
    pkce: bool | None = given("False for a vendor that refuses PKCE.")
    response_mode: ResponseMode | None = given("How the vendor brings its answer; null leaves it to the vendor.")
    api_key_location: ApiKeyLocation | None = given("Where an API key goes.")
    api_key_name: str | None = given("Its name.")
    headers: list[HeaderInput] | None = given("Replaces the added headers.")
    parameters: JSON | None = given("Replaces the readable values.")


@strawberry.input(description="One simple input.")
class CapabilityInputInput:
    name: str = strawberry.field(description="Name.")
    type: InputType = strawberry.field(default=InputType.STRING, description="Type.")
    required: bool = strawberry.field(default=False, description="Must be given.")
    location: InputLocation | None = given("Place; from template and method unless given.")
    description: str | None = given("What it is.")
    default: JSON | None = given("Used when absent.")
    options: list[JSON] | None = given("Allowed values.")


@strawberry.input(
    description="One capability to declare: `inputs` for the simple form, `inputSchema` for the general one."
)
class DeclareCapabilityInput:
    name: str = strawberry.field(description="Unique name.")
    description: str | None = given("What it does.")
    method: HttpMethod = strawberry.field(description="Method.")
    endpoint: str = strawberry.field(description="Address or path.")
    effect: CapabilityEffect | None = given(
        "From the method unless given. READ of another method than GET and HEAD needs DISPATCH_WRITE."
    )
    body_format: BodyFormat = strawberry.field(default=BodyFormat.JSON, description="Form of the body.")
    array_format: ArrayFormat = strawberry.field(
        default=ArrayFormat.REPEAT, description="Lists in the query and in forms."
    )
    inputs: list[CapabilityInputInput] | None = given("Simple inputs.")
    input_schema: JSON | None = given("JSON Schema.")
    output_schema: JSON | None = given("Shape of a good answer.")
    allow_unknown_inputs: bool = strawberry.field(default=False, description="Pass inputs that are not declared.")
    required_scopes: list[str] = strawberry.field(default_factory=list, description="Scopes needed.")
    timeout_seconds: int = strawberry.field(default=30, description="1 to 300.")


@strawberry.input(description="A new integration.")
class CreateIntegrationInput:
    name: str = strawberry.field(description="Display name.")
    vendor: str = strawberry.field(default="custom", description="Vendor key.")
    handler: str | None = given("Handler; from the name unless given.")
    slug: str | None = given("Slug; from the name unless given.")
    identifier: str | None = given("Identifier of your choice; need not be unique.")
    uuid: str | None = given("Client-given UUID.")
    description: str | None = given("Short text.")
    readme: str | None = given("Long text.")
    category: str | None = given("Grouping word.")
    mode: ConnectionMode = strawberry.field(default=ConnectionMode.PER_USER, description="Whose connections.")
    access: IntegrationAccess = strawberry.field(default=IntegrationAccess.ORGANIZATION, description="Who sees it.")
    auth: IntegrationAuthInput | None = given("Authorisation; the definition fills what is absent.")
    secret: SecretInput | None = given("Stored as the shared default connection.")
    capabilities: list[DeclareCapabilityInput] | None = given("Capabilities to declare at once.")
    owner_id: strawberry.ID | None = given("Owner; you unless named.")


@strawberry.input(description="New values of an integration.")
class UpdateIntegrationInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    expected_version: int | None = given("Refuse as Stale when it has moved on.")
    name: str | None = given("Display name.")
    slug: str | None = given("Slug.")
    identifier: str | None = given("Identifier of your choice; null goes back to the slug.")
    description: str | None = given("Short text.")
    readme: str | None = given("Long text.")
    vendor: str | None = given("Vendor key.")
    category: str | None = given("Grouping word.")
    mode: ConnectionMode | None = given("Whose connections.")
    access: IntegrationAccess | None = given("Who sees it.")
    auth: IntegrationAuthInput | None = given("Authorisation; absent fields stay.")
    secret: SecretInput | None = given("Replaces the default connection's secret.")


@strawberry.input(description="Icon of an integration.")
class SetIntegrationIconInput:
    integration_id: strawberry.ID = strawberry.field(description="Which.")
    upload_id: strawberry.ID | None = given("Null removes it.")


@strawberry.input(description="All capabilities of an integration.")
class DeclareCapabilitiesInput:
    integration_id: strawberry.ID = strawberry.field(description="Which.")
    capabilities: list[DeclareCapabilityInput] = strawberry.field(description="The manifest.")
    app_token: str | None = given("Bearer token for calls to the app; becomes the default connection.")
    expected_version: int | None = given("Refuse as Stale when it has moved on.")


@strawberry.input(description="One event type.")
class DeclareEventTypeInput:
    name: str = strawberry.field(description="`<Handler>.<Name>`.")
    description: str | None = given("When it happens.")
    schema: JSON | None = given("Shape of the payload.")
    example: JSON | None = given("A payload, at most 16 kB; the schema must allow it.")
    deprecated: bool = strawberry.field(default=False, description="It should no longer be used.")


@strawberry.input(description="All event types of an integration.")
class DeclareEventTypesInput:
    integration_id: strawberry.ID = strawberry.field(description="Which.")
    event_types: list[DeclareEventTypeInput] = strawberry.field(description="The manifest.")
