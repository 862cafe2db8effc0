"""Creating an integration: validate all of the input, then store the integration with its parts."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import dataclass, replace

from models.row import name_key
from models.tables import Definition, Integration, Principal, Workspace
from models.vocabulary import AuthType, ConnectionMode, HubEvent, IntegrationAccess, TokenEndpointAuth
from resolvers.announcing import announce_integration
from resolvers.capabilities.declaring import declare, permit_declaring
from resolvers.capabilities.manifest import DeclareCapability
from resolvers.credentials.binding import origins_of
from resolvers.credentials.register import replace_default_connection
from resolvers.credentials.unverify import unverify
from resolvers.definitions.definition import VendorDefinition
from resolvers.definitions.queries import of_vendor
from resolvers.definitions.secret import composed
from resolvers.installations.install import install_on
from resolvers.integrations.auth import IntegrationAuth, apply_auth, own_addresses, own_credentials, seal_auth
from resolvers.integrations.check import check_integration
from resolvers.integrations.defaults import (
    Defaults,
    defaults_of,
    fill,
    fill_headers,
    parameters_of,
    require_usable,
)
from resolvers.integrations.names import handler_for, search_text_of, slug_for, uuid_for
from resolvers.integrations.templates import require_readable
from resolvers.integrations.unused import without_faulty_unused
from resolvers.secret import Secret
from resolvers.unset import given
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
    image_url: str | None = None
    category: str | None = None
    mode: ConnectionMode = ConnectionMode.PER_USER
    access: IntegrationAccess = IntegrationAccess.ORGANIZATION
    auth: IntegrationAuth | None = None
    secret: Secret | None = None
    capabilities: Sequence[DeclareCapability] | None = None
    owner_id: str | None = None
    #: The values of an integration without a definition, unless `auth` has them.
    default_auth_type: AuthType = AuthType.NONE
    default_token_endpoint_auth: TokenEndpointAuth = TokenEndpointAuth.BASIC
    #: Handler and slug are made from this name if they are not given; from `name` if it is None.
    named_after: str | None = None
    #: Whether it is installed on the caller's own organization.
    installs: bool = True
    #: Faulty values of `auth` that its type has no use for are left out, in place of a refusal.
    ignores_unused: bool = False


@dataclass(frozen=True, kw_only=True)
class Creation:
    """A new integration that the caller may create, and its definition."""

    new: CreateIntegration
    row: Definition | None
    definition: VendorDefinition | None
    defaults: Defaults


async def prepare_creation(work: Work, new: CreateIntegration) -> Creation:
    """Find the definition of a new integration. Raises InvalidInput or Forbidden; nothing is stored yet."""
    permit_declaring(work, new.capabilities or ())
    row = await work.first(of_vendor(work, new.vendor))
    definition = await require_usable(work, row)
    new = new if definition else _with_default_auth(new)
    defaults = defaults_of(definition, parameters_of(new.auth, {}))
    if new.ignores_unused and new.auth is not None:
        new = replace(new, auth=without_faulty_unused(new.auth, defaults["auth_type"]))
    return Creation(new=new, row=row, definition=definition, defaults=defaults)


async def judge_creation(creation: Creation) -> None:
    """Validate a new integration, outside of a transaction: it may take long. Raises InvalidInput."""
    new = creation.new
    await to_thread(
        check_integration,
        new,
        creation.definition,
        auth_type=creation.defaults["auth_type"],
        parameters=parameters_of(new.auth, {}),
        own_addresses=own_addresses(new.auth),
    )


async def make_integration(work: Work, judged: Creation) -> Integration:
    """Store a new integration that was judged. Judges again if its definition has changed since."""
    creation = await prepare_creation(work, judged.new)
    if creation.definition != judged.definition:
        await judge_creation(creation)
    new, row = creation.new, creation.row
    integration = Integration(
        organization_id=work.organization_id,
        handler=await handler_for(work, new.handler, new.named_after or new.name),
        slug=await slug_for(work, new.slug, new.named_after or new.name),
        uuid=await uuid_for(work, new.uuid),
        identifier=new.identifier,
        name=new.name,
        name_key=name_key(new.name),
        search_text="",
        description=new.description or "",
        image_url=new.image_url or None,
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
    integration.search_text = search_text_of(integration)
    _authorise(work, integration, creation)
    integration.category = new.category or integration.category
    secret = composed(creation.definition, new.secret) if new.secret else own_credentials(integration)
    if secret is not None:
        unverify(work, integration, row)
    work.add(integration)
    work.audit(integration, "integration.created")
    await work.flush()
    announce_integration(work, integration, HubEvent.INTEGRATION_CREATED, {"vendor": integration.vendor})
    await _furnish(work, integration, secret, new)
    return integration


def _authorise(work: Work, integration: Integration, creation: Creation) -> None:
    """Set the auth group. Secrets that are given are bound to the addresses that the integration begins with."""
    new, plain = creation.new, defaults_of(None, {})
    fill(integration, plain, creation.defaults, new.auth)
    apply_auth(integration, new.auth)
    origins = origins_of(integration, creation.definition, [one.endpoint for one in new.capabilities or ()])
    fill_headers(work, integration, plain, creation.defaults, new.auth, origins)
    seal_auth(work, integration, new.auth, origins)
    require_readable(work, integration)


def _with_default_auth(new: CreateIntegration) -> CreateIntegration:
    auth = new.auth or IntegrationAuth()
    auth_type = given(auth.type, new.default_auth_type)
    at_token_endpoint = given(auth.token_endpoint_auth, new.default_token_endpoint_auth)
    return replace(new, auth=replace(auth, type=auth_type, token_endpoint_auth=at_token_endpoint))


async def _furnish(work: Work, integration: Integration, secret: Secret | None, new: CreateIntegration) -> None:
    work.add(Workspace(organization_id=integration.organization_id, integration_id=integration.id))
    if new.installs:
        await install_on(work, integration)
    if new.capabilities is not None:
        await declare(work, integration, new.capabilities)
        await work.flush()
    if secret is not None:
        await replace_default_connection(work, integration, secret)


async def _owner(work: Work, owner_id: str | None) -> str | None:
    if owner_id is None:
        return work.caller.principal_id
    return (await work.get(Principal, owner_id, path=("owner_id",))).id
