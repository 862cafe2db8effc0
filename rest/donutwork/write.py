"""Results in this vendor's form."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from models.tables import Webhook
from models.vocabulary import InstallationStatus, WorkState
from resolvers.capabilities.mutations import Declared
from resolvers.dispatching.attempt import Dispatched
from resolvers.events.mutations import Emitted
from resolvers.installations.queries import Installed
from resolvers.page import Slice
from resolvers.people.viewer import Viewer
from resolvers.runs.awaiting import RunResults
from resolvers.webhooks.fields import shown_url
from resolvers.webhooks.mutations import WebhookChange
from rest.donutwork.read import GREATEST_SIZE
from rest.kit import Asked, Page, no_answer

Json = dict[str, Any]

_API_VERSION: Final = "2026-02-01"
_ENVIRONMENT: Final = "production"
_STATUS: Final = {
    InstallationStatus.ACTIVE: "connected",
    InstallationStatus.PENDING: "pending",
    InstallationStatus.PAUSED: "paused",
    InstallationStatus.UNINSTALLING: "paused",
}

_FAILED: Final = (WorkState.FAILED, WorkState.PARTIAL, WorkState.CANCELLED, WorkState.SKIPPED)


def ping(viewer: Viewer, asked: Asked) -> Json:
    """RRT: the time that the hub took, including its database."""
    return {"status": "success", "env": _ENVIRONMENT, "RRT": f"{asked.elapsed_ms:.2f} ms"}


def connection(viewer: Viewer, asked: Asked) -> Json:
    """The client's user agent and addresses as the hub sees them, and the version of this API."""
    return {
        "client": {"userAgent": asked.headers.get("user-agent", ""), "ips": _addresses(asked.client)},
        "endpoint": {"apiVersion": _API_VERSION, "env": _ENVIRONMENT, "protocol": asked.scheme},
    }


def integrations(found: Slice[Installed], asked: Asked) -> Json:
    """A page of installed integrations; `count` is the total of all pages."""
    return _listed("Integration", found, asked, [_element(row) for row in found.rows])


def integration(found: Installed, asked: Asked) -> Json:
    """One installed integration, with its actions in the order of their declaration."""
    return {
        "id": found.integration.id,
        "handler": found.installation.handler,
        "status": _STATUS[found.installation.status],
        "actions": [{"name": one.name, "method": one.method} for one in found.capabilities],
        "metadata": found.integration.parameters,
    }


def declared(done: Declared, asked: Asked) -> Json:
    """The number of capabilities that the app now offers."""
    return {
        "success": True,
        "message": f"{done.handler} offers {done.capability_count} action(s) now.",
        "app_handler": done.handler,
        "actions_count": done.capability_count,
    }


def dispatched(done: Dispatched, asked: Asked) -> Json:
    """The answer of the remote service, its JSON as it was sent. Raises UpstreamFailed if there is none.

    A `parse_error`, which the vendor does not know, is a member only if a body is said to be JSON and is none.
    """
    if done.response is None:
        raise no_answer(done)
    fault = done.response.parse_error
    return {
        "success": done.response.succeeded,
        "integration": asked.path["handler"],
        "action": asked.path["action"],
        "external_status": done.response.status,
        "response": done.response.body,
        **({"parse_error": fault} if fault else {}),
    }


def emitted(done: Emitted, asked: Asked) -> Json:
    """Handler and event in the words of the request."""
    return {
        "success": True,
        "app_handler": asked.path["handler"],
        "event": asked.path["event"],
        "queued_workflows": done.queued_runs,
    }


def workflow_run(done: RunResults, asked: Asked) -> Json:
    """A run with the results of its stages. One that has not ended yet goes on: `status` says how far it is."""
    return {
        "success": done.run.state not in _FAILED,
        "workflow_id": done.run.flow_id,
        "run_id": done.run.id,
        "status": done.run.state.lower(),
        "error": done.run.error,
        "stages": [
            {
                "position": stage.position,
                "status": stage.state.lower(),
                "records": stage.input_count,
                "succeeded": stage.written_count,
                "ignored": stage.ignored_count,
                "failed": stage.error_count,
                "waiting": stage.waiting_count,
            }
            for stage in done.stages
        ],
    }


def webhooks(found: Slice[Webhook], asked: Asked) -> Json:
    """A page of webhooks, newest first; `count` is the total of all pages."""
    return _listed("Webhook", found, asked, [_webhook(row, "redacted") for row in found.rows])


def webhook(done: WebhookChange, asked: Asked) -> Json:
    """The new webhook with its signing secret as `token`, which is shown this once."""
    return _webhook(done.webhook, done.secret or "redacted")


def _webhook(row: Webhook, token: str) -> Json:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "url": shown_url(row),
        "events": row.event_patterns,
        "token": token,
    }


def _listed(entities: str, found: Slice[Any], asked: Asked, elements: list[Json]) -> Json:
    page, total = Page.of(asked, greatest=GREATEST_SIZE), found.total or 0
    return {
        "entities": entities,
        "count": total,
        "per_page": page.size,
        "pages": {"current": page.number, "max": page.last(total)},
        "elements": elements,
    }


def _element(row: Installed) -> Json:
    return {
        "id": row.integration.id,
        "handler": row.installation.handler,
        "name": row.integration.name,
        "status": _STATUS[row.installation.status],
    }


def _addresses(client: str) -> dict[str, str]:
    if not client:
        return {}
    address = ip_address(client)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return {"ipv6": str(address)}
    return {"ipv4": str(getattr(address, "ipv4_mapped", None) or address)}
