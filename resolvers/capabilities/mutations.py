"""Capabilities and event types: declared by manifests."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from sqlmodel import col

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Path, Stale
from models.tables import Installation, Integration
from models.vocabulary import Permission
from resolvers.announcing import Differences, announce_capabilities
from resolvers.capabilities.declaring import declare, declare_events, note_declaration, permit_declaring
from resolvers.capabilities.examples import judge_examples
from resolvers.capabilities.manifest import DeclareCapability, DeclareEventType, check_capabilities, check_event_types
from resolvers.credentials.register import has_default_secret, replace_default_connection
from resolvers.faults import Faults
from resolvers.find import managed_integration
from resolvers.hub import Hub
from resolvers.operation import READS, WRITES, exchange
from resolvers.pick import APP_TOKEN, ORIGIN
from resolvers.secret import Secret, check_secret
from resolvers.work import Work

Manifest = TypeVar("Manifest")

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


@dataclass(frozen=True, kw_only=True)
class Declaration(Generic[Manifest]):
    """A manifest that the caller may declare, and the integration as it is before."""

    manifest: Manifest
    integration: Integration


async def load_capabilities(work: Work, manifest: DeclareCapabilities) -> Declaration[DeclareCapabilities]:
    """Find the integration."""
    return Declaration(manifest=manifest, integration=await _permitted(work, manifest))


async def load_event_types(work: Work, manifest: DeclareEventTypes) -> Declaration[DeclareEventTypes]:
    """Find the integration."""
    integration = await managed_integration(work, manifest.integration_id, path=("integration_id",))
    permit_declaring(work)
    return Declaration(manifest=manifest, integration=integration)


async def load_manifest(work: Work, manifest: DeclareManifest) -> Declaration[DeclareManifest]:
    """Find the integration of the calling app. Raises Forbidden for a caller that is no app."""
    return Declaration(manifest=manifest, integration=await _own(work, manifest))


async def judge(hub: Hub, declaration: Declaration[Any]) -> None:
    """Judge a manifest outside of any transaction: it may take long. Raises InvalidInput with every fault."""
    manifest, integration = declaration.manifest, declaration.integration
    await to_thread(_judge, manifest, integration)
    if not isinstance(manifest, DeclareCapabilities):
        await judge_examples(hub, manifest.event_types or (), lane=integration.organization_id)


@exchange(
    load_capabilities,
    judge,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale),
)
async def declare_capabilities(work: Work, declaration: Declaration[DeclareCapabilities], _: None) -> Integration:
    """Replace all capabilities of an integration; those of the same name keep their id."""
    manifest = declaration.manifest
    integration = await _permitted(work, manifest)
    _require_as_judged(declaration, integration)
    changes = await _declare(work, integration, manifest.capabilities, manifest.app_token)
    announce_capabilities(work, integration, changes, Differences())
    return integration


@exchange(
    load_event_types,
    judge,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden),
)
async def declare_event_types(work: Work, declaration: Declaration[DeclareEventTypes], _: None) -> Integration:
    """Replace all event types of an integration; those of the same name keep their id."""
    manifest = declaration.manifest
    integration = (await load_event_types(work, manifest)).integration
    changes = await _declare_events(work, integration, manifest.event_types)
    announce_capabilities(work, integration, Differences(), changes)
    return integration


@exchange(
    load_manifest,
    judge,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden),
)
async def declare_manifest(work: Work, declaration: Declaration[DeclareManifest], _: None) -> Declared:
    """Replace the manifest of the calling app. Raises Forbidden for a caller that is no app."""
    manifest = declaration.manifest
    integration = await _own(work, manifest)
    _require_as_judged(declaration, integration)
    changes, events = await _declare(work, integration, manifest.capabilities, manifest.app_token), Differences()
    if manifest.event_types is not None:
        events = await _declare_events(work, integration, manifest.event_types)
    announce_capabilities(work, integration, changes, events)
    return Declared(
        integration=integration,
        handler=await _handler(work, integration),
        capability_count=len(manifest.capabilities),
    )


async def _permitted(work: Work, manifest: DeclareCapabilities) -> Integration:
    integration = await managed_integration(
        work,
        manifest.integration_id,
        expected_version=manifest.expected_version,
        path=("integration_id",),
    )
    permit_declaring(work, manifest.capabilities or ())
    return integration


def _require_as_judged(declaration: Declaration[Any], integration: Integration) -> None:
    """Raise Conflict if the address is gone with which the manifest was judged: endpoints may be relative to it."""
    if integration.api_base_url is None and declaration.integration.api_base_url is not None:
        raise Conflict("Another call removed the integration's apiBaseUrl meanwhile; read it and declare again.")


async def _own(work: Work, manifest: DeclareManifest) -> Integration:
    if work.caller.integration_id is None:
        raise Forbidden("Only an app may declare its manifest; use a token of its integration.")
    integration = await managed_integration(work, work.caller.integration_id)
    permit_declaring(work, manifest.capabilities)
    return integration


async def _handler(work: Work, integration: Integration) -> str:
    own = work.mine(Installation).where(
        col(Installation.integration_id) == integration.id,
        col(Installation.organization_id) == work.organization_id,
    )
    installation = await work.first(own)
    return installation.handler if installation else integration.handler


def _judge(manifest: DeclareCapabilities | DeclareEventTypes | DeclareManifest, integration: Integration) -> None:
    faults = Faults()
    if not isinstance(manifest, DeclareEventTypes):
        check_capabilities(faults, manifest.capabilities or (), has_base=integration.api_base_url is not None)
        if manifest.app_token is not None:
            check_secret(faults, Secret(bearer_token=manifest.app_token), _APP_TOKEN_PLACE)
    if not isinstance(manifest, DeclareCapabilities):
        check_event_types(faults, integration, manifest.event_types or ())
    faults.refuse()


async def _declare(
    work: Work, integration: Integration, capabilities: Sequence[DeclareCapability] | None, app_token: str | None
) -> Differences:
    changes = Differences() if capabilities is None else await declare(work, integration, capabilities)
    is_news = bool(changes.audited or changes.edited)
    if app_token is not None:
        await work.flush()  # the token is bound to the endpoints that come with it
        secret, hints = Secret(bearer_token=app_token), {ORIGIN: APP_TOKEN}
        is_news |= not await has_default_secret(work, integration, secret, hints=hints)
        await replace_default_connection(work, integration, secret, hints=hints)
    if not is_news:
        return changes
    note_declaration(work, integration, changes)
    return changes


async def _declare_events(
    work: Work, integration: Integration, event_types: Sequence[DeclareEventType]
) -> Differences:
    changes = await declare_events(work, integration, event_types)
    if not changes.audited:
        return changes
    integration.version += 1
    work.audit(integration, "integration.event_types_declared", besides=changes.audited)
    return changes
