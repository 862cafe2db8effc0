"""Development mode: a tunnel takes the events of its own organization, signed with the secret of the app."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from hub.wiring import build_hub
from models.errors import Conflict, Forbidden, InvalidInput, NotFound
from models.vocabulary import EventAppStatus, HubEvent, Permission, WebhookKind
from resolvers.apps.address import RotateEventsSecret, rotate_events_secret
from resolvers.apps.development import SetDevelopmentMode, set_development_mode
from resolvers.apps.tasks import QueueTask, queue_task
from tests.apps.conftest import EVENTS
from tests.apps.developing import NO, TUNNEL, at, develop, shown_mode
from tests.harness.backends import both, on_postgresql
from tests.harness.waiting import eventually
from tests.upstreams.canned import reply
from tests.webhooks.signed import sent


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
