"""Integration documents of this vendor's clients, read as creations and as updates."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from models.vocabulary import AuthType, ConnectionMode, IntegrationAccess, TokenEndpointAuth
from resolvers.auth_kinds import KINDS
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.creation import CreateIntegration
from resolvers.outbound.request import Header
from resolvers.secret import Secret
from resolvers.unset import UNSET, Unset, given
from rest.informer.read import ref
from rest.informer.words import AUTH_TYPES, INDISTINCT, KEY_LOCATIONS, MODES
from rest.kit import Asked, Members


def creation(asked: Asked) -> tuple[CreateIntegration]:
    """POST. Members that the vendor does not document are ignored; null members count as absent."""
    values = {name: value for name, value in asked.members().items() if value is not None}
    unused = _unused(values)
    members = Members(values, unused)
    secret = _secret(members, unused)
    new = CreateIntegration(
        name=members.required("name"),
        vendor=members.required("type"),
        uuid=given(members.text("id"), None),
        category=given(members.text("category"), None),
        description=given(members.text("description"), None),
        image_url=given(members.text("imageUrl"), None),
        mode=given(members.word("mode", MODES), None) or ConnectionMode.PER_USER,
        access=IntegrationAccess.RESTRICTED,
        auth=_auth(members),
        secret=secret if isinstance(secret, Secret) else None,
        default_auth_type=AuthType.OAUTH2,
        default_token_endpoint_auth=_BY_FLAG[None],
        ignores_unused=True,
    )
    members.done()
    return (new,)


def update(asked: Asked) -> tuple[UpdateIntegration]:
    """PUT: present members are changed, absent ones stay, null clears."""
    unused = _unused(asked.members())
    members = Members(asked.members(), unused)
    change = UpdateIntegration(
        id=ref(asked),
        name=members.text("name"),
        vendor=members.text("type"),
        category=members.text("category"),
        description=members.text("description"),
        image_url=members.text("imageUrl"),
        mode=members.word("mode", MODES),
        auth=_auth(members),
        secret=_secret(members, unused),
        indistinct_auth_types=INDISTINCT,
        ignores_unused=True,
    )
    members.done()
    return (change,)


def _auth(members: Members) -> IntegrationAuth:
    scope, basic = members.text("scope"), members.flag("basicTokenAuth")
    return IntegrationAuth(
        type=members.word("authType", AUTH_TYPES),
        api_base_url=members.text("apiBaseUri"),
        client_id=members.text("clientId"),
        client_secret=members.text("clientSecret"),
        scopes=scope.split() if isinstance(scope, str) else scope,
        authorization_url=members.text("authUri"),
        token_url=members.text("tokenUri"),
        revocation_url=members.text("revocationUri"),
        token_endpoint_auth=UNSET if isinstance(basic, Unset) else _BY_FLAG[basic],
        api_key_location=members.word("apiKeyLocation", KEY_LOCATIONS),
        api_key_name=members.text("apiKeyName"),
        headers=_headers(members),
        parameters=members.object("data"),
    )


#: The client's secret is sent in the form unless the document asks for Basic.
_BY_FLAG = {True: TokenEndpointAuth.BASIC, False: TokenEndpointAuth.POST, None: TokenEndpointAuth.POST}


def _headers(members: Members) -> list[Header] | Unset | None:
    headers = members.texts("headers")
    if not isinstance(headers, dict):
        return headers
    return [Header(name=name, value=value) for name, value in headers.items()]


def _secret(members: Members, unused: Collection[str]) -> Secret | Unset:
    """The API key. It is left out beside another `authType`; without one, it must fit the integration's own type."""
    key = members.text("apiKey")
    return Secret(api_key=key) if isinstance(key, str) and "apiKey" not in unused else UNSET


def _unused(members: Mapping[str, Any]) -> frozenset[str]:
    """The members that the `authType` beside them has no use for: clients with one form for all types send them."""
    word = members.get("authType")
    auth_type = AUTH_TYPES.get(word.lower()) if isinstance(word, str) else None
    if auth_type is None:
        return frozenset()
    kind = KINDS[auth_type]
    return (frozenset() if kind.renewed else _OF_TOKENS) | (frozenset() if kind.has_key_name else _OF_KEYS)


_OF_TOKENS: Final = frozenset(
    {"scope", "basicTokenAuth", "clientId", "clientSecret", "authUri", "tokenUri", "revocationUri"}
)
_OF_KEYS: Final = frozenset({"apiKey", "apiKeyLocation", "apiKeyName"})
