"""Integrations: make, change, remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, select
from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from models.row import folded, name_key
from models.tables import (
    Definition,
    Integration,
    Principal,
    Workspace,
)
from models.vocabulary import AuthType, ConnectionMode, IntegrationAccess, Permission, TokenEndpointAuth
from resolvers.declaring import declare
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.secret import composed
from resolvers.definitions.stored import definition_of
from resolvers.filling import Defaults, VendorChange, defaults_of, fill, parameters_of, require_usable
from resolvers.find import IntegrationRef, managed_integration
from resolvers.installing import install_on
from resolvers.manifest import DeclareCapability
from resolvers.mutations.integration_auth import (
    IntegrationAuth,
    apply_auth,
    changes_client,
    own_addresses,
    own_credentials,
)
from resolvers.mutations.integration_check import check_integration
from resolvers.naming import free, handler_from, slug_from
from resolvers.operation import operation
from resolvers.queries.definition import of_vendor
from resolvers.secrets import Secret, replace_default_connection
from resolvers.unset import UNSET, Unset, given
from resolvers.verifying import unverify
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class CreateIntegration:
    """A new integration. `secret` becomes its shared default connection."""

    name: str
    vendor: str = "custom"
    handler: str | None = None
    slug: str | None = None
    identifier: str | None = None
    uuid: str | None = None
    description: str | None = None
    readme: str | None = None
    category: str | None = None
    mode: ConnectionMode = ConnectionMode.PER_USER
    access: IntegrationAccess = IntegrationAccess.ORGANIZATION
    auth: IntegrationAuth | None = None
    secret: Secret | None = None
    capabilities: Sequence[DeclareCapability] | None = None
    owner_id: str | None = None
    #: How it authorises, and as a client at the token endpoint, where neither `auth` nor a definition says it.
    usual_auth_type: AuthType = AuthType.NONE
    usual_token_endpoint_auth: TokenEndpointAuth = TokenEndpointAuth.BASIC


@dataclass(frozen=True, kw_only=True)
class UpdateIntegration:
    """New values. Absent is unchanged; null clears what may be empty.

    `alike` are auth types that who asks cannot tell apart: given one, an integration of another stays as it is.
    """

    id: str | IntegrationRef
    expected_version: int | Unset | None = UNSET
    name: str | Unset | None = UNSET
    slug: str | Unset | None = UNSET
    identifier: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    readme: str | Unset | None = UNSET
    vendor: str | Unset | None = UNSET
    category: str | Unset | None = UNSET
    mode: ConnectionMode | Unset | None = UNSET
    access: IntegrationAccess | Unset | None = UNSET
    auth: IntegrationAuth | Unset | None = UNSET
    secret: Secret | Unset | None = UNSET
    alike: Sequence[frozenset[AuthType]] = ()


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A new integration that is well, and the definition that it goes by."""

    new: CreateIntegration
    row: Definition | None
    definition: VendorDefinition | None
    defaults: Defaults


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput))
async def create_integration(work: Work, new: CreateIntegration) -> Integration:
    """Make an integration and install it on the caller's own organization."""
    return await make_integration(work, new)


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale))
async def update_integration(work: Work, new: UpdateIntegration) -> Integration:
    """Change an integration; it is at its next version afterwards."""
    return await change_integration(work, new)


async def judge_creation(work: Work, new: CreateIntegration) -> Judged:
    """What a new integration goes by. Raises what is wrong with it before anything is made."""
    row = await work.first(of_vendor(work, new.vendor))
    definition = await require_usable(work, row)
    new = new if definition else _with_usual_auth(new)
    parameters = parameters_of(new.auth, {})
    defaults = defaults_of(definition, parameters)
    own = own_addresses(new.auth)
    check_integration(new, definition, auth_type=defaults["auth_type"], parameters=parameters, own_addresses=own)
    return Judged(new=new, row=row, definition=definition, defaults=defaults)


async def make_integration(work: Work, new: CreateIntegration) -> Integration:
    """What `create_integration` does, for operations that do more. Raises what it refuses with."""
    judged = await judge_creation(work, new)
    new, row = judged.new, judged.row
    integration = Integration(
        organization_id=work.organization_id,
        handler=await _handler(work, new),
        slug=await _slug(work, new.slug, new.name, None),
        uuid=await _uuid(work, new.uuid),
        identifier=new.identifier,
        name=new.name,
        name_key=name_key(new.name),
        search_text="",
        description=new.description or "",
        readme=new.readme or "",
        vendor=new.vendor,
        definition_id=row.id if row else None,
        mode=new.mode,
        access=new.access,
        owner_id=await _owner(work, new.owner_id),
        created_by=work.caller.principal_id,
        created_by_token=work.caller.token_id,
        updated_by=work.caller.principal_id,
    )
    _refresh_search(integration)
    fill(work, integration, defaults_of(None, {}), judged.defaults, new.auth)
    apply_auth(work, integration, new.auth)
    integration.category = new.category or integration.category
    secret = composed(judged.definition, new.secret) if new.secret else own_credentials(integration)
    if secret is not None:
        unverify(work, integration, row)
    work.add(integration)
    work.audit(integration, "integration.created")
    await work.flush()
    await _furnish(work, integration, secret, new.capabilities)
    return integration


async def change_integration(work: Work, new: UpdateIntegration) -> Integration:
    """What `update_integration` does, for operations that do more. Raises what it refuses with."""
    integration = await managed_integration(work, new.id, expected_version=new.expected_version, path=("input", "id"))
    new = _told_apart(new, integration.auth_type)
    change = await _change(work, integration, new)
    auth_type, own = change.auth_type(integration), own_addresses(new.auth, integration, change.before)
    check_integration(new, change.definition, auth_type=auth_type, parameters=change.to_judge, own_addresses=own)
    await _apply(work, integration, new)
    fill(work, integration, change.before, change.after, new.auth)
    integration.category = given(new.category, integration.category) or change.after["category"]
    if not isinstance(new.auth, Unset):
        apply_auth(work, integration, new.auth)
    integration.vendor, integration.definition_id = change.vendor, change.row.id if change.row else None
    _refresh_search(integration)
    if change.to_judge is not None or isinstance(new.secret, Secret) or changes_client(new.auth):
        unverify(work, integration, change.row)
    integration.version += 1
    integration.updated_by = work.caller.principal_id
    work.audit(integration, "integration.updated")
    secret = composed(change.definition, new.secret) if isinstance(new.secret, Secret) else None
    if secret is None and changes_client(new.auth):
        secret = own_credentials(integration)
    if secret is not None:
        await replace_default_connection(work, integration, secret)
    return integration


def _told_apart(new: UpdateIntegration, auth_type: AuthType) -> UpdateIntegration:
    auth = new.auth
    if not isinstance(auth, IntegrationAuth) or not any({auth.type, auth_type} <= group for group in new.alike):
        return new
    return replace(new, auth=replace(auth, type=auth_type))


def _with_usual_auth(new: CreateIntegration) -> CreateIntegration:
    auth = new.auth or IntegrationAuth()
    auth_type = given(auth.type, new.usual_auth_type)
    at_token_endpoint = given(auth.token_endpoint_auth, new.usual_token_endpoint_auth)
    return replace(new, auth=replace(auth, type=auth_type, token_endpoint_auth=at_token_endpoint))


async def _furnish(
    work: Work, integration: Integration, secret: Secret | None, capabilities: Sequence[DeclareCapability] | None
) -> None:
    work.add(Workspace(organization_id=integration.organization_id, integration_id=integration.id))
    await install_on(work, integration)
    if secret is not None:
        await replace_default_connection(work, integration, secret)
    if capabilities is not None:
        await declare(work, integration, capabilities)


async def _change(work: Work, integration: Integration, new: UpdateIntegration) -> VendorChange:
    """From what it goes by to what it will go by: another vendor, other parameters, or neither."""
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
        integration.slug = await _slug(work, new.slug, integration.name, integration.id)
    integration.identifier = given(new.identifier, integration.identifier)
    integration.description = given(new.description, integration.description) or ""
    integration.readme = given(new.readme, integration.readme) or ""
    integration.mode = given(new.mode, integration.mode) or integration.mode
    integration.access = given(new.access, integration.access) or integration.access


def _refresh_search(integration: Integration) -> None:
    integration.search_text = folded(integration.name, integration.description, integration.vendor)


async def _owner(work: Work, owner_id: str | None) -> str | None:
    if owner_id is None:
        return work.caller.principal_id
    return (await work.get(Principal, owner_id, path=("input", "ownerId"))).id


async def _handler(work: Work, new: CreateIntegration) -> str:
    living = (
        col(Integration.organization_id) == work.organization_id,
        col(Integration.removed_at).is_(None),
    )
    if new.handler is None:
        return await free(work, col(Integration.handler), handler_from(new.name), "_", *living)
    await _refuse_taken(work, col(Integration.handler) == new.handler, "handler", new.handler)
    return new.handler


async def _uuid(work: Work, uuid: str | None) -> str | None:
    if uuid is None:
        return None
    await _refuse_taken(work, col(Integration.uuid) == uuid.lower(), "uuid", uuid)
    return uuid.lower()


async def _slug(work: Work, slug: str | None, name: str, own_id: str | None) -> str:
    living = (
        col(Integration.organization_id) == work.organization_id,
        col(Integration.removed_at).is_(None),
    )
    if slug is None:
        return await free(work, col(Integration.slug), slug_from(name), "-", *living)
    await _refuse_taken(work, col(Integration.slug) == slug, "slug", slug, own_id)
    return slug


async def _refuse_taken(
    work: Work, same: ColumnElement[bool], field: str, value: str, own_id: str | None = None
) -> None:
    taken = select(Integration).where(
        col(Integration.organization_id) == work.organization_id, col(Integration.removed_at).is_(None), same
    )
    existing = await work.first(taken)
    if existing is not None and existing.id != own_id:
        shown = await work.find(Integration, existing.id)
        raise Conflict(f"The {field} {value} is taken.", existing=shown, path=("input", field))
