"""How to call each root field of the graph. A new field is entered here, or a test fails by its name."""

from __future__ import annotations

from typing import Any

from models.vocabulary import Permission
from schema.kit.ids import global_id
from tests.harness.estate import Estate
from tests.harness.matrix import Call, Foreign
from tests.harness.roles import Right
from tests.kit import (
    app_calls,
    app_work_calls,
    connecting,
    error_calls,
    flow_calls,
    installation_calls,
    openapi_calls,
    people,
    replay_calls,
    run_calls,
    schedule_calls,
    webhook_calls,
)


def _input(**members: Any) -> dict[str, Any]:
    return {"input": members}


def _run(e: Estate) -> dict[str, Any]:
    return _input(capability={"id": e.capability.id}, connectionId=e.shared.id, inputs={"a": 1})


def _manifest(e: Estate) -> dict[str, Any]:
    capability = {"name": "DO", "method": "GET", "endpoint": "/other"}
    return _input(integrationId=global_id("Integration", e.integration.id), capabilities=[capability])


def _event_types(e: Estate) -> dict[str, Any]:
    return _input(integrationId=e.integration.id, eventTypes=[{"name": f"{e.integration.handler}.OTHER"}])


def _registration(e: Estate) -> dict[str, Any]:
    return _input(integrationId=e.integration.id, connectionIds=[e.own.id])


def _node(e: Estate) -> str:
    return global_id("Integration", e.integration.id)


ROOTS: dict[str, Call] = {
    "integrations": Call(
        given=lambda e: {"filter": {"search": e.word}}, foreign=Foreign.EMPTY, lacks=Permission.INTEGRATIONS_READ
    ),
    "integration": Call(
        given=lambda e: {"by": {"id": _node(e)}}, foreign=Foreign.NONE, lacks=Permission.INTEGRATIONS_READ
    ),
    "capabilities": Call(given=lambda e: {"first": 100}, foreign=Foreign.OWN, lacks=Permission.INTEGRATIONS_READ),
    "connections": Call(
        given=lambda e: {"filter": {"search": e.word}}, foreign=Foreign.EMPTY, lacks=Permission.CONNECTIONS_READ
    ),
    "installations": Call(
        given=lambda e: {"filter": {"search": e.word}}, foreign=Foreign.EMPTY, lacks=Permission.INSTALLATIONS_READ
    ),
    "planDispatch": Call(given=_run, lacks=Permission.DISPATCH_READ),
    "dispatches": Call(
        given=lambda e: {"filter": {"integrationId": [_node(e)]}},
        foreign=Foreign.EMPTY,
        lacks=Permission.DISPATCHES_READ,
    ),
    "dispatchStatistics": Call(
        given=lambda e: {"filter": {"integrationId": [_node(e)]}, "slice": "DAY"},
        foreign=Foreign.OWN,
        lacks=Permission.DISPATCHES_READ,
        right=Right.ANYONE,
    ),
    "eventTypes": Call(given=lambda e: {"first": 100}, foreign=Foreign.OWN, lacks=Permission.INTEGRATIONS_READ),
    "hubEventTypes": Call(given=lambda e: {}, foreign=Foreign.OWN, lacks=Permission.EVENTS_READ, right=Right.ANYONE),
    "events": Call(
        given=lambda e: {"filter": {"integrationId": [_node(e)]}}, foreign=Foreign.EMPTY, lacks=Permission.EVENTS_READ
    ),
    "event": Call(
        given=lambda e: {"id": global_id("Event", e.event.id)}, foreign=Foreign.NONE, lacks=Permission.EVENTS_READ
    ),
    "auditEntries": Call(
        given=lambda e: {"filter": {"resourceId": _node(e)}}, foreign=Foreign.EMPTY, lacks=Permission.AUDIT_READ
    ),
    "jobs": Call(
        given=lambda e: {"filter": {"subjectId": _node(e)}}, foreign=Foreign.EMPTY, lacks=Permission.JOBS_READ
    ),
    "job": Call(given=lambda e: {"id": e.job.id}, foreign=Foreign.NONE, lacks=Permission.JOBS_READ),
    "cancelJob": Call(given=lambda e: {"id": e.job.id}, lacks=Permission.JOBS_WRITE),
    "retryJob": Call(given=lambda e: {"id": e.job.id}, lacks=Permission.JOBS_WRITE),
    "viewer": Call(given=lambda e: {}, foreign=Foreign.OWN, right=Right.ANYONE),
    "node": Call(given=lambda e: {"id": _node(e)}, foreign=Foreign.NONE, lacks=Permission.INTEGRATIONS_READ),
    "nodes": Call(given=lambda e: {"ids": [_node(e)]}, foreign=Foreign.NONE, lacks=Permission.INTEGRATIONS_READ),
    "createIntegration": Call(
        given=lambda e: _input(name="New", ownerId=e.member_id),
        lacks=Permission.INTEGRATIONS_WRITE,
        right=Right.ANYONE,
    ),
    "updateIntegration": Call(
        given=lambda e: _input(id=_node(e), description="New"),
        lacks=Permission.INTEGRATIONS_WRITE,
        right=Right.CHANGING,
    ),
    "deleteIntegration": Call(
        given=lambda e: {"id": _node(e)}, lacks=Permission.INTEGRATIONS_DELETE, right=Right.DECIDING
    ),
    "declareCapabilities": Call(given=_manifest, lacks=Permission.INTEGRATIONS_WRITE, right=Right.CHANGING),
    "declareEventTypes": Call(given=_event_types, lacks=Permission.INTEGRATIONS_WRITE, right=Right.CHANGING),
    "registerConnections": Call(given=_registration, lacks=Permission.CONNECTIONS_WRITE, right=Right.HOLDING),
    "unregisterConnection": Call(
        given=lambda e: _input(integrationId=e.integration.id, connectionId=e.own.id),
        lacks=Permission.CONNECTIONS_WRITE,
        right=Right.HOLDING,
    ),
    "createConnection": Call(
        given=lambda e: _input(integrationId=_node(e), secret={"apiKey": "k"}),
        right=Right.OWNING,
        lacks=Permission.CONNECTIONS_WRITE,
    ),
    "updateConnection": Call(
        given=lambda e: _input(id=e.shared.id, name="New"), lacks=Permission.CONNECTIONS_WRITE, right=Right.CHANGING
    ),
    "deleteConnection": Call(
        given=lambda e: {"id": e.shared.id}, lacks=Permission.CONNECTIONS_WRITE, right=Right.CHANGING
    ),
    "installIntegration": Call(
        given=lambda e: _input(integration={"id": _node(e)}),
        right=Right.CHANGING,
        lacks=Permission.INSTALLATIONS_WRITE,
    ),
    "updateInstallation": Call(
        given=lambda e: _input(id=e.installation.id, paused=True),
        right=Right.CHANGING,
        lacks=Permission.INSTALLATIONS_WRITE,
    ),
    "dispatch": Call(given=_run, lacks=Permission.DISPATCH_READ),
    "proxyRequest": Call(
        given=lambda e: _input(integration={"id": _node(e)}, path="/ok", connectionId=e.shared.id),
        lacks=Permission.PROXY_REQUEST,
    ),
    "emitEvent": Call(
        given=lambda e: _input(integration={"id": _node(e)}, type=e.event_type), lacks=Permission.EVENTS_EMIT
    ),
    "verifyIntegration": Call(
        given=lambda e: {"id": _node(e)}, lacks=Permission.INTEGRATIONS_WRITE, right=Right.CHANGING
    ),
    "testConnection": Call(
        given=lambda e: {"id": global_id("ConnectedAccount", e.shared.id)}, lacks=Permission.CONNECTIONS_READ
    ),
    "definitions": Call(
        given=lambda e: {"filter": {"search": e.word}},
        foreign=Foreign.EMPTY,
        lacks=Permission.INTEGRATIONS_READ,
        right=Right.ANYONE,
    ),
    "definition": Call(
        given=lambda e: {"vendor": e.word},
        foreign=Foreign.NONE,
        lacks=Permission.INTEGRATIONS_READ,
        right=Right.ANYONE,
    ),
    "saveDefinition": Call(
        given=lambda e: _input(
            vendor="new", definition={"name": "New", "category": "other", "auth": {"type": "NONE"}}
        ),
        foreign=Foreign.AT_HOME,
        lacks=Permission.ORGANIZATION_ADMIN,
        right=Right.ANYONE,
    ),
    "deleteDefinition": Call(
        given=lambda e: {"id": global_id("Definition", e.spare.id)},
        lacks=Permission.ORGANIZATION_ADMIN,
        right=Right.ANYONE,
    ),
    "createUpload": Call(
        given=lambda e: _input(purpose="ICON", size=1),
        foreign=Foreign.AT_HOME,
        lacks=Permission.INTEGRATIONS_WRITE,
        right=Right.ANYONE,
    ),
    "setIntegrationIcon": Call(
        given=lambda e: _input(integrationId=_node(e), uploadId=None),
        lacks=Permission.INTEGRATIONS_WRITE,
        right=Right.CHANGING,
    ),
    **installation_calls.ROOTS,
    **openapi_calls.ROOTS,
    **people.ROOTS,
    **connecting.ROOTS,
    **app_calls.ROOTS,
    **app_work_calls.ROOTS,
    **schedule_calls.ROOTS,
    **webhook_calls.ROOTS,
    **run_calls.ROOTS,
    **error_calls.ROOTS,
    **flow_calls.ROOTS,
    **replay_calls.ROOTS,
}
