"""Changing an integration: validate the new values together with the old ones, then store them."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from models.errors import Forbidden
from models.row import name_key
from models.tables import Definition, Integration
from models.vocabulary import AuthType, ConnectionMode, IntegrationAccess
from resolvers.announcing import announce_update
from resolvers.changes import changes_of
from resolvers.credentials.binding import endpoints_of, origins_of, require_client_bound
from resolvers.credentials.register import (
    has_default_secret,
    has_working_default,
    replace_default_connection,
)
from resolvers.credentials.unverify import unverify
from resolvers.definitions.fields import editable
from resolvers.definitions.queries import of_vendor
from resolvers.definitions.secret import composed
from resolvers.definitions.stored import definition_of
from resolvers.find import IntegrationRef, managed_integration
from resolvers.integrations.auth import (
    IntegrationAuth,
    apply_auth,
    changes_auth,
    changes_client,
    gives_client,
    own_addresses,
    own_credentials,
    seal_auth,
)
from resolvers.integrations.check import check_integration
from resolvers.integrations.defaults import (
    VendorChange,
    defaults_of,
    fill,
    fill_headers,
    parameters_of,
    require_usable,
)
from resolvers.integrations.names import search_text_of, slug_for
from resolvers.integrations.templates import require_readable, told_by
from resolvers.integrations.unused import without_faulty_unused
from resolvers.managing import require_governing
from resolvers.secret import Secret
from resolvers.unset import UNSET, Unset, given
from resolvers.uploads.links import is_asset_address
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class UpdateIntegration:
    """New values; an absent one stays unchanged. Null clears an optional value.

    `indistinct_auth_types`: groups of auth types that this client shows as one. A given type of the integration's own
    group changes nothing. `ignores_unused`: faulty values of `auth` that its type has no use for are left out, in
    place of a refusal.
    """

    id: str | IntegrationRef
    expected_version: int | Unset | None = UNSET
    name: str | Unset | None = UNSET
    slug: str | Unset | None = UNSET
    identifier: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    readme: str | Unset | None = UNSET
    image_url: str | Unset | None = UNSET
    vendor: str | Unset | None = UNSET
    category: str | Unset | None = UNSET
    mode: ConnectionMode | Unset | None = UNSET
    access: IntegrationAccess | Unset | None = UNSET
    auth: IntegrationAuth | Unset | None = UNSET
    secret: Secret | Unset | None = UNSET
    indistinct_auth_types: Sequence[frozenset[AuthType]] = ()
    ignores_unused: bool = False


async def change_integration(work: Work, new: UpdateIntegration, *, withdraws: bool = False) -> Integration:
    """The body of `update_integration`, shared with operations that add to it. Raises the same refusals.

    `withdraws`: the calling code removes the shared credential afterwards, which changes the integration as well.
    """
    integration = await managed_integration(work, new.id, expected_version=new.expected_version, path=("id",))
    if given(new.access, integration.access) not in (None, integration.access):
        await require_governing(work, integration, path=("access",))
    await _require_editable(work, integration)
    _permit_moving(work, new)
    new = _with_own_auth_type(new, integration.auth_type)
    change = await _change(work, integration, new)
    auth_type = change.auth_type(integration)
    if new.ignores_unused and isinstance(new.auth, IntegrationAuth):
        new = replace(new, auth=without_faulty_unused(new.auth, auth_type))
    own = own_addresses(new.auth, integration, change.before)
    await to_thread(
        check_integration, new, change.definition, auth_type=auth_type, parameters=change.to_judge, own_addresses=own
    )
    told = told_by(integration)
    await _apply(work, integration, new)
    await _authorise(work, integration, new.auth, change)
    integration.category = given(new.category, integration.category) or change.after["category"]
    require_readable(work, integration, told)
    integration.vendor, integration.definition_id = change.vendor, change.row.id if change.row else None
    integration.search_text = search_text_of(integration)
    changed = {one["path"] for one in changes_of(integration)}
    secret = await _new_secret(work, integration, new, change, changed)
    if not (changed or secret or withdraws):
        return integration
    if secret or withdraws or changes_auth(changed):
        unverify(work, integration, change.row)
    integration.version += 1
    integration.updated_by = work.caller.principal_id
    work.audit(integration, "integration.updated")
    announce_update(work, integration)
    if secret is not None:
        await replace_default_connection(work, integration, secret)
    return integration


async def _require_editable(work: Work, integration: Integration) -> None:
    definition = await work.find(Definition, integration.definition_id or "")
    if definition is not None and not editable(definition):
        sentence = f"An integration of {definition.name} cannot be changed; delete it and make a new one."
        raise Forbidden(sentence, path=("id",))


def _permit_moving(work: Work, new: UpdateIntegration) -> None:
    """Raise Forbidden if a token that is limited to capabilities would send their calls elsewhere, or otherwise."""
    if new.vendor is not UNSET or new.secret is not UNSET or new.auth not in (UNSET, IntegrationAuth()):
        work.caller.need_unlimited()


async def _authorise(
    work: Work, integration: Integration, auth: IntegrationAuth | Unset | None, change: VendorChange
) -> None:
    """Set the auth group. Secrets that are given are bound to the addresses that this change leaves.

    Raises InvalidInput for another client whose secret stays and was not entered for these addresses.
    """
    client_id = integration.client_id
    fill(integration, change.before, change.after, auth)
    apply_auth(integration, auth)
    origins = origins_of(integration, change.definition, await endpoints_of(work, integration))
    own = change.definition if change.row is not None and change.row.organization_id is not None else None
    fill_headers(work, integration, change.before, change.after, auth, origins, own=own)
    seal_auth(work, integration, auth, origins)
    if isinstance(auth, IntegrationAuth) and auth.client_secret is UNSET and integration.client_id != client_id:
        await require_client_bound(work, integration)


async def _new_secret(
    work: Work, integration: Integration, new: UpdateIntegration, change: VendorChange, changed: Set[str]
) -> Secret | None:
    """The secret that the default connection gets; None if it has that one already, or works with this client."""
    if isinstance(new.secret, Secret):
        secret = composed(change.definition, new.secret)
        return None if await has_default_secret(work, integration, secret) else secret
    if changes_client(changed):
        return own_credentials(integration)
    if gives_client(new.auth) and not await has_working_default(work, integration):
        return own_credentials(integration)
    return None


def _with_own_auth_type(new: UpdateIntegration, own: AuthType) -> UpdateIntegration:
    auth, groups = new.auth, new.indistinct_auth_types
    if not isinstance(auth, IntegrationAuth) or not any({auth.type, own} <= group for group in groups):
        return new
    return replace(new, auth=replace(auth, type=own))


async def _change(work: Work, integration: Integration, new: UpdateIntegration) -> VendorChange:
    """The definition and its defaults before and after this change."""
    old = await work.find(Definition, integration.definition_id or "")
    vendor, row, definition = integration.vendor, old, definition_of(old)
    before = defaults_of(definition, integration.parameters)
    if isinstance(new.vendor, str) and new.vendor != integration.vendor:
        vendor = new.vendor
        row = await work.first(of_vendor(work, vendor))
        definition = await require_usable(work, row)
    parameters = parameters_of(new.auth, integration.parameters)
    same = row is old and parameters == integration.parameters
    return VendorChange(
        vendor=vendor,
        row=row,
        definition=definition,
        before=before,
        after=defaults_of(definition, parameters),
        to_judge=None if same else parameters,
    )


async def _apply(work: Work, integration: Integration, new: UpdateIntegration) -> None:
    integration.name = given(new.name, integration.name) or integration.name
    integration.name_key = name_key(integration.name)
    if isinstance(new.slug, str) and new.slug != integration.slug:
        integration.slug = await slug_for(work, new.slug, integration.name, own_id=integration.id)
    integration.identifier = given(new.identifier, integration.identifier)
    integration.description = given(new.description, integration.description) or ""
    integration.readme = given(new.readme, integration.readme) or ""
    integration.image_url = _image_url(integration, new.image_url)
    integration.mode = given(new.mode, integration.mode) or integration.mode
    integration.access = given(new.access, integration.access) or integration.access


def _image_url(integration: Integration, image_url: str | Unset | None) -> str | None:
    """The address to store. The hub's own address, which is shown for an uploaded icon, changes nothing."""
    if isinstance(image_url, Unset):
        return integration.image_url
    if image_url and is_asset_address(image_url, integration.organization_id):
        return integration.image_url
    return image_url or None
