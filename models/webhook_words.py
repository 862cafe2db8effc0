"""Closed sets of words about webhooks, and the names of the hub's own events. Values are only ever added."""

from enum import StrEnum


class WebhookKind(StrEnum):
    """ENDPOINT: made by people. The others belong to a published app and are listed nowhere.

    APP: where the app takes its own events. TUNNEL: where it takes those of its own organization in development.
    """

    ENDPOINT = "ENDPOINT"
    APP = "APP"
    TUNNEL = "TUNNEL"


class WebhookOrdering(StrEnum):
    """NONE: as they come. ENTITY: the events of one entity one at a time, in the order of their sequence."""

    NONE = "NONE"
    ENTITY = "ENTITY"


class OrderFailure(StrEnum):
    """BLOCK: a failed delivery keeps the later ones of its entity waiting, for an hour at most. SKIP: they go on."""

    BLOCK = "BLOCK"
    SKIP = "SKIP"


class BreakerState(StrEnum):
    """CLOSED: it sends. OPEN: it waits after many failures in a row. HALF_OPEN: it tries, one at first, then more."""

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


class HubEvent(StrEnum):
    """Events of the hub itself, named `Hub.<noun>.<event>`."""

    INTEGRATION_CREATED = "Hub.integration.created"
    INTEGRATION_UPDATED = "Hub.integration.updated"
    INTEGRATION_DELETED = "Hub.integration.deleted"
    INTEGRATION_VERIFIED = "Hub.integration.verified"
    INTEGRATION_VERIFICATION_FAILED = "Hub.integration.verification_failed"
    INSTALLATION_CREATED = "Hub.installation.created"
    INSTALLATION_CONFIGURED = "Hub.installation.configured"
    INSTALLATION_UNINSTALLED = "Hub.installation.uninstalled"
    INTEGRATION_PUBLISHED = "Hub.integration.published"
    INTEGRATION_UNPUBLISHED = "Hub.integration.unpublished"
    INTEGRATION_DEVELOPMENT_ENDED = "Hub.integration.development_ended"
    PLACE_CONFIGURED = "Hub.place.configured"
    PLACE_REMOVED = "Hub.place.removed"
    TASK_DUE = "Hub.task.due"
    CONNECTION_CONNECTED = "Hub.connection.connected"
    CONNECTION_NEEDS_RECONNECT = "Hub.connection.needs_reconnect"
    CONNECTION_RECOVERED = "Hub.connection.recovered"
    CONNECTION_REMOVED = "Hub.connection.removed"
    CONNECTION_SCOPES_CHANGED = "Hub.connection.scopes_changed"
    CAPABILITIES_CHANGED = "Hub.capabilities.changed"
    JOB_FAILED = "Hub.job.failed"
    FLOW_FAILED = "Hub.flow.failed"
    FLOW_SUCCEEDED = "Hub.flow.succeeded"
    FLOW_SUSPENDED = "Hub.flow.suspended"
    FLOW_PAUSED = "Hub.flow.paused"
    WEBHOOK_FAILING = "Hub.webhook.failing"
    WEBHOOK_DISABLED = "Hub.webhook.disabled"
    WEBHOOK_RECOVERED = "Hub.webhook.recovered"
    WEBHOOK_TEST = "Hub.webhook.test"
