"""How to call operations and root fields about published apps at work: events, tasks, development mode."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.row import now_ms
from models.tables import Publication, Webhook
from models.vocabulary import HubEvent, Permission, Source, WebhookKind
from resolvers.apps.address import RotateEventsSecret
from resolvers.apps.development import SetDevelopmentMode
from resolvers.apps.ending import DeadTunnel, HandOver
from resolvers.apps.events import AppEventRef
from resolvers.apps.tasks import DueTask, QueueTask
from resolvers.emission.accept import accept
from resolvers.emission.draft import Draft
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.mutations import publish_integration
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right

_PAGE = SliceRequest(size=100)
_URL = "https://receiver.example.com/app"


def _ref(e: Estate) -> IntegrationRef:
    return IntegrationRef(id=e.integration.id)


def _input(e: Estate, **members: Any) -> dict[str, Any]:
    return {"input": {"app": {"id": global_id("Integration", e.integration.id)}, **members}}


async def _publish(e: Estate) -> None:
    app = PublishIntegration(
        integration_id=e.integration.id,
        name=f"app-{e.word}",
        title="App",
        description="",
        scopes=(),
        events_url=_URL,
    )
    await e.run(publish_integration, app)


async def _develop(e: Estate, **facts: Any) -> None:
    """A development mode whose tunnel has the id of the app."""
    await _publish(e)
    tunnel = Webhook(
        id=e.integration.id,
        organization_id=e.tenant.id,
        kind=WebhookKind.TUNNEL,
        name="App",
        url=_URL,
        integration_id=e.integration.id,
        secrets=b"",
        **facts,
    )

    async def plant() -> None:
        async with e.hub.app.state.hub.database.write() as session:
            session.add(tunnel)
            own = col(Publication.integration_id) == e.integration.id
            await session.execute(update(Publication).where(own).values(tunnel_url=_URL))

    await e.hub.run(plant())


async def _ended(e: Estate) -> None:
    await _develop(e, removed_at=1, enabled=False)


async def _tell(e: Estate) -> None:
    """An event of the app with the app's id."""
    draft = Draft(
        id=e.integration.id,
        organization_id=e.tenant.id,
        type=HubEvent.INSTALLATION_CONFIGURED,
        entity_id=e.word,
        data={},
        source=Source.HUB,
        created_at=now_ms(),
        integration_id=e.integration.id,
        app_visible=True,
    )

    async def plant() -> None:
        async with e.hub.app.state.hub.database.write() as session:
            await accept(session, [draft], tries=1)

    await e.hub.run(plant())


def _tunnel(e: Estate) -> Webhook:
    return Webhook(id=e.integration.id, organization_id=e.tenant.id, name="App", url=_URL, secrets=b"")


#: The first two do nothing in the name of an operator without an organization.
CALLS: dict[str, Call] = {
    "report_dead_tunnel": Call(given=lambda e: (_tunnel(e), "It is dead.")),
    "end_old_developments": Call(given=lambda _: ()),
    "end_dead_development": Call(
        given=lambda e: (DeadTunnel(webhook_id=e.integration.id, version=1, reason="It is dead."),),
        foreign=Foreign.NONE,
        prepare=_develop,
        audits=("integration.development_ended",),
    ),
    "hand_over": Call(given=lambda e: (HandOver(webhook_id=e.integration.id),), foreign=Foreign.NONE, prepare=_ended),
    "tell_task": Call(
        given=lambda e: (DueTask(integration_id=e.integration.id, installation_id=None, task={}),),
        foreign=Foreign.NONE,
        prepare=_publish,
    ),
    "queue_task": Call(
        given=lambda e: (QueueTask(app=_ref(e), task={}, delay_seconds=80_000),),
        lacks=Permission.INTEGRATIONS_PUBLISH,
        prepare=_publish,
    ),
    "set_development_mode": Call(
        given=lambda e: (SetDevelopmentMode(app=_ref(e)),),
        prepare=_develop,
        audits=("integration.development_ended",),
    ),
    "rotate_events_secret": Call(
        given=lambda e: (RotateEventsSecret(app=_ref(e)),),
        prepare=_publish,
        audits=("integration.events_secret_rotated",),
    ),
    "list_app_events": Call(given=lambda e: (_ref(e), _PAGE)),
    "read_app_event": Call(given=lambda e: (AppEventRef(app=_ref(e), id=e.integration.id),), prepare=_tell),
}

ROOTS: dict[str, Call] = {
    "appEvents": Call(
        given=lambda e: {"app": {"id": global_id("Integration", e.integration.id)}, "first": 100},
        foreign=Foreign.EMPTY,
        lacks=Permission.EVENTS_READ,
    ),
    "setDevelopmentMode": Call(
        given=lambda e: _input(e, tunnelUrl=None),
        lacks=Permission.INTEGRATIONS_PUBLISH,
        right=Right.CHANGING,
        prepare=_publish,
    ),
    "queueTask": Call(
        given=lambda e: _input(e, task={}, delaySeconds=80_000.0),
        lacks=Permission.INTEGRATIONS_PUBLISH,
        prepare=_publish,
    ),
    "rotateEventsSecret": Call(
        given=_input, lacks=Permission.INTEGRATIONS_PUBLISH, right=Right.CHANGING, prepare=_publish
    ),
}
