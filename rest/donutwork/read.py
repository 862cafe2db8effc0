"""This vendor's requests, read as commands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from models.errors import InvalidInput
from models.vocabulary import HttpMethod
from resolvers.capabilities.mutations import DeclareManifest
from resolvers.dispatching.build import RunCapability
from resolvers.dispatching.find import CapabilityName
from resolvers.events.mutations import EmitEvent
from resolvers.find import IntegrationRef
from resolvers.page import SliceRequest
from resolvers.runs.starting import RunFlow
from resolvers.unset import given
from resolvers.webhooks.change import CreateWebhook
from rest.donutwork.manifest import read_manifest
from rest.kit import Asked, Members, Page

GREATEST_SIZE = 100


def nothing(asked: Asked) -> tuple[()]:
    """A request without parameters."""
    return ()


def page(asked: Asked) -> tuple[SliceRequest]:
    """The rows that `page` and `size` ask for."""
    return (Page.of(asked, greatest=GREATEST_SIZE).request(),)


def handler(asked: Asked) -> tuple[str]:
    """The handler of the path."""
    return (asked.path["handler"],)


def manifest(asked: Asked) -> tuple[DeclareManifest]:
    """The manifest in the body."""
    return (read_manifest(asked.members()),)


def dispatch_of_query(asked: Asked) -> tuple[RunCapability]:
    """GET: the query holds the inputs."""
    return (_run(asked, HttpMethod.GET, asked.query, from_text=True),)


def dispatch_of_body(asked: Asked) -> tuple[RunCapability]:
    """POST and PUT: the members of the JSON body are the inputs."""
    return (_run(asked, HttpMethod(asked.method), asked.members(), from_text=False),)


def dispatch_of_either(asked: Asked) -> tuple[RunCapability]:
    """DELETE: the query or the JSON body holds the inputs, not both. `{}` counts as no body: many clients send it."""
    in_body = bool(asked.members())
    if in_body and asked.query:
        raise InvalidInput.at((), "Give the inputs in the query or in the body, not in both.")
    inputs: Mapping[str, Any] = asked.members() if in_body else asked.query
    return (_run(asked, HttpMethod.DELETE, inputs, from_text=not in_body),)


def event(asked: Asked) -> tuple[EmitEvent]:
    """The event to emit. The body is optional; null members count as absent."""
    members = Members({name: value for name, value in asked.members().items() if value is not None})
    metadata, entity_id = members.object("metadata"), members.text("entity_id")
    members.done()
    command = EmitEvent(
        integration=IntegrationRef(handler=asked.path["handler"]),
        type=asked.path["event"],
        payload=given(metadata, None) or {},
        entity_id=given(entity_id, None),
        idempotency_key=asked.idempotency_key,
    )
    return (command,)


def workflow_run(asked: Asked) -> tuple[RunFlow]:
    """The data that a workflow is run with, which the vendor requires."""
    members = Members(asked.members())
    data = members.object("data")
    members.done()
    if not isinstance(data, dict):
        raise InvalidInput.at("data", "It is required: an object, which may be empty.")
    return (RunFlow(flow_id=asked.path["workflow"], payload=data, idempotency_key=asked.idempotency_key),)


def webhook(asked: Asked) -> tuple[CreateWebhook]:
    """The webhook in the body's member of this name. One event may be a text; null counts as absent."""
    wrapped = Members(asked.members())
    values = wrapped.object("webhook")
    if not isinstance(values, dict):
        wrapped.done()
        raise InvalidInput.at("webhook", "It is required: an object with name, url and events.")
    members = Members({name: value for name, value in values.items() if value is not None}, at=("webhook",))
    name, url, description = members.required("name"), members.required("url"), members.text("description")
    events = _events(values.get("events"))
    members.done()
    command = CreateWebhook(name=name, url=url, description=given(description, None), event_type_patterns=events)
    return (command,)


def _events(value: object) -> list[str]:
    """One event type or several. Raises InvalidInput for none: without any, a webhook would take everything."""
    events = [value] if isinstance(value, str) else value
    if not isinstance(events, list) or not events or not all(isinstance(one, str) for one in events):
        raise InvalidInput.at(("webhook", "events"), "It must be an event type or a list of them; `*` takes all.")
    return events


def _run(asked: Asked, method: HttpMethod, inputs: Mapping[str, Any], *, from_text: bool) -> RunCapability:
    return RunCapability(
        capability=CapabilityName(handler=asked.path["handler"], name=asked.path["action"]),
        inputs=dict(inputs),
        idempotency_key=asked.idempotency_key,
        from_text=from_text,
        method=method,
    )
