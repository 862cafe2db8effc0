"""How an integration authorises: checking and applying its auth group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from models.definition import ResponseMode
from models.origins import Origins
from models.tables import Integration
from models.vocabulary import ApiKeyLocation, AuthType, TokenEndpointAuth
from proxy.address import check_base_url, check_oauth_url
from proxy.headers import check_header, check_template, check_value, hint, twins
from proxy.oauth import check_token_parameter, check_token_path
from resolvers.auth_kinds import KINDS
from resolvers.credentials.store import has_sealed
from resolvers.faults import ADDRESS, NAME, TEXT, WORD, Faults
from resolvers.outbound.request import Header
from resolvers.secret import Secret
from resolvers.unset import UNSET, Unset
from resolvers.work import Work

_MOST_HEADERS: Final = 50
_MOST_SCOPES: Final = 100
_MOST_PARAMETERS: Final = 50
_TOO_MANY: Final = f"At most {_MOST_PARAMETERS} parameters."


@dataclass(frozen=True, kw_only=True)
class IntegrationAuth:
    """New values of the auth group; an absent one stays unchanged, null clears."""

    type: AuthType | Unset | None = UNSET
    api_base_url: str | Unset | None = UNSET
    client_id: str | Unset | None = UNSET
    client_secret: str | Unset | None = UNSET
    scopes: Sequence[str] | Unset | None = UNSET
    authorization_url: str | Unset | None = UNSET
    token_url: str | Unset | None = UNSET
    revocation_url: str | Unset | None = UNSET
    token_endpoint_auth: TokenEndpointAuth | Unset | None = UNSET
    token_parameters: dict[str, Any] | Unset | None = UNSET
    token_path: str | Unset | None = UNSET
    pkce: bool | Unset | None = UNSET
    response_mode: ResponseMode | Unset | None = UNSET
    api_key_location: ApiKeyLocation | Unset | None = UNSET
    api_key_name: str | Unset | None = UNSET
    headers: Sequence[Header] | Unset | None = UNSET
    parameters: dict[str, Any] | Unset | None = UNSET


def check_auth(faults: Faults, auth: IntegrationAuth | Unset | None) -> None:
    """Add faults below `auth`: addresses, header names and values, lengths."""
    if not isinstance(auth, IntegrationAuth):
        return
    _check_address(faults, "api_base_url", auth.api_base_url, check_base_url)
    faults.text(("auth", "client_id"), auth.client_id, most=NAME)
    faults.text(("auth", "client_secret"), auth.client_secret, most=TEXT)
    faults.texts(("auth", "scopes"), auth.scopes, most=_MOST_SCOPES)
    _check_address(faults, "authorization_url", auth.authorization_url, check_oauth_url)
    _check_address(faults, "token_url", auth.token_url, check_oauth_url)
    _check_address(faults, "revocation_url", auth.revocation_url, check_oauth_url)
    _check_token_requests(faults, auth)
    _check_key_name(faults, auth.api_key_name)
    _check_headers(faults, auth)
    faults.object(("auth", "parameters"), auth.parameters)


def apply_auth(integration: Integration, auth: IntegrationAuth | Unset | None) -> None:
    """Set the given values except secrets; a cleared value goes back to its default. See `seal_auth`."""
    if not isinstance(auth, IntegrationAuth):
        return
    for field, default in {**PLAIN, "client_id": None}.items():
        source = "type" if field == "auth_type" else field
        value = getattr(auth, source)
        if not isinstance(value, Unset):
            setattr(integration, field, default if value is None else value)
    if not isinstance(auth.scopes, Unset):
        integration.scopes = list(auth.scopes or ())
    if not isinstance(auth.token_parameters, Unset):
        integration.token_parameters = auth.token_parameters or {}
    if not isinstance(auth.parameters, Unset):
        integration.parameters = auth.parameters or {}


def seal_auth(work: Work, integration: Integration, auth: IntegrationAuth | Unset | None, origins: Origins) -> None:
    """Set the given client secret and headers, bound to these origins; those that are not given keep theirs."""
    if not isinstance(auth, IntegrationAuth):
        return
    if not isinstance(auth.client_secret, Unset):
        bound = None if auth.client_secret is None else origins.text()
        _seal(work, integration, "client_secret", auth.client_secret, bound)
    if not isinstance(auth.headers, Unset):
        pairs = [{"name": header.name, "value": header.value} for header in auth.headers or ()]
        seal_headers(work, integration, pairs, origins)


def seal_headers(work: Work, integration: Integration, pairs: Sequence[Mapping[str, str]], origins: Origins) -> None:
    """Set the headers, bound to these origins."""
    _seal(work, integration, "headers", list(pairs) or None, origins.text() if pairs else None)
    integration.header_hints = [{**pair, "value": hint(pair["value"])} for pair in pairs]


def own_credentials(integration: Integration) -> Secret | None:
    """The secret NONE for a default connection whose token the hub fetches by itself; None otherwise."""
    complete = integration.client_id and integration.client_secret and integration.token_url
    return Secret(none=True) if KINDS[integration.auth_type].needs_no_user and complete else None


def own_addresses(
    auth: IntegrationAuth | Unset | None, stored: Integration | None = None, defaults: Mapping[str, Any] | None = None
) -> set[str]:
    """Names of the addresses, in a definition's words, that the integration sets itself: given now, or kept.

    A stored address is kept if it differs from the default, which comes from the definition.
    """
    own = set()
    for name, field in _ADDRESSES.items():
        value = getattr(auth, field, UNSET)
        if isinstance(value, Unset) and stored is not None and getattr(stored, field) != (defaults or {}).get(field):
            value = getattr(stored, field)
        if isinstance(value, str):
            own.add(name)
    return own


def gives_client(auth: IntegrationAuth | Unset | None) -> bool:
    """Whether values of the client are given, also such as it has already."""
    fields = ("type" if column == "auth_type" else column for column in _OF_CLIENT)
    return any(not isinstance(getattr(auth, field, UNSET), Unset) for field in fields)


def changes_client(changed: Set[str]) -> bool:
    """Whether changed columns make earlier tokens invalid: another client, token address, type or scopes."""
    return not changed.isdisjoint(_OF_CLIENT)


def changes_auth(changed: Set[str]) -> bool:
    """Whether changed columns are of the auth group or name another vendor: what was verified is another thing."""
    return not changed.isdisjoint(_VERIFIED)


_ADDRESSES: Final = {
    "apiBaseUrl": "api_base_url",
    "authorizationUrl": "authorization_url",
    "tokenUrl": "token_url",
    "revocationUrl": "revocation_url",
}
_OF_CLIENT: Final = (
    "auth_type",
    "client_id",
    "client_secret",
    "token_url",
    "token_endpoint_auth",
    "token_parameters",
    "token_path",
    "scopes",
)
#: The values of an integration without a definition, by column.
PLAIN: Final[Mapping[str, Any]] = {
    "auth_type": AuthType.NONE,
    "api_base_url": None,
    "authorization_url": None,
    "token_url": None,
    "revocation_url": None,
    "token_endpoint_auth": TokenEndpointAuth.BASIC,
    "token_path": None,
    "pkce": True,
    "response_mode": None,
    "api_key_location": ApiKeyLocation.HEADER,
    "api_key_name": None,
}
_VERIFIED: Final = (*PLAIN, *_OF_CLIENT, "headers", "parameters", "definition_id")


def _check_address(faults: Faults, name: str, value: str | Unset | None, check: Callable[[str], str | None]) -> None:
    fits = faults.text(("auth", name), value, most=ADDRESS)
    if fits and isinstance(value, str) and (problem := check(value)):
        faults.add(("auth", name), problem)


def _check_token_requests(faults: Faults, auth: IntegrationAuth) -> None:
    where, parameters = ("auth", "token_parameters"), auth.token_parameters
    faults.object(where, parameters)
    if isinstance(parameters, dict) and faults.check(len(parameters) <= _MOST_PARAMETERS, where, _TOO_MANY):
        for name, value in parameters.items():
            if problem := check_token_parameter(name, value):
                faults.add((*where, name[:WORD]), problem)
    if isinstance(auth.token_path, str) and (problem := check_token_path(auth.token_path)):
        faults.add(("auth", "token_path"), problem)


def _check_key_name(faults: Faults, name: str | Unset | None) -> None:
    fits = faults.text(("auth", "api_key_name"), name, most=WORD, least=1)
    if fits and isinstance(name, str) and (problem := check_header(name, "x")):
        faults.add(("auth", "api_key_name"), problem)


def _check_headers(faults: Faults, auth: IntegrationAuth) -> None:
    headers = auth.headers
    if isinstance(headers, Unset) or headers is None:
        return
    if not faults.check(len(headers) <= _MOST_HEADERS, ("auth", "headers"), f"At most {_MOST_HEADERS} headers."):
        return
    for index, header in enumerate(headers):
        where = ("auth", "headers", str(index))
        if problem := check_header(header.name, ""):
            faults.add((*where, "name"), problem)
        if problem := check_value(header.value) or check_template(header.value):
            faults.add((*where, "value"), problem)
    for index, problem in twins([header.name for header in headers]):
        faults.add(("auth", "headers", str(index), "name"), problem)


def _seal(work: Work, integration: Integration, column: str, value: object, origins: str | None) -> None:
    """Set a sealed column and its origins. The same value with the same origins keeps its envelope."""
    if getattr(integration, f"{column}_origins") == origins and has_sealed(work, integration, column, value):
        return
    setattr(integration, f"{column}_origins", origins)
    setattr(integration, column, None if value is None else work.seal(integration, column, value))
