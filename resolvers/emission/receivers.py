"""Receivers: the columns of webhooks, and of events' integrations, that decide who gets an event."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import and_, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from models.tables import Integration, Webhook
from models.vocabulary import IntegrationAccess, WebhookKind, WebhookOrdering


@dataclass(frozen=True, kw_only=True, slots=True)
class Receiver:
    """A webhook, as far as accepting an event needs it."""

    id: str
    organization_id: str
    kind: WebhookKind
    name: str
    event_patterns: list[str]
    integration_id: str | None
    filter: str | None
    ordering: WebhookOrdering
    sees_restricted: bool
    created_by: str | None
    enabled: bool
    removed_at: int | None
    catch_up_after: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """An event's integration, as far as matching needs it."""

    id: str
    access: IntegrationAccess
    owner_id: str | None


# Columns, not rows: a row that the session has read before the lock would be answered as it was then.
_RECEIVER: Final = [getattr(Webhook, name) for name in Receiver.__dataclass_fields__]
_ORIGIN: Final = [getattr(Integration, name) for name in Origin.__dataclass_fields__]


async def read_receivers(
    session: AsyncSession, organizations: Collection[str], apps: Collection[str] = ()
) -> list[Receiver]:
    """The webhooks of organizations, and of apps of whatever organization, that get events as they are accepted."""
    here = col(Webhook.organization_id).in_(organizations)
    # In the words of the index of apps' webhooks, so that PostgreSQL uses it.
    of_apps = and_(text("webhook.kind <> 'ENDPOINT'"), col(Webhook.integration_id).in_(apps))
    statement = select(*_RECEIVER).where(
        or_(here, of_apps) if apps else here,
        col(Webhook.enabled),
        col(Webhook.removed_at).is_(None),
        col(Webhook.catch_up_after).is_(None),
    )
    return [Receiver(**row) for row in (await session.execute(statement)).mappings()]


async def read_origins(session: AsyncSession, integrations: Collection[str]) -> Mapping[str, Origin]:
    """Integrations by id, also removed ones."""
    if not integrations:
        return {}
    statement = select(*_ORIGIN).where(col(Integration.id).in_(integrations))
    return {row["id"]: Origin(**row) for row in (await session.execute(statement)).mappings()}
