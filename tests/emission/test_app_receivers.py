"""An app is told of its installations in every organization, an organization's webhooks of nothing but its own."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import select
from sqlmodel import col

from models.row import new_id
from models.tables import Delivery, Integration, Organization, Webhook
from models.vocabulary import HubEvent, WebhookKind
from resolvers.emission.draft import Draft
from tests.emission.conftest import Place
from tests.harness.backends import both
from tests.harness.statements import counted

pytestmark = both


@dataclass(kw_only=True)
class Market:
    """A publisher with an app and its webhook, and an organization that has installed the app."""

    publisher: Place
    installer: Place
    app: Integration
    address: Webhook

    def told(self, place: Place, type: str = HubEvent.INSTALLATION_CREATED, **facts: object) -> Draft:
        given = {"type": type, "integration_id": self.app.id, "app_visible": True}
        return place.draft(**given | facts)

    async def deliveries(self, draft: Draft) -> set[tuple[str, str]]:
        """Webhook and organization of each delivery of an event."""
        async with self.publisher.database.read() as session:
            rows = await session.execute(select(Delivery).where(col(Delivery.event_id) == draft.id))
            return {(one.webhook_id, one.organization_id) for one in rows.scalars()}


@pytest.fixture
async def market(place: Place) -> Market:
    installer = Place(place.database)
    await installer.add(Organization(id=installer.id, name="Installing", slug=new_id()))
    app = await place.integration()
    address = await _of_app(place, app, WebhookKind.APP)
    return Market(publisher=place, installer=installer, app=app, address=address)


async def _of_app(place: Place, app: Integration, kind: WebhookKind) -> Webhook:
    return await place.webhook(kind=kind, integration_id=app.id, event_patterns=["Hub.*"], sees_restricted=True)


async def test_an_app_gets_what_it_may_see_from_every_organization(market: Market) -> None:
    here, there = market.told(market.publisher), market.told(market.installer)

    await market.publisher.accept(here)
    await market.installer.accept(there)

    mine = {(market.address.id, market.publisher.id)}
    assert (await market.deliveries(here), await market.deliveries(there)) == (mine, mine)


async def test_an_app_gets_nothing_else(market: Market) -> None:
    other = await market.publisher.integration()
    drafts = [
        market.told(market.installer, app_visible=False),
        market.told(market.publisher, app_visible=False),
        market.told(market.installer, integration_id=other.id),
        market.told(market.installer, integration_id=None),
        market.publisher.draft(integration_id=market.app.id),
    ]

    await market.publisher.accept(*drafts)

    assert [await market.deliveries(draft) for draft in drafts] == [set()] * 5


async def test_webhooks_of_people_get_only_their_own_organizations_events(market: Market) -> None:
    facts = {"event_patterns": ["Hub.*"], "sees_restricted": True}
    publishers, installers = await market.publisher.webhook(**facts), await market.installer.webhook(**facts)
    here, there = market.told(market.publisher), market.told(market.installer)

    await market.publisher.accept(here, there)

    app = (market.address.id, market.publisher.id)
    assert await market.deliveries(here) == {app, (publishers.id, market.publisher.id)}
    assert await market.deliveries(there) == {app, (installers.id, market.installer.id)}


async def test_a_task_goes_to_its_app_and_never_to_a_webhook_of_people(market: Market) -> None:
    for patterns in (["Hub.*"], [str(HubEvent.TASK_DUE)]):
        await market.publisher.webhook(event_patterns=patterns, sees_restricted=True)
    task = market.told(market.publisher, HubEvent.TASK_DUE)

    await market.publisher.accept(task)

    assert await market.deliveries(task) == {(market.address.id, market.publisher.id)}


async def test_a_tunnel_gets_the_events_of_its_own_organization_in_place_of_the_app(market: Market) -> None:
    tunnel = await _of_app(market.publisher, market.app, WebhookKind.TUNNEL)
    here, there = market.told(market.publisher), market.told(market.installer)
    own = market.told(market.publisher, HubEvent.TASK_DUE)
    others = market.told(market.publisher, HubEvent.TASK_DUE, for_organization=market.installer.id)

    await market.publisher.accept(here, there, own, others)

    tunnelled, app = ({(one.id, market.publisher.id)} for one in (tunnel, market.address))
    assert [await market.deliveries(each) for each in (here, own)] == [tunnelled] * 2
    assert [await market.deliveries(each) for each in (there, others)] == [app] * 2


@pytest.mark.parametrize("facts", [{"enabled": False}, {"removed_at": 1}])
async def test_a_tunnel_that_has_ended_takes_nothing_from_the_app(market: Market, facts: dict[str, object]) -> None:
    await market.publisher.webhook(kind=WebhookKind.TUNNEL, integration_id=market.app.id, **facts)
    here = market.told(market.publisher)

    await market.publisher.accept(here)

    assert await market.deliveries(here) == {(market.address.id, market.publisher.id)}


async def test_an_app_costs_no_further_statement(market: Market) -> None:
    with counted(market.publisher.database) as plain:
        await market.installer.accept(market.installer.draft(integration_id=market.app.id))
    with counted(market.publisher.database) as told:
        await market.installer.accept(market.told(market.installer))

    assert _reads_of_webhooks(plain) == _reads_of_webhooks(told) == 1


def _reads_of_webhooks(statements: list[str]) -> int:
    return sum("FROM webhook" in one for one in statements)
