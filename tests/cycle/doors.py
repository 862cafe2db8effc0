"""A call to each endpoint."""

from __future__ import annotations

from models.vocabulary import Permission
from tests.cycle.conftest import ALL, refused
from tests.harness.roles import Right
from tests.rest.doors import Door, Doors

_ONE = f"{ALL}/{{app}}"
_READ, _WRITE = Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE
_NO_JOB = "f" * 24


def _door(
    method: str, path: str, needs: Permission, right: Right = Right.SEEING, *inside: str, **sent: object
) -> Door:
    return Door(method=method, path=path, needs=needs, right=right, sent=sent, inside=frozenset(inside))


DOORS = Doors(
    refused=refused,
    closed="Give a valid token as `Authorization: Bearer …`.",
    doors=(
        _door("GET", f"{ALL}/available", _READ, Right.ANYONE),
        _door("GET", ALL, _READ, Right.ANYONE),
        _door("POST", ALL, _WRITE, Right.ANYONE, json={"vendor": "lake", "auth": {"api_key": "k" * 20}}),
        _door("GET", _ONE, _READ),
        _door("PATCH", _ONE, _WRITE, Right.CHANGING, json={"name": "New"}),
        _door("DELETE", _ONE, Permission.INTEGRATIONS_DELETE, Right.DECIDING),
        _door("POST", f"{_ONE}/tasks", _WRITE, Right.CHANGING, "no verification", json={"action": "verify"}),
        _door("GET", f"/v1/jobs/{_NO_JOB}", Permission.JOBS_READ, Right.ANYONE, "There is no such job."),
    ),
)
