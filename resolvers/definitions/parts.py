"""The parts of a definition, as authors write them: camel case, without unknown keys, without conversions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from models.definition import FieldGroup, FieldType, ResponseMode
from models.vocabulary import ApiKeyLocation, AuthType, TokenEndpointAuth
from resolvers.definitions.words import (
    Address,
    Day,
    Expression,
    HeaderTemplate,
    HeaderValue,
    Key,
    Line,
    Page,
    Pattern,
    Prose,
    Target,
    TokenPath,
    Value,
)

_Few = Annotated[tuple[Line, ...], Field(max_length=500)]
_Included = Annotated[dict[Line, _Few], Field(max_length=500)]
_Names = Annotated[dict[Line, Line], Field(max_length=500)]
Pairs = Annotated[dict[Line, Value], Field(max_length=50)]
Headers = Annotated[dict[Line, HeaderTemplate], Field(max_length=50)]
PlainHeaders = Annotated[dict[Line, HeaderValue], Field(max_length=50)]


class Part(BaseModel):
    """The base of all parts."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        strict=True,
    )


class SourcePage(Part):
    """The page on which a fact was read, and the date."""

    page: Page
    date: Day
    what: Line = Field(alias="for")


class ApiKey(Part):
    """The place of an API key in a request."""

    location: ApiKeyLocation = ApiKeyLocation.HEADER
    name: Line


class Auth(Part):
    """The authorisation of calls. Addresses may have `{parameter}`.

    `implies`: scopes that a scope includes. `aliases`: other names of scopes; `*` at the end of both is any text.
    `authorization_response_iss_parameter_supported`: the vendor says so in its metadata (RFC 9207 §3), so an answer
    without `iss` is refused.
    """

    type: AuthType
    api_base_url: Address | None = None
    authorization_url: Address | None = None
    token_url: Address | None = None
    revocation_url: Address | None = None
    token_endpoint_auth: TokenEndpointAuth = TokenEndpointAuth.BASIC
    token_parameters: Pairs = {}
    token_path: TokenPath | None = None
    pkce: bool = True
    response_mode: ResponseMode | None = None
    issuer: Address | None = None
    authorization_response_iss_parameter_supported: bool = False
    userinfo_url: Address | None = None
    scopes: _Few = ()
    implies: _Included = {}
    aliases: _Names = {}
    scope_separator: Literal[" ", ","] = " "
    authorization_parameters: Pairs = {}
    api_key: ApiKey | None = None
    headers: Headers = {}


class FormField(Part):
    """One field of a form. `secret`: shown as dots; by default, if the group is SECRET."""

    key: Key
    group: FieldGroup
    label: Line
    description: Prose | None = None
    required: bool = False
    secret: bool | None = None
    type: FieldType = FieldType.STRING
    pattern: Pattern | None = None
    options: Annotated[tuple[Line, ...], Field(max_length=200)] = ()

    @property
    def is_secret(self) -> bool:
        """Whether the field is shown as dots."""
        return self.group is FieldGroup.SECRET if self.secret is None else self.secret


class Request(Part):
    """A request to the vendor. `path`: below the API base, or an absolute address."""

    method: Literal["GET", "POST"] = "GET"
    path: Target
    query: Pairs = {}
    headers: PlainHeaders = {}
    body: Any = None


class Expect(Part):
    """The condition of a good answer: one of these statuses (by default 2xx), and a true expression."""

    status: (
        Annotated[tuple[Annotated[int, Field(ge=100, le=599)], ...], Field(min_length=1, max_length=20)] | None
    ) = None
    when: Expression | None = None

    def takes(self, status: int) -> bool:
        """Whether a status is good."""
        return status in self.status if self.status else 200 <= status < 300


class Verification(Part):
    """The request that shows whether credentials work. `error`: an expression for the vendor's error message."""

    required: bool = False
    request: Request
    expect: Expect = Expect()
    error: Expression | None = None


class Account(Part):
    """The account request, and the expressions for the account's facts."""

    request: Request
    account_id: Expression | None = None
    email: Expression | None = None
    display_name: Expression | None = None


class Inbound(Part):
    """The signature of the vendor's own requests to the hub."""

    scheme: Literal["hmac-sha256", "hmac-sha1", "token", "standard-webhooks"]
    header: Line | None = None
    prefix: Value = ""
    encoding: Literal["hex", "base64"] = "hex"
    signed_content: Value = "{body}"
    timestamp_header: Line | None = None
    tolerance_seconds: Annotated[int, Field(ge=1, le=86_400)] = 300


class Supports(Part):
    """Features of the vendor. Without `editable` an integration is not changed, but deleted and made anew."""

    upload: bool = False
    multiple: bool = True
    editable: bool = True


class Option(Part):
    """An advanced option of the vendor, with a default of its type, or none."""

    key: Key
    title: Line
    type: Literal["BOOLEAN", "INTEGER", "STRING"]
    default: Any = None
