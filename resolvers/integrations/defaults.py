"""Defaults of an integration: the values of its vendor's definition, unless the integration has its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.errors import Conflict, InvalidInput
from models.origins import Origins
from models.tables import Definition, Integration, Organization
from models.vocabulary import ApiKeyLocation, AuthType
from resolvers.credentials.binding import origins_of_vendor
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.stored import definition_of
from resolvers.definitions.values import fill_address
from resolvers.integrations.auth import PLAIN, IntegrationAuth, seal_headers
from resolvers.unset import Unset
from resolvers.work import Work

Defaults = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class VendorChange:
    """A change of vendor or parameters. `to_judge`: the parameters to check; None when neither changes."""

    vendor: str
    row: Definition | None
    definition: VendorDefinition | None
    before: Defaults
    after: Defaults
    to_judge: Mapping[str, Any] | None

    def auth_type(self, integration: Integration) -> AuthType:
        """The auth type unless the input gives one."""
        kept = integration.auth_type
        changed: AuthType = self.after["auth_type"]
        return changed if kept == self.before["auth_type"] else kept


def parameters_of(auth: IntegrationAuth | Unset | None, otherwise: Mapping[str, Any]) -> Mapping[str, Any]:
    """The parameters that an integration will have; empty if the given value is no object, which is refused."""
    if not isinstance(auth, IntegrationAuth) or isinstance(auth.parameters, Unset):
        return otherwise
    return auth.parameters if isinstance(auth.parameters, dict) else {}


def defaults_of(definition: VendorDefinition | None, parameters: Mapping[str, Any]) -> Defaults:
    """The default of each column; None for an address that lacks a parameter."""
    if definition is None:
        return _WITHOUT_DEFINITION
    auth = definition.auth
    return {
        "category": definition.category,
        "auth_type": auth.type,
        "api_base_url": _filled(auth.api_base_url, parameters),
        "authorization_url": _filled(auth.authorization_url, parameters),
        "token_url": _filled(auth.token_url, parameters),
        "revocation_url": _filled(auth.revocation_url, parameters),
        "token_endpoint_auth": auth.token_endpoint_auth,
        "token_parameters": dict(auth.token_parameters),
        "token_path": auth.token_path,
        "pkce": auth.pkce,
        "response_mode": auth.response_mode,
        "scopes": list(auth.scopes),
        "api_key_location": auth.api_key.location if auth.api_key else ApiKeyLocation.HEADER,
        "api_key_name": auth.api_key.name if auth.api_key else None,
        "headers": [{"name": name, "value": value} for name, value in auth.headers.items()],
    }


def fill(integration: Integration, before: Defaults, after: Defaults, auth: IntegrationAuth | Unset | None) -> None:
    """Replace old defaults by new ones, except headers. The integration's own values, given now or before, stay."""
    for column, value in after.items():
        given = getattr(auth, "type" if column == "auth_type" else column, Unset.UNSET)
        if column == "headers" or not isinstance(given, Unset) or value == before[column]:
            continue
        if getattr(integration, column) == before[column]:
            setattr(integration, column, value)


def fill_headers(
    work: Work,
    integration: Integration,
    before: Defaults,
    after: Defaults,
    auth: IntegrationAuth | Unset | None,
    origins: Origins,
    *,
    own: VendorDefinition | None = None,
) -> None:
    """Replace the old definition's headers by those of the new one. Other values stay.

    The values of a built-in definition are public: they follow the integration, bound to its `origins`. `own`: the
    new definition if it is the organization's own. Its values may be secret, so they go to its own addresses only.
    """
    if not isinstance(getattr(auth, "headers", Unset.UNSET), Unset):
        return
    old, new = before["headers"], after["headers"]
    if own is not None:
        origins = origins_of_vendor(own, integration.parameters)
    fills = old != new if own is not None else bool(old or new)
    if fills and (work.unseal(integration, "headers") or []) == old:
        seal_headers(work, integration, new, origins)


async def require_usable(work: Work, row: Definition | None) -> VendorDefinition | None:
    """The definition for a new integration of this vendor. Raises InvalidInput or Conflict if none is allowed."""
    if row is None:
        return None
    definition = definition_of(row)
    path = ("vendor",)
    if definition is None:
        raise InvalidInput.at(path, f"The definition of {row.name} has an older format; save it again.")
    if row.deprecated:
        raise InvalidInput.at(path, f"{row.name} is deprecated, so it cannot have new integrations.")
    if not definition.supports.multiple:
        await _require_first(work, row)
    return definition


async def _require_first(work: Work, row: Definition) -> None:
    here = select(col(Organization.id)).where(col(Organization.id) == work.organization_id)
    await work.session.execute(here.with_for_update(key_share=True))  # of two transactions, one waits
    other = await work.first(
        select(Integration).where(
            col(Integration.organization_id) == work.organization_id,
            col(Integration.definition_id) == row.id,
            col(Integration.removed_at).is_(None),
        )
    )
    if other is not None:
        shown = await work.find(Integration, other.id)
        sentence = f"{row.name} supports one integration for each organization, and there is one already."
        raise Conflict(sentence, existing=shown, path=("vendor",))


def _filled(address: str | None, parameters: Mapping[str, Any]) -> str | None:
    try:
        return None if address is None else fill_address(address, parameters)
    except InvalidInput:
        return None


_WITHOUT_DEFINITION: Defaults = {"category": "other", "scopes": [], "headers": [], "token_parameters": {}, **PLAIN}
