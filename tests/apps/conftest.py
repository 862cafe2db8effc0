"""An app of one organization that another one has installed, at the running hub."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from models.database import Database
from models.row import new_id
from models.tables import Event, Gate, Installation, Integration, Publication, Webhook
from models.vocabulary import HubEvent, Permission, PublicationVisibility, WebhookKind
from resolvers.announcing import announce_installation
from resolvers.apps.events import AppEvent, list_app_events
from resolvers.caller import Caller
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.mutations import publish_integration
from resolvers.work import Work
from tests.apps.developing import TUNNEL, develop
from tests.harness.estate import ALL, caller_of
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer, Received

#: An endpoint of a receiver, and one that fails.
EVENTS, FAILING = "/ok", "/status/500"


@dataclass(kw_only=True)
class Market:
    """The publisher, the installer, and the app with its installation there. `upstream` receives its events."""

    hub: RunningHub
    database: Database
    publisher: Tenant
    installer: Tenant
    upstream: FaultServer
    name: str = field(default_factory=lambda: f"shop-{new_id()}")
    app: Integration = field(init=False)
    installation: Installation = field(init=False)
    #: On the publisher itself, if there is one.
    home: Installation = field(init=False)
    secret: str | None = None

    @property
    def ref(self) -> IntegrationRef:
        return IntegrationRef(published_name=self.name)

    def caller(self, *permissions: Permission, of: Tenant | None = None, **facts: Any) -> Caller:
        return caller_of(self.hub, of or self.publisher, permissions or ALL, **facts)

    async def run(self, operation: Callable[..., Awaitable[Any]], *given: Any, of: Tenant | None = None) -> Any:
        return await self.hub.run(operation(self.caller(of=of), *given))

    async def publish(self, **facts: Any) -> None:
        facts = {"title": "Shop", "description": "", "scopes": (), "visibility": PublicationVisibility.PUBLIC} | facts
        done = await self.run(publish_integration, PublishIntegration(name=self.name, **facts))
        self.app, self.secret = done.integration, done.events_secret

    async def install(self, of: Tenant) -> Installation:
        made = Installation(
            organization_id=of.id, integration_id=self.app.id, handler=f"SHOP_{new_id()[-6:].upper()}"
        )
        await self.add(made)
        return made

    async def announce(self, installation: Installation | None = None, *, of: Tenant | None = None) -> str:
        """Announce a fact about an installation. Answers the id of the event."""
        chosen = installation or self.installation
        return await self.hub.run(_announce(self.caller(of=of or self.installer), chosen))

    async def events(self, of: Tenant | None = None, **facts: Any) -> list[AppEvent]:
        page = SliceRequest(size=100)
        return list((await self.hub.run(list_app_events(self.caller(of=of, **facts), self.ref, page))).rows)

    async def told(self, count: int) -> list[Received]:
        """The first requests with events at the app's address."""
        await self.upstream.received(count)
        return [one for one in self.upstream.requests if one.target == EVENTS]

    async def add(self, *rows: SQLModel) -> None:
        async with self.database.write() as session:
            for row in rows:
                session.add(row)
                await session.flush()

    async def rows(self, model: Any, *conditions: Any) -> list[Any]:
        async with self.database.read() as session:
            return list((await session.execute(select(model).where(*conditions).order_by(model.id))).scalars())

    async def webhook(self, kind: WebhookKind) -> Webhook | None:
        own = (
            col(Webhook.integration_id) == self.app.id,
            col(Webhook.kind) == kind,
            col(Webhook.removed_at).is_(None),
        )
        return next(iter(await self.rows(Webhook, *own)), None)

    async def publication(self) -> Publication:
        return (await self.rows(Publication, col(Publication.integration_id) == self.app.id))[0]

    async def set(self, row: Any, **values: Any) -> None:
        async with self.database.write() as session:
            found = await session.get(type(row), row.id)
            for name, value in values.items():
                setattr(found, name, value)

    async def close(self, webhook: Webhook) -> None:
        """Keep a webhook's deliveries waiting."""
        await self.set(Gate(id=webhook.id, organization_id=webhook.organization_id), opens_at=None)

    async def event(self, event_id: str) -> Event:
        return (await self.rows(Event, col(Event.id) == event_id))[0]


async def _announce(caller: Caller, installation: Installation) -> str:
    async with caller.hub.database.write() as session:
        work = Work(caller, lambda: session)
        announce_installation(work, installation, HubEvent.INSTALLATION_CREATED)
        await work.accept_announced()
    caller.hub.bus.wake(*work.woken)
    return work.announced[-1].id


@pytest.fixture
async def market(hub, database, organization, new_organization, upstream) -> Market:
    """The app is public, without an address for events."""
    made = Market(
        hub=hub,
        database=database,
        publisher=organization,
        installer=await new_organization(),
        upstream=upstream,
    )
    await made.publish()
    made.installation = await made.install(made.installer)
    return made


@pytest.fixture
async def addressed(market) -> Market:
    """The app has an address for events."""
    await market.publish(events_url=market.upstream.url + EVENTS)
    return market


@pytest.fixture
async def developed(addressed: Market) -> Market:
    """An app in development, installed at home too; nothing has been told yet."""
    addressed.upstream.answers[TUNNEL] = reply(b"", "text/plain", "200 OK")
    addressed.home = await addressed.install(addressed.publisher)
    await develop(addressed)
    return addressed
