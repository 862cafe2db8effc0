"""Requests that the caller composes, sent through an integration."""

from __future__ import annotations

import strawberry

from models.vocabulary import HttpMethod
from resolvers.dispatching.proxy_request import proxy_request
from resolvers.dispatching.proxying import ProxyRequest
from schema.dispatch import DispatchResult
from schema.kit.field import given
from schema.kit.headers import HeaderInput
from schema.kit.mutation import mutation
from schema.kit.refs import ACTS, IntegrationRef, PrincipalRef
from schema.kit.scalars import JSON


@strawberry.input(description="A request of your own through an integration.")
class ProxyRequestInput:
    integration: IntegrationRef = strawberry.field(description="Through which.")
    path: str = strawberry.field(description="Path below the API base.")
    method: HttpMethod = strawberry.field(default=HttpMethod.GET, description="Method.")
    query: JSON | None = given("Query parameters.")
    headers: list[HeaderInput] | None = given("Headers.")
    body: JSON | None = given("Body: text goes as it stands, anything else as JSON.")
    body_base64: str | None = given("Bytes in base64 in place of `body`; application/octet-stream unless given.")
    body_upload_id: strawberry.ID | None = given("Bytes of an upload for FILE, in place of `body`.")
    connection_id: strawberry.ID | None = given("The connection; needed where the choice would be a guess.")
    idempotency_key: str | None = given("Makes a retry safe for 24 hours.")
    act_as: PrincipalRef | None = given(ACTS)


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    proxy_request = mutation(
        proxy_request,
        DispatchResult,
        "Send a request of your own through an integration of your organization.",
        input=ProxyRequestInput,
        reads=ProxyRequest,
    )
