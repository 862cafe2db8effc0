"""A call to each endpoint."""

from __future__ import annotations

from models.vocabulary import Permission
from tests.files.pictures import png
from tests.harness.roles import Right
from tests.informer.conftest import refused
from tests.rest.doors import Door, Doors

#: Below `/informer/api`.
ONE = "/integrations/stock"
_ONE = f"/api{ONE}"
_READ, _WRITE = Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE
_CONNECTED, _CONNECT = Permission.CONNECTIONS_READ, Permission.CONNECTIONS_WRITE
_SHARE = Permission.INTEGRATIONS_SHARE


def _door(
    method: str, path: str, needs: Permission, right: Right = Right.SEEING, *inside: str, **sent: object
) -> Door:
    return Door(method=method, path=path, needs=needs, right=right, sent=sent, inside=frozenset(inside))


DOORS = Doors(
    refused=refused,
    closed="Give a valid token as `Authorization: Bearer …`.",
    doors=(
        _door("GET", "/api/integrations", _READ, Right.ANYONE),
        _door("GET", "/api/integrations-list", _READ, Right.ANYONE),
        _door("GET", _ONE, _READ),
        _door("POST", "/api/integrations", _WRITE, Right.ANYONE, json={"name": "New", "type": "custom"}),
        _door("PUT", _ONE, _WRITE, Right.CHANGING, json={"description": "New"}),
        _door("DELETE", _ONE, Permission.INTEGRATIONS_DELETE, Right.DECIDING),
        _door("GET", f"{_ONE}/icon", _READ),
        _door("PUT", f"{_ONE}/icon", _WRITE, Right.CHANGING, files={"a": ("a", png())}),
        _door("DELETE", f"{_ONE}/icon", _WRITE, Right.CHANGING),
        _door("GET", f"{_ONE}/account", _CONNECTED, Right.SEEING, "There is no such account."),
        _door("GET", f"{_ONE}/connect", _CONNECT, Right.CHANGING, "has no consent page."),
        _door("POST", f"{_ONE}/connect", _CONNECT, Right.CHANGING, json={"apiKey": "k" * 20}),
        _door("GET", f"{_ONE}/connection", _CONNECTED),
        _door("DELETE", f"{_ONE}/connection", _CONNECT, Right.CHANGING),
        _door("POST", f"{_ONE}/request", Permission.PROXY_REQUEST, json={"url": "/ok"}),
        _door("GET", f"{_ONE}/owner", _READ),
        _door("PUT", f"{_ONE}/owner", _SHARE, Right.DECIDING, json={"userId": "admin"}),
        _door("GET", f"{_ONE}/shares", _READ),
        _door("GET", f"{_ONE}/shares/member", _READ),
        _door("PUT", f"{_ONE}/shares/member", _SHARE, Right.DECIDING, json={"accessLevel": 2}),
        _door("DELETE", f"{_ONE}/shares/member", _SHARE, Right.DECIDING),
    ),
)
#: The method, the path below `/informer/api` and what is sent, of each.
CALLS = [(one.method, one.path.removeprefix("/api"), dict(one.sent)) for one in DOORS.doors]
