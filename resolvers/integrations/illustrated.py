"""Integrations together with an icon that the hub reads from an address, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale, TooMany, UpstreamFailed
from models.tables import Integration
from models.vocabulary import Permission, UploadPurpose
from proxy.address import check_base_url
from resolvers.faults import ADDRESS
from resolvers.find import managed_integration
from resolvers.hub import Hub
from resolvers.integrations.change import UpdateIntegration, change_integration
from resolvers.integrations.creation import (
    CreateIntegration,
    Creation,
    judge_creation,
    make_integration,
    prepare_creation,
)
from resolvers.integrations.fields import icon_url
from resolvers.operation import READS, WRITES, exchange
from resolvers.unset import UNSET, Unset, given
from resolvers.uploads.content import Content
from resolvers.uploads.icon import keep_icon, replace_icon
from resolvers.uploads.receive import fetch_content
from resolvers.work import Work

_PLACE: Final = ("image_url",)


@dataclass(frozen=True, kw_only=True)
class CreateIllustrated:
    """A new integration, and the address of its icon."""

    new: CreateIntegration
    image_url: str | None = None


@dataclass(frozen=True, kw_only=True)
class UpdateIllustrated:
    """New values of an integration, and the address of its icon. None removes it; the current address keeps it."""

    change: UpdateIntegration
    image_url: str | Unset | None = UNSET


@dataclass(frozen=True, kw_only=True)
class IllustratedCreation:
    """The integration to create, and the address to read first."""

    creation: Creation
    organization_id: str
    source: str | None


@dataclass(frozen=True, kw_only=True)
class Change:
    """The change to make, and the address to read first. `clears`: remove the icon."""

    change: UpdateIntegration
    organization_id: str
    source: str | None
    clears: bool


async def load_creation(work: Work, asked: CreateIllustrated) -> IllustratedCreation:
    """Find the definition before the icon is read."""
    creation = await prepare_creation(work, asked.new)
    return IllustratedCreation(
        creation=creation, organization_id=work.organization_id, source=_source(asked.image_url)
    )


async def load_change(work: Work, asked: UpdateIllustrated) -> Change:
    """Find the integration before the icon is read."""
    integration = await managed_integration(work, asked.change.id, path=("id",))
    shown = icon_url(integration, work.caller)
    wanted = given(asked.image_url, shown) or None
    return Change(
        change=asked.change,
        organization_id=work.organization_id,
        source=None if wanted == shown else _source(wanted),
        clears=wanted is None and shown is not None,
    )


async def judge_and_fetch_icon(hub: Hub, asked: IllustratedCreation) -> Content | None:
    """Check the new integration before the icon is read."""
    await judge_creation(asked.creation)
    return await fetch_icon(hub, asked)


async def fetch_icon(hub: Hub, asked: IllustratedCreation | Change) -> Content | None:
    """The picture at the address; None if none is named."""
    if asked.source is None:
        return None
    return await fetch_content(hub, asked.organization_id, UploadPurpose.ICON, asked.source, path=_PLACE)


@exchange(
    load_creation,
    judge_and_fetch_icon,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, TooMany, UpstreamFailed),
)
async def create_illustrated_integration(work: Work, asked: IllustratedCreation, icon: Content | None) -> Integration:
    """Create an integration with an icon from an address. Without a picture there, nothing is created."""
    integration = await make_integration(work, asked.creation)
    if icon is not None:
        await replace_icon(work, integration, await keep_icon(work, integration, icon))
    return integration


@exchange(
    load_change,
    fetch_icon,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_WRITE,
    refuses=(NotFound, Conflict, InvalidInput, Forbidden, Stale, TooMany, UpstreamFailed),
)
async def update_illustrated_integration(work: Work, asked: Change, icon: Content | None) -> Integration:
    """Change an integration, and set its icon to the picture at an address."""
    integration = await change_integration(work, asked.change)
    if icon is not None:
        await replace_icon(work, integration, await keep_icon(work, integration, icon))
    elif asked.clears:
        await replace_icon(work, integration, None)
    return integration


def _source(image_url: str | None) -> str | None:
    """The address to read; None if none is given. Raises InvalidInput if it cannot be read."""
    if not image_url:
        return None
    objection = check_base_url(image_url.partition("?")[0])
    if len(image_url) > ADDRESS or objection:
        raise InvalidInput.at(_PLACE, objection or f"It must not be longer than {ADDRESS} characters.")
    return image_url
