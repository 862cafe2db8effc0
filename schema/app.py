"""Published apps at work: their events, tasks, development mode and signing secret."""

from __future__ import annotations

from typing import Any

import strawberry

from models.errors import NotFound
from resolvers.apps import address, development, tasks
from resolvers.apps import events as app_events
from resolvers.find import IntegrationRef as Ref
from resolvers.page import Slice
from schema.event import Event
from schema.integration.fields import IntegrationResult
from schema.integration.types import Integration
from schema.job import JobResult
from schema.kit.context import Info
from schema.kit.field import column, given, reading
from schema.kit.mutation import mutation
from schema.kit.node import view
from schema.kit.page import Page, PageArguments, PageOf, binding_of, paged
from schema.kit.refs import IntegrationRef
from schema.kit.result import Result
from schema.kit.scalars import JSON
from schema.kit.translate import command


@strawberry.input(description="Where an app's events go while it is developed.")
class SetDevelopmentModeInput:
    app: IntegrationRef = strawberry.field(description="A published app of your organization.")
    tunnel_url: str | None = given("At most 256 characters; asked at once whether it takes events. Null: switch off.")
    all_organizations: bool = strawberry.field(
        default=False,
        description="Kept and shown, without effect: a tunnel gets events of the owner's organization only.",
    )


@strawberry.input(description="Work that an app hands to its later self.")
class QueueTaskInput:
    app: IntegrationRef = strawberry.field(description="Of which app.")
    installation_id: strawberry.ID | None = given("For an installation of it, in any organization.")
    task: JSON = strawberry.field(description="Its content: an object of at most 64 kB. No place for secrets.")
    delay_seconds: float = strawberry.field(
        default=0, description="When it is due: 0 to 86,400 seconds from now, to the millisecond."
    )


@strawberry.input(description="An app with events to sign.")
class RotateEventsSecretInput:
    app: IntegrationRef = strawberry.field(description="A published app of your organization.")


@view(address.RotatedEventsSecret, "An app and its new signing secret.")
class EventsSecretPayload:
    """The answer of a rotation."""

    integration: Integration = column("The app.")
    secret: str = column("`whsec_…`, shown this once. The former one also signs for a day.")


EventsSecretResult = Result("EventsSecretResult", EventsSecretPayload, "A new secret, or why not.")


@paged
async def _events(root: Any, info: Info, arguments: PageArguments, app: IntegrationRef) -> Page:
    ref = command(Ref, app)
    binding = binding_of(info, ref)
    request = arguments.request(info, binding)
    try:
        found = await app_events.list_app_events(info.context.caller, ref, request)
    except NotFound:  # a list is empty, not refused
        found = Slice(rows=[])
    return Page(slice=found, order=app_events.BY_FEED, binding=binding, shows=lambda row: row.event)


@strawberry.type
class Queries:
    """Root fields that read events of apps."""

    app_events: PageOf[Event] = reading(
        app_events.list_app_events,
        _events,
        "Events that an app may be told of, newest first: to its owner those of every organization, else your own.",
    )


@strawberry.type
class Mutations:
    """Root fields of apps at work."""

    set_development_mode = mutation(
        development.set_development_mode,
        IntegrationResult,
        "Send an app's events of your own organization to a tunnel for 24 hours, or stop.",
        input=SetDevelopmentModeInput,
        reads=development.SetDevelopmentMode,
    )
    queue_task = mutation(
        tasks.queue_task,
        JobResult,
        "Queue a task, told as `Hub.task.due` when it is due. Needs INTEGRATIONS_PUBLISH; a token of the app or of an"
        " installation needs none.",
        input=QueueTaskInput,
        reads=tasks.QueueTask,
    )
    rotate_events_secret = mutation(
        address.rotate_events_secret,
        EventsSecretResult,
        "Make a new secret for an app's events; the former one also signs for a day.",
        input=RotateEventsSecretInput,
        reads=address.RotateEventsSecret,
    )
