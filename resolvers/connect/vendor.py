"""Facts about a vendor's OAuth that are not columns of the integration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.tables import Integration
from proxy.address import check_oauth_url
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.values import fill_address


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """Facts of a vendor's OAuth. `issuer`: RFC 9207 §2.4. `userinfo_url`: OpenID Connect Core §5.3.

    `names_issuer`: every answer to a consent has `iss` (RFC 9207 §3).
    """

    separator: str = " "
    parameters: Mapping[str, str] = field(default_factory=dict)
    issuer: str | None = None
    userinfo_url: str | None = None
    names_issuer: bool = False


def vendor_of(integration: Integration, definition: VendorDefinition | None) -> Vendor:
    """The definition's facts; without a definition, `issuer` and `accountUri` of the integration's parameters."""
    if definition is None:
        return Vendor(issuer=_text(integration.parameters.get("issuer")), userinfo_url=_account_url(integration))
    auth = definition.auth
    addresses = (auth.issuer, auth.userinfo_url)
    issuer, userinfo_url = (fill_address(url, integration.parameters) if url else None for url in addresses)
    return Vendor(
        separator=auth.scope_separator,
        parameters=auth.authorization_parameters,
        issuer=issuer,
        userinfo_url=userinfo_url,
        names_issuer=auth.authorization_response_iss_parameter_supported,
    )


def _account_url(integration: Integration) -> str | None:
    """`accountUri` as an address: a full one, with a query if need be, or a path below the API's base."""
    given = _text(integration.parameters.get("accountUri"))
    if given is None or not given.startswith("/"):
        return given if given and check_oauth_url(given) is None else None
    return integration.api_base_url.rstrip("/") + given if integration.api_base_url else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
