"""A call to each endpoint."""

from __future__ import annotations

from models.vocabulary import Permission
from tests.gitbook.conftest import refused
from tests.harness.roles import Right
from tests.rest.doors import Door, Doors

_APP = "/v1/integrations/{app}"
_ONE = f"{_APP}/installations/{{installation}}"
_ORG = "/v1/orgs/{organization}"
_SITE = f"{_ORG}/sites/{{site}}"
_SPACE = "/v1/spaces/{space}"
_INSTALLED, _INSTALL = Permission.INSTALLATIONS_READ, Permission.INSTALLATIONS_WRITE
_PUBLISH, _EVENTS, _PLACES = Permission.INTEGRATIONS_PUBLISH, Permission.EVENTS_READ, Permission.ORGANIZATION_READ
_MANIFEST = {"organization": "{organization}", "title": "New", "description": "", "script": "a", "scopes": []}


def _door(
    method: str, path: str, needs: Permission | None, right: Right = Right.SEEING, *inside: str, **sent: object
) -> Door:
    return Door(method=method, path=path, needs=needs, right=right, sent=sent, inside=frozenset(inside))


DOORS = Doors(
    refused=refused,
    closed="Give a valid token as `Authorization: Bearer …`.",
    doors=(
        _door("GET", f"{_SPACE}/integrations", _INSTALLED, Right.ANYONE),
        _door("GET", f"{_SPACE}/integration-blocks", _INSTALLED, Right.ANYONE),
        _door("GET", "/v1/integrations", None, Right.ANYONE),
        _door("GET", _APP, Permission.INTEGRATIONS_READ),
        _door("POST", "/v1/integrations/new-{organization}", _PUBLISH, Right.FOUNDING, json=_MANIFEST),
        _door("DELETE", _APP, _PUBLISH, Right.CHANGING),
        _door("GET", f"{_APP}/installations", _INSTALLED),
        _door(
            "POST",
            f"{_APP}/installations",
            _INSTALL,
            Right.CHANGING,
            "It is installed already.",
            json={"organization": "{organization}"},
        ),
        _door("GET", f"{_APP}/events", _EVENTS),
        _door("GET", f"{_APP}/events/{{event}}", _EVENTS),
        _door("GET", f"{_APP}/spaces", _INSTALLED),
        _door(
            "PUT", f"{_APP}/dev", _PUBLISH, Right.CHANGING, "is not published", json={"tunnelUrl": "{upstream}/ok"}
        ),
        _door("DELETE", f"{_APP}/dev", _PUBLISH, Right.CHANGING, "is not published"),
        _door("POST", f"{_APP}/tasks", None, Right.SEEING, "is not published", json={"task": {}, "schedule": 86_400}),
        _door("GET", _ONE, _INSTALLED),
        _door("PATCH", _ONE, _INSTALL, Right.CHANGING, json={"externalIds": ["a"]}),
        _door("DELETE", _ONE, _INSTALL, Right.CHANGING),
        _door("POST", f"{_ONE}/tokens", _INSTALL, Right.CHANGING),
        _door("GET", f"{_ONE}/spaces", _INSTALLED),
        _door("GET", f"{_ONE}/spaces/{{space}}", _INSTALLED),
        _door("GET", f"{_ONE}/sites", _INSTALLED),
        _door("POST", f"{_ONE}/sites", _INSTALL, Right.CHANGING, json={"siteId": "{site_beside}"}),
        _door("GET", f"{_ONE}/sites/{{site}}", _INSTALLED),
        _door("GET", f"{_ORG}/integrations/{{app}}/installation_status", _INSTALLED),
        _door("GET", f"{_ORG}/integrations/installations-status", _INSTALLED, Right.ANYONE),
        _door("GET", f"{_SITE}/integration-scripts", _INSTALLED, Right.ANYONE),
        _door("GET", f"{_SITE}/integrations", _INSTALLED, Right.ANYONE),
        Door(method="GET", path="/v1/user", needs=None, right=Right.ANYONE, of_users=True),
        _door("GET", _ORG, None, Right.ANYONE),
        *(
            Door(method="GET", path=path, needs=_PLACES, right=Right.ANYONE, enough_for_apps=_INSTALLED)
            for path in (_SITE, _SPACE)
        ),
        _door("POST", f"{_ONE}/spaces", _INSTALL, Right.CHANGING, json={"space": "{space_beside}"}),
        _door("PATCH", f"{_ONE}/spaces/{{space}}", _INSTALL, Right.CHANGING, json={"externalIds": ["a"]}),
        _door("DELETE", f"{_ONE}/spaces/{{space}}", _INSTALL, Right.CHANGING),
        _door("PATCH", f"{_ONE}/sites/{{site}}", _INSTALL, Right.CHANGING, json={"externalIds": ["a"]}),
        _door("DELETE", f"{_ONE}/sites/{{site}}", _INSTALL, Right.CHANGING),
    ),
)
