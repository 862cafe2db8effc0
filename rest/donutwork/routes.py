"""Every path of the vendor's page, and the two probe paths and the webhooks of other pages of the vendor."""

from __future__ import annotations

from models.vocabulary import Source
from resolvers.capabilities.mutations import declare_manifest
from resolvers.dispatching.mutations import dispatch
from resolvers.events.mutations import emit_event
from resolvers.installations.queries import list_installed_integrations, read_installed_integration
from resolvers.people.viewer import read_viewer
from resolvers.runs.awaiting import run_flow_to_end
from resolvers.webhooks.mutations import create_webhook
from resolvers.webhooks.queries import list_webhooks
from rest.donutwork import errors, read, write
from rest.kit import Delete, Dialect, Get, Post, Put

_V = "/2026-02-01"
_ACTION = f"{_V}/integrations/{{handler}}/{{action}}.json"

dialect = Dialect(
    name="donutwork",
    prefix="/donutwork",
    source=Source.DONUTWORK,
    refuse=errors.refuse,
    places=errors.PLACES,
    endpoints=(
        Get(f"{_V}/ping.json", read_viewer, read.nothing, write.ping),
        Get(f"{_V}/connection.json", read_viewer, read.nothing, write.connection),
        Get(f"{_V}/integrations.json", list_installed_integrations, read.page, write.integrations),
        Put(f"{_V}/integrations.json", declare_manifest, read.manifest, write.declared),
        Get(f"{_V}/integrations/{{handler}}.json", read_installed_integration, read.handler, write.integration),
        Get(_ACTION, dispatch, read.dispatch_of_query, write.dispatched),
        Post(_ACTION, dispatch, read.dispatch_of_body, write.dispatched),
        Put(_ACTION, dispatch, read.dispatch_of_body, write.dispatched),
        Delete(_ACTION, dispatch, read.dispatch_of_either, write.dispatched),
        Post(f"{_V}/integrations/{{handler}}/events/{{event}}/emit.json", emit_event, read.event, write.emitted),
        Post(f"{_V}/workflow/{{workflow}}.json", run_flow_to_end, read.workflow_run, write.workflow_run),
        Get(f"{_V}/webhooks.json", list_webhooks, read.page, write.webhooks),
        Post(f"{_V}/webhooks.json", create_webhook, read.webhook, write.webhook),
    ),
)
