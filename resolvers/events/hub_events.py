"""The hub's own events: when each is announced, what it is about, and its payload by an example.

`docs/events.md` shows the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from models.vocabulary import HubEvent

_ID: Final = "65a1b2c30000000000000001"
_OTHER: Final = "65a1b2c30000000000000002"
_THIRD: Final = "65a1b2c30000000000000003"
_FOURTH: Final = "65a1b2c30000000000000004"
_NAMED: Final = {"integrationId": _ID, "handler": "SHOP", "name": "Shop"}
_INSTALLED: Final = {
    "organizationId": _THIRD,
    "installationId": _OTHER,
    "integrationId": _ID,
    "handler": "SHOP",
    "status": "ACTIVE",
}
_PLACED: Final = {
    "organizationId": _THIRD,
    "installationId": _OTHER,
    "integrationId": _ID,
    "placeId": _FOURTH,
    "kind": "SPACE",
    "status": "ACTIVE",
}
_CONNECTION: Final = {"connectionId": _ID}
_NOTHING: Final = {"added": [], "changed": [], "removed": [], "breaking": [], "truncated": False}
_WEBHOOK: Final = {
    "webhookId": _ID,
    "name": "Orders",
    "url": "https://shop.example.com/hook",
    "enabled": True,
    "reason": None,
    "failingSince": 1705321800000,
    "link": "https://hub.example.com/graphql",
    "deliveryId": _OTHER,
    "eventType": "Shop.PAID",
    "lastStatus": 500,
    "lastError": "The receiver answered 500.",
    "lastAnswer": "It broke.",
}
_RUN: Final = {
    "flowId": _ID,
    "name": "Ship orders",
    "runId": _OTHER,
    "eventId": _THIRD,
    "state": "FAILED",
    "reason": "EXPORT",
}
_HANDLER: Final = "the integration's handler"
_SELF: Final = "its id"
_FLOW: Final = "the flow's id"


@dataclass(frozen=True, kw_only=True)
class HubEventType:
    """An event of the hub. `entity`: its entity id. `example`: a payload; members may be null.

    `version` grows when its payload loses or changes a member.
    """

    when: str
    entity: str
    example: Mapping[str, Any]
    version: int = 1


HUB_EVENTS: Final[Mapping[HubEvent, HubEventType]] = {
    HubEvent.INTEGRATION_CREATED: HubEventType(
        when="An integration was created.", entity=_HANDLER, example={**_NAMED, "vendor": "custom"}
    ),
    HubEvent.INTEGRATION_UPDATED: HubEventType(
        when="Values, icon, tags or owner of an integration changed, or it must be verified again. `changed` names"
        " them; `previous` has the old values of those that are short and no secret.",
        entity=_HANDLER,
        example={**_NAMED, "changed": ["headers", "name"], "previous": {"name": "Store"}},
    ),
    HubEvent.INTEGRATION_DELETED: HubEventType(
        when="The deletion of an integration began: it is hidden from now on.", entity=_HANDLER, example=_NAMED
    ),
    HubEvent.INTEGRATION_VERIFIED: HubEventType(
        when="A verification found that the credentials of an integration work.",
        entity=_HANDLER,
        example={"integrationId": _ID},
    ),
    HubEvent.INTEGRATION_VERIFICATION_FAILED: HubEventType(
        when="A verification found that they do not, or was stopped.",
        entity=_HANDLER,
        example={"integrationId": _ID, "error": "The key is unknown."},
    ),
    HubEvent.INSTALLATION_CREATED: HubEventType(
        when="An integration was installed on the organization.", entity=_SELF, example=_INSTALLED
    ),
    HubEvent.INSTALLATION_CONFIGURED: HubEventType(
        when="Status, selections or configuration of an installation changed.",
        entity=_SELF,
        example={
            **_INSTALLED,
            "status": "PAUSED",
            "changed": ["configuration", "status"],
            "previous": {"status": "ACTIVE"},
        },
    ),
    HubEvent.INSTALLATION_UNINSTALLED: HubEventType(
        when="An installation is removed, by itself or with its integration.", entity=_SELF, example=_INSTALLED
    ),
    HubEvent.INTEGRATION_PUBLISHED: HubEventType(
        when="An app was published, or published again with another manifest.",
        entity=_HANDLER,
        example={**_NAMED, "publishedName": "shop", "publishedVersion": 3, "visibility": "PUBLIC"},
    ),
    HubEvent.INTEGRATION_UNPUBLISHED: HubEventType(
        when="An app was withdrawn.", entity=_HANDLER, example={**_NAMED, "publishedName": "shop"}
    ),
    HubEvent.INTEGRATION_DEVELOPMENT_ENDED: HubEventType(
        when="The development mode of an app has ended: by hand, after a day, or since the tunnel was dead. The"
        " events that the tunnel did not take go to the app's own address.",
        entity=_HANDLER,
        example={**_NAMED, "reason": "The tunnel failed ten times in a row."},
    ),
    HubEvent.PLACE_CONFIGURED: HubEventType(
        when="An installation was put on a space or a site, or its status or configuration there changed.",
        entity=_SELF,
        example={**_PLACED, "previous": {"status": "PENDING"}},
    ),
    HubEvent.PLACE_REMOVED: HubEventType(
        when="An installation is taken from a space or a site.", entity=_SELF, example={**_PLACED, "previous": {}}
    ),
    HubEvent.TASK_DUE: HubEventType(
        when="A task of an app is due. The app alone is told, never an organization's webhook.",
        entity="the installation's id, else the app's handler",
        example={"integrationId": _ID, "installationId": _OTHER, "task": {"type": "sync"}},
    ),
    HubEvent.CONNECTION_CONNECTED: HubEventType(
        when="A connection got its first secret.", entity=_SELF, example=_CONNECTION
    ),
    HubEvent.CONNECTION_NEEDS_RECONNECT: HubEventType(
        when="The remote service refused a connection for good: its user has to connect again.",
        entity=_SELF,
        example={**_CONNECTION, "error": "The grant was revoked.", "previous": {"status": "CONNECTED"}},
    ),
    HubEvent.CONNECTION_RECOVERED: HubEventType(
        when="A connection works again.", entity=_SELF, example={**_CONNECTION, "previous": {"status": "OFFLINE"}}
    ),
    HubEvent.CONNECTION_REMOVED: HubEventType(
        when="A connection is removed, by itself or with its integration or user.", entity=_SELF, example=_CONNECTION
    ),
    HubEvent.CONNECTION_SCOPES_CHANGED: HubEventType(
        when="The remote service grants a connection other scopes than before.",
        entity=_SELF,
        example={**_CONNECTION, "scopes": ["read"], "previous": {"scopes": ["read", "write"]}},
    ),
    HubEvent.CAPABILITIES_CHANGED: HubEventType(
        when="A manifest added, changed or removed capabilities or event types. `breaking` names the changes that"
        " break callers or receivers; each list has at most 200 members.",
        entity=_HANDLER,
        example={
            **_NAMED,
            "capabilities": {
                **_NOTHING,
                "changed": ["GET_ITEM"],
                "breaking": [{"name": "GET_ITEM", "change": "REQUIRED_ADDED", "path": "sku"}],
            },
            "eventTypes": _NOTHING,
        },
    ),
    HubEvent.JOB_FAILED: HubEventType(
        when="A job gave up or has no tries left; told within seconds. Jobs of deliveries are not told.",
        entity=_SELF,
        example={
            "jobId": _OTHER,
            "operation": "integration.verify",
            "subjectKind": "Integration",
            "subjectId": _ID,
            "attempts": 5,
        },
    ),
    HubEvent.FLOW_FAILED: HubEventType(
        when="A run of a flow failed. `eventId` is null unless an event started it.", entity=_FLOW, example=_RUN
    ),
    HubEvent.FLOW_SUCCEEDED: HubEventType(
        when="A run of a flow has done its work; PARTIAL, if single records failed. Told only if an enabled flow or"
        " webhook of the organization asks for this type by name.",
        entity=_FLOW,
        example={**_RUN, "state": "SUCCEEDED", "reason": None},
    ),
    HubEvent.FLOW_SUSPENDED: HubEventType(
        when="A run of a flow cannot go on now, and goes on by itself once it can: a service is down, a connection"
        " must be connected again, or the flow's user may not act.",
        entity=_FLOW,
        example={**_RUN, "state": "SUSPENDED", "reason": "UPSTREAM_DOWN"},
    ),
    HubEvent.FLOW_PAUSED: HubEventType(
        when="The runs of a flow wait until somebody resumes it: a person paused it, or it started too often.",
        entity=_FLOW,
        example={"flowId": _ID, "name": "Ship orders", "reason": "More than 600 runs started within a minute."},
    ),
    HubEvent.WEBHOOK_FAILING: HubEventType(
        when="A webhook has failed for half of the time after which it is disabled. The webhook itself does not get"
        " this and the next two.",
        entity=_SELF,
        example=_WEBHOOK,
    ),
    HubEvent.WEBHOOK_DISABLED: HubEventType(
        when="The hub disabled a webhook: it answered 410, or nothing but failures for five days.",
        entity=_SELF,
        example={**_WEBHOOK, "enabled": False, "reason": "It failed for five days."},
    ),
    HubEvent.WEBHOOK_RECOVERED: HubEventType(
        when="A webhook takes events again after `Hub.webhook.failing`.",
        entity=_SELF,
        example={**_WEBHOOK, "failingSince": None, "lastStatus": 200, "lastError": None, "lastAnswer": "ok"},
    ),
    HubEvent.WEBHOOK_TEST: HubEventType(
        when="A person tests a webhook; sent to that webhook alone.",
        entity=_SELF,
        example={"webhookId": _ID, "name": "Orders", "requestedBy": "alice"},
    ),
}
