"""Bearer tokens: the type, the input and the root fields of the noun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models import tables
from models.vocabulary import Permission, TokenKind
from resolvers.installations.address import InstallationAddress
from resolvers.page import BY_ID
from resolvers.people import edges
from resolvers.people import token as operations
from resolvers.people import viewer as queries
from resolvers.people.installation_token import create_installation_token
from schema.kit.context import Info
from schema.kit.field import column, derived, given, listing, related, to_one
from schema.kit.ids import row_id
from schema.kit.mutation import act, answering, mutation
from schema.kit.node import RowNode, node, view
from schema.kit.page import CountedPageOf
from schema.kit.removal import deletion
from schema.kit.result import Result
from schema.kit.scalars import DateTime
from schema.principal import Principal

if TYPE_CHECKING:
    from schema.capability import Capability
    from schema.installation import Installation
    from schema.integration import Integration


@node(tables.Token)
class Token(RowNode):
    """A bearer token; its text is shown once, at creation."""

    name: str = column("Label.")
    kind: TokenKind = column("Who it speaks for.")
    hint: str = column("Last four characters, to recognise it.")
    permissions: list[Permission] = column("What it may do.")
    principal: Principal | None = to_one(edges.PRINCIPAL_BY_TOKEN, "Its user, for PERSONAL.")
    integration: Annotated[Integration, strawberry.lazy("schema.integration")] | None = to_one(
        edges.INTEGRATION_BY_TOKEN, "Its integration, for INTEGRATION and INSTALLATION."
    )
    installation: Annotated[Installation, strawberry.lazy("schema.installation")] | None = to_one(
        edges.INSTALLATION_BY_TOKEN, "Its installation, for INSTALLATION."
    )
    allowed_capabilities: list[Annotated[Capability, strawberry.lazy("schema.capability")]] = related(
        edges.ALLOWED_CAPABILITIES_BY_TOKEN,
        lambda row: tuple(row.allowed_capabilities),
        "The only capabilities it may run, as they were declared when it was made; empty means any.",
        most=operations.MOST_CAPABILITIES,
    )
    created_by: Principal | None = to_one(
        edges.MAKER_BY_TOKEN,
        "The user that made it or took it over. The token of an app never does more than this user may; a personal"
        " one has ACT_AS only while this user or its own is an administrator. Null: the operator made it.",
    )
    created_at: DateTime = column("When it was made.")
    expires_at: DateTime | None = column("When it ends by itself.")
    last_used_at: DateTime | None = column("Last use, to the minute.")
    revoked_at: DateTime | None = column("When it was revoked.")


@strawberry.input(description="A new token: for yourself unless an integration is named.")
class CreateTokenInput:
    name: str = strawberry.field(description="Label.")
    permissions: list[Permission] = strawberry.field(description="What it may do.")
    principal_id: strawberry.ID | None = given("For another user. Needs ORGANIZATION_ADMIN.")
    integration_id: strawberry.ID | None = given("For an app: an INTEGRATION token.")
    allowed_capability_ids: list[strawberry.ID] | None = given("The only capabilities it may run.")
    expires_at: DateTime | None = given("When it ends.")


@view(operations.NewToken, "A token and its text.")
class TokenPayload:
    token: Token = column("The token.")
    secret: str = column("The bearer text, shown this once.")


@strawberry.input(description="A new maker of an app's token.")
class TransferTokenInput:
    id: strawberry.ID = strawberry.field(description="Which.")
    principal_id: strawberry.ID = strawberry.field(description="To which user.")


@view(tables.Token, "A token as it is now.")
class TransferTokenPayload:
    token: Token = derived(lambda row: row, "The token.")


TransferTokenResult = Result("TransferTokenResult", TransferTokenPayload, "A token, or why not.")
TokenResult = Result("TokenResult", TokenPayload, "A token, or why not.")


async def _token_of_installation(root: Any, info: Info, installation_id: strawberry.ID) -> Any:
    return await act(info, create_installation_token, InstallationAddress(id=row_id(installation_id)))


@strawberry.type
class Queries:
    """Root field of this noun."""

    tokens: CountedPageOf[Token] = listing(
        queries.list_tokens, "Tokens: your own, or all with ORGANIZATION_ADMIN.", order=BY_ID
    )


@strawberry.type
class Mutations:
    """Root fields of this noun."""

    create_token = mutation(
        operations.create_token,
        TokenResult,
        "Make a token; its permissions are at most your own.",
        input=CreateTokenInput,
        reads=operations.CreateToken,
    )
    create_installation_token = answering(
        create_installation_token,
        TokenResult,
        _token_of_installation,
        "Make a token of one installation, for an hour. For the app's own tokens and users of its publisher.",
    )
    transfer_token = mutation(
        operations.transfer_token,
        TransferTokenResult,
        "Hand an app's token over to another user, whose permissions limit it from then on.",
        input=TransferTokenInput,
        reads=operations.TransferToken,
    )
    revoke_token = deletion(
        operations.revoke_token,
        Token,
        "End a token at once. Needs TOKENS_WRITE unless it is your own; if you did not make it, ORGANIZATION_ADMIN.",
    )
