"""The migration binds every secret that there is to the addresses that stand, and tells each organization."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import text

from models.migrations import upgrade
from models.origins import Origins
from tests.harness.backends import both

OWNER, QUIET = "0" * 23 + "1", "0" * 23 + "2"
PLAIN, VENDOR, CLIENT = ("1" * 23 + digit for digit in "123")
TIMES = {"created_at": 0, "updated_at": 0}
BODY = {
    "auth": {"type": "API_KEY", "userinfoUrl": "https://{shop}.vendor.example/me"},
    "verification": {"request": {"path": "/ping"}},
    "account": {"request": {"path": "https://account.vendor.example/v1"}},
}


def organization(id: str) -> dict[str, Any]:
    named = {"id": id, "name": id, "slug": id, "custom_fields": "{}", "return_urls": "[]", "limits": "{}"}
    return {**named, **TIMES, "audit_sequence": 0, "audit_hash": ""}


def integration(id: str, **facts: Any) -> dict[str, Any]:
    named = dict.fromkeys(("handler", "slug", "name", "name_key", "search_text"), id)
    words = {"mode": "SHARED", "access": "ORGANIZATION", "state": "LIVE", "auth_type": "API_KEY", "category": "other"}
    auth = {"scopes": "[]", "token_endpoint_auth": "BASIC", "api_key_location": "HEADER", "header_hints": "[]"}
    rest = {
        "description": "",
        "readme": "",
        "vendor": "custom",
        "state_changed_at": 0,
        "version": 1,
        "parameters": "{}",
    }
    return {"id": id, "organization_id": OWNER, **TIMES, **named, **words, **auth, **rest, **facts}


def connection(id: str, **facts: Any) -> dict[str, Any]:
    named = {
        "id": id,
        "organization_id": OWNER,
        "name": id,
        "name_key": id,
        "secret": b"\x01sealed",
        "secret_version": 1,
    }
    words = {"mode": "SHARED", "status": "CONNECTED", "auth_type": "API_KEY", "version": 1}
    return {**named, **TIMES, **words, "details": "{}", "granted_scopes": "[]", "account": "{}", **facts}


def registration(id: str, integration_id: str, connection_id: str) -> dict[str, Any]:
    ends = {"integration_id": integration_id, "connection_id": connection_id, "organization_id": OWNER}
    return {"id": id, "created_at": 0, "is_default": False, **ends}


def capability(id: str, integration_id: str, endpoint: str) -> dict[str, Any]:
    named = dict.fromkeys(("name", "field_name", "search_text"), id)
    rest = {"description": "", "position": 0, "method": "GET", "effect": "READ", "input_schema": "{}", "digest": ""}
    owner = {"organization_id": OWNER, "integration_id": integration_id}
    return {
        "id": id,
        **owner,
        **TIMES,
        **named,
        **rest,
        "endpoint": endpoint,
        "required_scopes": "[]",
        "timeout_seconds": 30,
    }


def definition(id: str) -> dict[str, Any]:
    named = dict.fromkeys(("vendor", "name", "name_key", "category"), "vendor")
    flags = dict.fromkeys(("supports_upload", "requires_verification", "deprecated"), False)
    return {"id": id, **TIMES, **named, **flags, "auth_type": "API_KEY", "digest": "", "body": json.dumps(BODY)}


ROWS = [
    *(("organization", organization(one)) for one in (OWNER, QUIET)),
    ("definition", definition("d" * 24)),
    ("integration", integration(PLAIN, api_base_url="https://Api.example/v1", headers=b"\x01sealed")),
    ("capability", capability("a" * 24, PLAIN, "https://away.example/x/{id}")),
    ("capability", capability("b" * 24, PLAIN, "/near")),
    ("integration", integration(VENDOR, definition_id="d" * 24, api_base_url="https://acme.vendor.example",
                                parameters='{"shop":"acme"}')),
    ("integration", integration(CLIENT, auth_type="CLIENT_CREDENTIALS", api_base_url="https://api.client.example",
                                token_url="https://login.example/token", revocation_url="https://bye.example:8443/r",
                                client_secret=b"\x01sealed")),
    *(("connection", connection(digit * 24)) for digit in "456"),
    ("connection", connection("7" * 24, base_url="https://own.example")),
    ("connection", connection("8" * 24, base_url="https://own.client.example", auth_type="CLIENT_CREDENTIALS")),
    ("registration", registration("4" * 24, PLAIN, "4" * 24)),
    ("registration", registration("5" * 24, VENDOR, "5" * 24)),
    ("registration", registration("6" * 24, PLAIN, "5" * 24)),
    ("registration", registration("7" * 24, PLAIN, "7" * 24)),
    ("registration", registration("8" * 24, CLIENT, "8" * 24)),
]  # fmt: skip
OF_PLAIN = {"https://api.example:443", "https://away.example:443"}
OF_VENDOR = {"https://acme.vendor.example:443", "https://account.vendor.example:443"}
OF_CLIENT = {"https://login.example:443", "https://bye.example:8443"}


@both
async def test_binds_every_secret_to_the_addresses_that_stand(empty_database):
    await upgrade(empty_database, "0009")
    async with empty_database.write() as session:
        for table, row in ROWS:
            names = ", ".join(row)
            values = ", ".join(f":{name}" for name in row)
            await session.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)

    await upgrade(empty_database)

    async with empty_database.read() as session:
        connections = dict((await session.execute(text("SELECT id, secret_origins FROM connection"))).all())
        integrations = (
            await session.execute(
                text("SELECT id, client_secret_origins, headers_origins FROM integration ORDER BY id")
            )
        ).all()
        entries = (await session.execute(text("SELECT organization_id, action, changes FROM audit_entry"))).all()
    assert {row_id[0]: Origins.read(told) for row_id, told in connections.items()} == {
        "4": bound(OF_PLAIN),
        "5": bound(OF_VENDOR | OF_PLAIN),
        "6": bound(set()),
        "7": bound({"https://own.example:443", "https://away.example:443"}),
        "8": bound({"https://own.client.example:443"}, OF_CLIENT),
    }
    assert [(row[0], *(text and Origins.read(text) for text in row[1:])) for row in integrations] == [
        (PLAIN, None, bound(OF_PLAIN)),
        (VENDOR, None, None),
        (CLIENT, bound({"https://api.client.example:443", "https://own.client.example:443"}, OF_CLIENT), None),
    ]
    ((organization_id, action, changes),) = entries
    assert (organization_id, action) == (OWNER, "secrets.bound")
    assert {one["path"]: one["newValue"] for one in json.loads(changes)} == {
        "connections": 5,
        "clientSecrets": 1,
        "headers": 1,
    }


def bound(api: set[str], token: set[str] = frozenset()) -> Origins:
    return Origins(api=frozenset(api), token=frozenset(token))
