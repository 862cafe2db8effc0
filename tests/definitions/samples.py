"""Definitions that tests are made of, as their authors would give them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

SOURCE = [{"page": "https://docs.example.com/api", "date": "2026-02-01", "for": "everything"}]
PLAIN: dict[str, Any] = {
    "vendor": "plain",
    "name": "Plain",
    "category": "storage",
    "source": SOURCE,
    "auth": {"type": "BEARER", "apiBaseUrl": "https://api.example.com"},
}
DESK: dict[str, Any] = {
    "vendor": "desk",
    "name": "Desk",
    "description": "Tickets.",
    "category": "ticketing",
    "docs": "https://docs.example.com/?page=1#top",
    "source": SOURCE,
    "auth": {
        "type": "BASIC",
        "apiBaseUrl": "https://{subdomain}.example.com/api",
        "scopes": ["read"],
        "headers": {"X-Version": "2026-02-01", "X-User": "${user.username}"},
    },
    "fields": [
        {"key": "subdomain", "group": "PARAMETER", "label": "Subdomain", "required": True, "pattern": "[a-z0-9-]+"},
        {"key": "email", "group": "SECRET", "label": "E-mail", "required": True, "secret": False},
        {"key": "apiToken", "group": "SECRET", "label": "Token", "required": True},
        {
            "key": "region",
            "group": "PARAMETER",
            "label": "Region",
            "type": "SELECT",
            "options": ["eu", "us"],
        },
        {"key": "shard", "group": "PARAMETER", "label": "Shard", "type": "INTEGER"},
        {"key": "sandbox", "group": "PARAMETER", "label": "Sandbox", "type": "BOOLEAN"},
    ],
    "credential": {"username": "{email}/token", "password": "{apiToken}"},
    "verification": {
        "request": {"path": "/me", "query": {"full": "1"}},
        "expect": {"status": [200], "when": "user.id"},
        "error": "error.message",
    },
    "account": {"request": {"path": "/me", "query": {"full": "1"}}, "accountId": "user.id", "email": "user.email"},
    "inbound": {"scheme": "hmac-sha256", "header": "X-Signature", "signedContent": "{timestamp}.{body}"},
    "supports": {"upload": True, "multiple": False},
}


def changed(definition: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A copy with members set by path, written with `__` for each step down; None takes one away."""
    copy = deepcopy(definition)
    for path, value in members.items():
        *above, last = path.split("__")
        place: Any = copy
        for step in above:
            place = place[int(step)] if isinstance(place, list) else place.setdefault(step, {})
        if value is None:
            place.pop(last)
        else:
            place[int(last) if isinstance(place, list) else last] = value
    return copy
