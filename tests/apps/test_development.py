"""Development mode: a tunnel takes the events of its own organization, and nothing is lost when it ends."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from sqlmodel import col
from standardwebhooks.webhooks import Webhook as Verifier

from hub.wiring import build_hub
from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.tables import AuditEntry, Delivery, Event, Job
from models.vocabulary import EventAppStatus, HubEvent, Permission, WebhookKind
from resolvers.apps.address import RotateEventsSecret, rotate_events_secret
from resolvers.apps.development import LASTS_MS, SetDevelopmentMode, set_development_mode
from resolvers.apps.ending import DeadTunnel, end_dead_development, end_old_developments
from resolvers.apps.tasks import QueueTask, queue_task
from resolvers.caller import Caller
from resolvers.webhooks.of_apps import END_DEVELOPMENT
from tests.apps.conftest import EVENTS, Market
from tests.harness.backends import both, on_postgresql
from tests.harness.graphql import GraphQL
from tests.harness.waiting import eventually
from tests.upstreams.canned import reply
from tests.upstreams.faults import Received
from tests.webhooks.courier import Courier
from tests.webhooks.records import Records
from tests.webhooks.signed import sent

TUNNEL = "/tunnel"
NO = reply(b"no", "text/plain", "500 No")


async def develop(market: Market, path: str | None = TUNNEL, **facts: object) -> None:
    url = None if path is None else market.upstream.url + path
    await market.run(set_development_mode, SetDevelopmentMode(app=market.ref, tunnel_url=url, **facts))


def at(market: Market, path: str) -> list[Received]:
    """The requests with events, without the probe."""
    return [one for one in market.upstream.requests if one.target == path and b"Hub.webhook.test" not in one.body]


async def shown_mode(market: Market, client: GraphQL) -> dict[str, object] | None:
    mode = (
        "integration(by: {publishedName: $name}) { publication { developmentMode { tunnelUrl allOrganizations } } }"
    )
    found = await client.query(f"query($name: String!) {{ {mode} }}", name=market.name)
    return found["integration"]["publication"]["developmentMode"]


@pytest.fixture
async def developed(addressed) -> Market:
    """An app in development, installed at home too; nothing has been told yet."""
    addressed.upstream.answers[TUNNEL] = reply(b"", "text/plain", "200 OK")
    addressed.home = await addressed.install(addressed.publisher)
    await develop(addressed)
    return addressed


@both
async def test_the_tunnel_gets_the_events_of_its_own_organization_signed_and_marked(developed):
    await developed.announce(developed.home, of=developed.publisher)
    await developed.announce()
    await developed.run(queue_task, QueueTask(app=developed.ref, task={}, installation_id=developed.installation.id))

    await developed.upstream.received(4)
    [probe] = [one for one in developed.upstream.requests if b"Hub.webhook.test" in one.body]
    [tunnelled] = at(developed, TUNNEL)
    for request in (probe, tunnelled):
        assert sent(request)["patchbay-dev"] == "1"
    data = Verifier(developed.secret).verify(tunnelled.body, sent(tunnelled))["data"]
    assert data["installationId"] == developed.home.id
    produced = {orjson.loads(one.body)["type"] for one in at(developed, "/ok")}
    assert produced == {HubEvent.INSTALLATION_CREATED, HubEvent.TASK_DUE}
    assert all("patchbay-dev" not in sent(one) for one in at(developed, "/ok"))


@both
async def test_it_is_shown_to_its_owner_alone_and_all_organizations_has_no_effect(developed):
    await develop(developed, all_organizations=True)

    shown = {"tunnelUrl": developed.upstream.url + TUNNEL, "allOrganizations": True}
    assert await shown_mode(developed, developed.publisher.client) == shown
    assert await shown_mode(developed, developed.installer.client) is None
    await developed.announce()
    await developed.told(1)
    assert at(developed, TUNNEL) == []


@both
async def test_an_answer_406_is_no_failure(developed):
    developed.upstream.answers[TUNNEL] = reply(b"", "text/plain", "406 Not Acceptable")
    event_id = await developed.announce(developed.home, of=developed.publisher)

    async def is_taken():
        return any(one.id == event_id and one.status is EventAppStatus.SUCCEEDED for one in await developed.events())

    await eventually(is_taken)
    assert (await developed.webhook(WebhookKind.TUNNEL)).failures == 0


@on_postgresql
@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("{upstream}/status/500", "answered 5"),
        ("{upstream}/moved", "The receiver redirects (status 308), which is not followed; enter its new URL."),
        ("{upstream}/gone", "The receiver answered 410 Gone, so it wants no more events."),
        ("{upstream}/nothing-listens", ""),
        ("http://169.254.169.254/latest", ""),
        ("http://127.0.0.1:1/", ""),
        ("ftp://example.com/", ""),
        ("{upstream}/" + "a" * 256, "256"),
        ("", ""),
    ],
)
async def test_a_tunnel_that_does_not_take_the_probe_is_refused_and_nothing_changes(addressed, url, sentence):
    addressed.upstream.answers["/status/500"] = NO
    addressed.upstream.answers["/moved"] = reply(b"", "text/plain", "308 Permanent Redirect")
    addressed.upstream.answers["/gone"] = reply(b"", "text/plain", "410 Gone")
    addressed.upstream.answers["/nothing-listens"] = reply(b"", "text/plain", "404 Not Found")
    order = SetDevelopmentMode(app=addressed.ref, tunnel_url=url.format(upstream=addressed.upstream.url))

    with pytest.raises(InvalidInput) as refusal:
        await addressed.run(set_development_mode, order)

    [violation] = refusal.value.violations
    assert violation.path == ("tunnel_url",)
    assert sentence in violation.message
    assert "webhook" not in violation.message  # an app has no webhook that its people see
    assert (await addressed.publication()).tunnel_url is None
    assert await addressed.webhook(WebhookKind.TUNNEL) is None


@both
async def test_only_its_owner_with_the_permission_develops_and_only_a_published_app(addressed):
    order = SetDevelopmentMode(app=addressed.ref, tunnel_url=addressed.upstream.url + TUNNEL)
    lacking = addressed.caller(Permission.INTEGRATIONS_WRITE)

    with pytest.raises(NotFound):
        await addressed.run(set_development_mode, order, of=addressed.installer)
    with pytest.raises(Forbidden):
        await addressed.hub.run(set_development_mode(lacking, order))
    document = "mutation($id: ID!) { unpublishIntegration(id: $id) { __typename } }"
    await addressed.install(addressed.publisher)
    await addressed.publisher.client.query(document, id=addressed.app.id)
    with pytest.raises((Conflict, NotFound)):
        await addressed.run(set_development_mode, order)
    assert addressed.upstream.requests == []


@both
async def test_an_operator_can_forbid_tunnels(addressed, settings_beside, tmp_path):
    forbidding = build_hub(settings_beside(tmp_path, egress_allow="127.0.0.0/8", tunnels=False))
    try:
        caller = replace(addressed.caller(), hub=forbidding)
        order = SetDevelopmentMode(app=addressed.ref, tunnel_url=addressed.upstream.url + TUNNEL)

        with pytest.raises(Forbidden, match="PATCHBAY_TUNNELS"):
            await set_development_mode(caller, order)
    finally:
        await forbidding.database.close()
        await forbidding.recorder.close()
        forbidding.expressions.close()
    assert addressed.upstream.requests == []


@both
async def test_ended_by_hand_it_hands_over_what_the_tunnel_did_not_take(developed):
    await developed.close(await developed.webhook(WebhookKind.TUNNEL))
    event_id = await developed.announce(developed.home, of=developed.publisher)
    await developed.run(queue_task, QueueTask(app=developed.ref, task={"due": True}))
    await eventually(lambda: _count(developed, 2))

    await develop(developed, None)

    await developed.told(3)
    bodies = [orjson.loads(one.body) for one in at(developed, "/ok")]
    assert {body["type"] for body in bodies} == {HubEvent.INSTALLATION_CREATED, HubEvent.TASK_DUE}
    assert event_id in {body["id"] for body in bodies}
    assert at(developed, TUNNEL) == []
    assert await shown_mode(developed, developed.publisher.client) is None
    await _assert_told(developed, "Ended by admin.")


@both
async def test_ten_failures_in_a_row_end_it_and_production_gets_the_event(developed):
    tunnel = await developed.webhook(WebhookKind.TUNNEL)
    await developed.close(tunnel)  # the attempts are made here
    developed.upstream.answers[TUNNEL] = NO
    event_id = await developed.announce(developed.home, of=developed.publisher)
    hub = developed.hub.app.state.hub
    records = Records(database=hub.database, keyring=hub.keyring, organization_id=developed.publisher.id)
    courier = Courier(hub=hub, records=records)
    [delivery] = await _deliveries(developed, tunnel)

    for number in range(1, 10):
        retry = await developed.hub.run(courier.attempt(delivery, attempt=number, max_attempts=12))
        assert retry.after_ms <= 6_000
    asked = col(Job.operation) == END_DEVELOPMENT, col(Job.integration_id) == developed.app.id
    assert await developed.rows(Job, *asked) == []
    assert (await developed.publication()).tunnel_url is not None
    await developed.hub.run(courier.attempt(delivery, attempt=10, max_attempts=12))

    await developed.upstream.received(12)
    assert [orjson.loads(one.body)["id"] for one in at(developed, "/ok")] == [event_id]
    await _assert_told(developed, "The tunnel failed 10 times in a row. The receiver answered 500")


@both
async def test_a_day_after_the_last_order_a_timer_ends_it(developed):
    await developed.close(await developed.webhook(WebhookKind.TUNNEL))
    event_id = await developed.announce(developed.home, of=developed.publisher)
    until = (await developed.publication()).tunnel_until
    hub = developed.hub.app.state.hub

    def clocked(now: int) -> Caller:
        return Caller.of_hub(replace(hub, clock=lambda: now))

    await developed.hub.run(end_old_developments(clocked(until - 1)))
    assert (await developed.publication()).tunnel_until == until
    await develop(developed)
    assert (await developed.publication()).tunnel_until > until
    await developed.hub.run(end_old_developments(clocked(until)))
    assert (await developed.publication()).tunnel_url is not None

    await developed.close(await developed.webhook(WebhookKind.TUNNEL))
    await developed.hub.run(end_old_developments(clocked(until + LASTS_MS)))

    await developed.upstream.received(3)
    assert event_id in [orjson.loads(one.body)["id"] for one in (*at(developed, "/ok"), *at(developed, TUNNEL))]
    await _assert_told(developed, "It lasted for 24 hours, the longest time.")


@both
async def test_another_organization_ends_no_development_mode(developed):
    tunnel = await developed.webhook(WebhookKind.TUNNEL)
    dead = DeadTunnel(webhook_id=tunnel.id, version=tunnel.version, reason="It is dead.")

    await developed.run(end_dead_development, dead, of=developed.installer)
    await developed.run(end_dead_development, replace(dead, version=dead.version + 1))

    assert (await developed.publication()).tunnel_url == tunnel.url
    await developed.run(end_dead_development, dead)
    assert (await developed.publication()).tunnel_url is None


@both
async def test_without_an_address_the_tunnels_secret_is_got_by_renewing_it(market):
    market.upstream.answers[TUNNEL] = reply(b"", "text/plain", "200 OK")
    home = await market.install(market.publisher)
    await develop(market)
    secret = (await market.run(rotate_events_secret, RotateEventsSecret(app=market.ref))).secret

    await market.announce(home, of=market.publisher)

    await market.upstream.received(2)
    [request] = at(market, TUNNEL)
    assert Verifier(secret).verify(request.body, sent(request))


@both
async def test_the_tunnel_signs_with_the_secret_of_an_address_that_comes_later(market):
    market.upstream.answers[TUNNEL] = reply(b"", "text/plain", "200 OK")
    home = await market.install(market.publisher)
    await develop(market)
    await market.publish(events_url=market.upstream.url + EVENTS)

    await market.announce(home, of=market.publisher)

    await market.upstream.received(2)
    [request] = at(market, TUNNEL)
    assert Verifier(market.secret).verify(request.body, sent(request))


async def _count(market: Market, count: int) -> bool:
    return len(await market.events()) == count


async def _deliveries(market: Market, webhook):
    return await market.rows(Delivery, col(Delivery.webhook_id) == webhook.id)


async def _assert_told(market: Market, reason: str) -> None:
    """The owner is told by an event and the audit log, and the tunnel's rows are removed."""

    async def told():
        kind = col(Event.type) == HubEvent.INTEGRATION_DEVELOPMENT_ENDED
        return await market.rows(Event, col(Event.integration_id) == market.app.id, kind)

    [event] = await eventually(told)
    assert event.payload["reason"].startswith(reason)
    ended = await market.rows(
        AuditEntry,
        col(AuditEntry.integration_id) == market.app.id,
        col(AuditEntry.action) == "integration.development_ended",
    )
    assert len(ended) == 1
    assert await market.webhook(WebhookKind.TUNNEL) is None
    assert await market.rows(Job, col(Job.operation) == END_DEVELOPMENT, col(Job.state) == "FAILED") == []
