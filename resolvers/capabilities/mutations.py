"""Capabilities and event types: declared by manifests."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Path, Stale
from models.tables import Installation, Integration
from models.vocabulary import Permission
from resolvers.capabilities.declaring import declare, declare_events, permit_declaring
from resolvers.capabilities.manifest import DeclareCapability, DeclareEventType, check_capabilities, check_event_types
from resolvers.credentials.register import replace_default_connection
from resolvers.faults import Faults
from resolvers.find import managed_integration
from resolvers.operation import operation
from resolvers.pick import APP_TOKEN, ORIGIN
from resolvers.secret import Secret, check_secret
from resolvers.work import Work

_APP_TOKEN_PLACE: Final[Mapping[str, Path]] = {"token": ("app_token",)}


@dataclass(frozen=True, kw_only=True)
class DeclareCapabilities:
    """All capabilities of an integration; None keeps them.

    `app_token`: the bearer token with which the hub calls the app.
    """

    integration_id: str
    capabilities: Sequence[DeclareCapability] | None
    app_token: str | None = None
    expected_version: int | None = None


@dataclass(frozen=True, kw_only=True)
class DeclareEventTypes:
    """All event types of an integration."""

    integration_id: str
    event_types: Sequence[DeclareEventType]


@dataclass(frozen=True, kw_only=True)
class DeclareManifest:
    """The declaration of an app with its own token. Event types that are None stay unchanged."""

    capabilities: Sequence[DeclareCapability]
    app_token: str | None = None
    event_types: Sequence[DeclareEventType] | None = None


@dataclass(frozen=True, kw_only=True)
class Declared:
    """An app after its declaration, and the handler by which its own organization calls it."""

    integration: Integration
    handler: str
    capability_count: int


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale))
async def declare_capabilities(work: Work, manifest: DeclareCapabilities) -> Integration:
    """Replace all capabilities of an integration; those of the same name keep their id."""
    integration = await managed_integration(
        work,
        manifest.integration_id,
        expected_version=manifest.expected_version,
        path=("integration_id",),
    )
    permit_declaring(work, manifest.capabilities or ())
    faults = Faults()
    await _check(faults, integration, manifest.capabilities, manifest.app_token)
    faults.refuse()
    await _declare(work, integration, manifest.capabilities, manifest.app_token)
    return integration


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, Conflict, InvalidInput, Forbidden))
async def declare_event_types(work: Work, manifest: DeclareEventTypes) -> Integration:
    """Replace all event types of an integration; those of the same name keep their id."""
    integration = await managed_integration(work, manifest.integration_id, path=("integration_id",))
    permit_declaring(work)
    faults = Faults()
    await to_thread(check_event_types, faults, integration, manifest.event_types)
    faults.refuse()
    await _declare_events(work, integration, manifest.event_types)
    return integration


@operation(needs=Permission.INTEGRATIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden))
async def declare_manifest(work: Work, manifest: DeclareManifest) -> Declared:
    """Replace the manifest of the calling app. Raises Forbidden for a caller that is no app."""
    if work.caller.integration_id is None:
        raise Forbidden("Only an app may declare its manifest; use a token of its integration.")
    integration = await managed_integration(work, work.caller.integration_id)
    permit_declaring(work, manifest.capabilities)
    faults = Faults()
    await _check(faults, integration, manifest.capabilities, manifest.app_token)
    await to_thread(check_event_types, faults, integration, manifest.event_types or ())
    faults.refuse()
    await _declare(work, integration, manifest.capabilities, manifest.app_token)
    if manifest.event_types is not None:
        await _declare_events(work, integration, manifest.event_types)
    return Declared(
        integration=integration,
        handler=await _handler(work, integration),
        capability_count=len(manifest.capabilities),
    )


async def _handler(work: Work, integration: Integration) -> str:
    own = work.mine(Installation).where(
        col(Installation.integration_id) == integration.id,
        col(Installation.organization_id) == work.organization_id,
    )
    installation = await work.first(own)
    return installation.handler if installation else integration.handler


async def _check(
    faults: Faults,
    integration: Integration,
    capabilities: Sequence[DeclareCapability] | None,
    app_token: str | None,
) -> None:
    has_base = integration.api_base_url is not None
    await to_thread(check_capabilities, faults, capabilities or (), has_base=has_base)  # others are served meanwhile
    if app_token is not None:
        check_secret(faults, Secret(bearer_token=app_token), _APP_TOKEN_PLACE)


async def _declare(
    work: Work, integration: Integration, capabilities: Sequence[DeclareCapability] | None, app_token: str | None
) -> None:
    changes = [] if capabilities is None else await declare(work, integration, capabilities)
    if app_token is not None:
        await work.flush()  # the token is bound to the endpoints that come with it
        await replace_default_connection(work, integration, Secret(bearer_token=app_token), hints={ORIGIN: APP_TOKEN})
    integration.version += 1
    integration.updated_by = work.caller.principal_id
    work.audit(integration, "integration.capabilities_declared", besides=changes)


async def _declare_events(work: Work, integration: Integration, event_types: Sequence[DeclareEventType]) -> None:
    changes = await declare_events(work, integration, event_types)
    integration.version += 1
    work.audit(integration, "integration.event_types_declared", besides=changes)
