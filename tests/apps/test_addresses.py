"""The address of an app gets its events from every organization, signed; people see no webhook."""

from __future__ import annotations

import orjson
import pytest
from sqlmodel import col
from standardwebhooks.webhooks import Webhook as Verifier

from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.row import new_id
from models.tables import Webhook
from models.vocabulary import EventAppStatus, HubEvent, Permission, WebhookKind
from resolvers.apps.address import RotateEventsSecret, rotate_events_secret
from resolvers.find import IntegrationRef
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.mutations import publish_integration
from resolvers.publishing.withdraw import unpublish_integration
from tests.apps.conftest import EVENTS
from tests.harness.acting import listed
from tests.harness.backends import both
from tests.harness.waiting import eventually
from tests.webhooks.signed import sent

pytestmark = both


async def test_an_app_is_told_of_a_foreign_installation_and_verifies_it_with_the_secret_shown_once(addressed):
    await addressed.announce()

    [request] = await addressed.told(1)
    assert Verifier(addressed.secret).verify(request.body, sent(request))["data"] == {
        "organizationId": addressed.installer.id,
        "installationId": addressed.installation.id,
        "integrationId": addressed.app.id,
        "handler": addressed.installation.handler,
        "status": "ACTIVE",
    }
    before = addressed.secret
    await addressed.publish()
    assert before is not None
    assert addressed.secret is None
    assert "patchbay-dev" not in sent(request)


async def test_uninstalling_is_told_although_the_installation_is_gone(addressed):
    document = "mutation($id: ID!) { uninstallIntegration(installationId: $id) { __typename } }"
    await addressed.installer.client.query(document, id=addressed.installation.id)

    [request] = await addressed.told(1)
    assert orjson.loads(request.body)["type"] == HubEvent.INSTALLATION_UNINSTALLED
    assert orjson.loads(request.body)["data"]["installationId"] == addressed.installation.id


async def test_the_webhook_and_its_deliveries_are_listed_nowhere(addressed):
    await addressed.announce()
    await addressed.told(1)

    for tenant in (addressed.publisher, addressed.installer):
        assert await listed(tenant.client, "webhooks", "id") == []
        assert await listed(tenant.client, "deliveries", "id") == []
        [event] = await listed(tenant.client, "appEvents", "deliveries { nodes { id } } appStatus", _of(addressed))
        assert event["deliveries"]["nodes"] == []


async def test_a_new_address_is_used_at_once_and_none_ends_it(addressed):
    await addressed.publish(events_url=addressed.upstream.url + "/ok?second")
    await addressed.announce()
    await addressed.upstream.received(1)
    assert [one.target for one in addressed.upstream.requests] == ["/ok?second"]

    await addressed.publish(events_url=None)
    event_id = await addressed.announce()

    states = {one.id: one.status for one in await addressed.events()}
    assert states[event_id] is EventAppStatus.NONE
    assert await addressed.webhook(WebhookKind.APP) is None

    async def is_removed():
        return await addressed.rows(Webhook, col(Webhook.integration_id) == addressed.app.id) == []

    await eventually(is_removed)


async def test_another_app_of_the_organization_keeps_its_address_and_its_secret(addressed):
    before = await addressed.webhook(WebhookKind.APP)
    second, url = f"second-{new_id()}", f"{addressed.upstream.url}/ok?second"
    new = PublishIntegration(name=second, title="Second", description="", scopes=(), events_url=url)
    ref = IntegrationRef(published_name=second)

    await addressed.run(publish_integration, new)
    await addressed.run(rotate_events_secret, RotateEventsSecret(app=ref))
    await addressed.run(unpublish_integration, ref)

    after = await addressed.webhook(WebhookKind.APP)
    assert after.model_dump() == before.model_dump()


async def test_publishing_again_opens_an_address_that_was_given_up(addressed):
    webhook = await addressed.webhook(WebhookKind.APP)
    await addressed.set(webhook, enabled=False, disabled_reason="It failed for five days.", failures=9)
    await addressed.close(webhook)

    await addressed.publish(events_url=addressed.upstream.url + EVENTS)
    await addressed.announce()

    await addressed.told(1)
    again = await addressed.webhook(WebhookKind.APP)
    assert (again.id, again.enabled, again.failures) == (webhook.id, True, 0)


async def test_an_address_that_the_hub_may_not_call_is_refused_and_nothing_is_published(market):
    version = (await market.publication()).version

    with pytest.raises(InvalidInput) as refusal:
        await market.publish(events_url="http://169.254.169.254/latest")

    assert [one.path for one in refusal.value.violations] == [("events_url",)]
    assert (await market.publication()).version == version
    assert await market.webhook(WebhookKind.APP) is None


async def test_a_new_secret_signs_beside_the_former_one(addressed):
    rotated = await addressed.run(rotate_events_secret, RotateEventsSecret(app=addressed.ref))

    await addressed.announce()
    [request] = await addressed.told(1)
    for secret in (addressed.secret, rotated.secret):
        assert Verifier(secret).verify(request.body, sent(request))
    assert rotated.secret not in repr(rotated)


async def test_a_secret_is_renewed_by_the_publisher_alone(addressed, market):
    order = RotateEventsSecret(app=addressed.ref)

    with pytest.raises(NotFound):
        await addressed.run(rotate_events_secret, order, of=addressed.installer)
    lacking = addressed.caller(Permission.INTEGRATIONS_WRITE)
    with pytest.raises(Forbidden):
        await addressed.hub.run(rotate_events_secret(lacking, order))
    await addressed.publish(events_url=None)
    with pytest.raises(Conflict, match="no address for events"):
        await addressed.run(rotate_events_secret, RotateEventsSecret(app=IntegrationRef(id=addressed.app.id)))


async def test_withdrawing_an_app_removes_its_address(addressed):
    document = "mutation($id: ID!) { unpublishIntegration(id: $id) { __typename } }"
    await addressed.publisher.client.query(document, id=addressed.app.id)

    async def is_gone():
        return await addressed.webhook(WebhookKind.APP) is None

    await eventually(is_gone)


def _of(market) -> str:
    return f'(app: {{publishedName: "{market.name}"}})'
