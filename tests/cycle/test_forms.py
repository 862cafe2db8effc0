"""The form of an integration is the one that its definition shows: each field is written as it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from resolvers.definitions.catalogue import read_file
from resolvers.definitions.form import credential_form
from resolvers.secret import MASKED, mask_of
from rest.cycle.words import CATEGORIES, names_of
from tests.cycle.conftest import READABLE, Cycle, define, refused
from tests.cycle.test_available import bearer
from tests.harness.acting import act

BUILT_IN = sorted((Path(__file__).parents[2] / "catalogue").glob("*.yaml"))
_SECRET = {"group": "SECRET"}
_PARAMETER = {"group": "PARAMETER"}
#: A definition with a field of every type in both groups.
WIDE: dict[str, Any] = {
    "name": "Wide",
    "category": "infrastructure",
    "auth": {"type": "BASIC", "apiBaseUrl": "https://api.example.com"},
    "fields": [
        {"key": "key_id", "label": "Key", "required": True, "pattern": "[a-z0-9]+", **READABLE},
        {"key": "secret", "label": "Secret", "required": True, "pattern": "[a-z0-9]+", **_SECRET},
        {"key": "region", "label": "Region", "type": "SELECT", "options": ["eu", "us"], **READABLE},
        {"key": "tier", "label": "Tier", "type": "INTEGER", **READABLE},
        {"key": "open", "label": "Open", "type": "BOOLEAN", **READABLE},
        {"key": "file", "label": "File", "type": "TEXT", **_SECRET},
        {"key": "bucket", "label": "Bucket", "required": True, "pattern": "[a-z0-9]+", **_PARAMETER},
        {"key": "place", "label": "Place", "type": "SELECT", "options": ["eu", "us"], **_PARAMETER},
        {"key": "shards", "label": "Shards", "type": "INTEGER", **_PARAMETER},
        {"key": "flag", "label": "Flag", "type": "BOOLEAN", **_PARAMETER},
        {"key": "note", "label": "Note", "type": "TEXT", **_PARAMETER},
    ],
    "credential": {"username": "{key_id}", "password": "{secret}"},
}
_TOKEN_URL = {"tokenUrl": "https://a.example.com/t"}
VENDORS: dict[str, dict[str, Any]] = {
    "fields": WIDE,
    "BEARER": bearer(),
    "API_KEY": bearer(auth={"type": "API_KEY", "apiKey": {"name": "X-Key"}}),
    "BASIC": bearer(auth={"type": "BASIC"}),
    "CLIENT_CREDENTIALS": bearer(auth={"type": "CLIENT_CREDENTIALS", **_TOKEN_URL}),
    "OAUTH2": bearer(auth={"type": "OAUTH2", "authorizationUrl": "https://a.example.com/a", **_TOKEN_URL}),
}
_BAD = {"int": "many", "select": "neither"}


def good(field: dict[str, Any]) -> list[str]:
    """Values that the shown field takes."""
    match field["type"]:
        case "select":
            return field["options"]
        case "int":
            return ["7", "-1"]
        case "blob":
            return ["first\nsecond"]
    return ["abcdefgh1", "x"]


def bad(field: dict[str, Any]) -> list[str]:
    """Values that the shown field does not take."""
    return [_BAD[field["type"]]] if field["type"] in _BAD else [] if field["regex"] is None else ["No match!"]


async def made_of(client: Cycle, vendor: str) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """An integration made by the form that is available, with the required fields alone, and their values."""
    listed = await client.ok("GET", "/available")
    (shown,) = [one for all_of in listed.values() for one in all_of if one["vendor"] == vendor]
    assert shown["usable"]
    given = {
        group: {name: good(field)[0] for name, field in (shown["fields"][group] or {}).items() if field["required"]}
        for group in ("auth", "extra")
    }
    made = await client.ok("POST", "?meta=definition", {"vendor": vendor, **given}, 201)
    assert made["meta"]["definition"] == shown
    return made, given


@pytest.mark.parametrize("kind", VENDORS)
async def test_every_field_of_the_definition_is_written_as_it_says(client: Cycle, organization, kind: str):
    await define(organization, "wide", VENDORS[kind])
    made, needed = await made_of(client, "wide")
    definition = made["meta"]["definition"]

    for group in ("auth", "extra"):
        for name, field in (definition["fields"][group] or {}).items():
            await walk(client, made, group, name, field, needed[group])

    assert (await client.ok("GET", f"/{made['id']}?meta=definition"))["meta"]["definition"] == definition


async def walk(
    client: Cycle, made: dict[str, Any], group: str, name: str, field: dict[str, Any], needed: dict[str, str]
) -> None:
    """Write each kind of value into one field."""
    one, place = f"/{made['id']}", f"/{group}/{name}"
    for value in good(field):
        shown = await client.ok("PATCH", one, {group: {**needed, name: value}})
        assert shown[group][name] in (value, mask_of(value), MASKED), place
    for value in bad(field):
        refused(await client("PATCH", one, {group: {**needed, name: value}}), 422, "422.invalid-argument", place)
    left_out = await client("PATCH", one, {group: {**needed, name: None}})
    others = needed.keys() - {name}
    if field["required"] and (others or group == "extra"):
        refused(left_out, 422, "422.missing-argument", place)
    else:
        assert name not in (left_out.json()["data"][group] or {}), place


async def test_the_form_is_that_of_the_integrations_own_auth_type(client: Cycle, organization):
    await define(organization, "wide", bearer())
    made, _ = await made_of(client, "wide")
    await act(organization.client, "updateIntegration", {"id": made["id"], "auth": {"type": "BASIC"}})

    shown = await client.ok("GET", f"/{made['id']}?meta=definition")
    fields = shown["meta"]["definition"]["fields"]["auth"]
    after = await client.ok("PATCH", f"/{made['id']}", {"auth": dict.fromkeys(fields, "abcdefgh1")})

    assert list(fields) == ["key_id", "secret"]
    assert after["auth"] == {"key_id": "abcdefgh1", "secret": "..."}


async def test_a_definition_that_asks_for_more_than_the_keys_hold_is_not_usable(client: Cycle, organization):
    fields = [{"key": f"s{number}", "label": "Field", "required": number < 3, **_SECRET} for number in range(4)]
    given = {"credential": {"token": "{s0}"}, "fields": fields}
    await define(organization, "four", bearer(**given))
    await define(organization, "five", bearer(**{**given, "fields": [{**one, "required": True} for one in fields]}))

    usable = {one["vendor"]: one["usable"] for one in (await client.ok("GET", "/available"))["billing"]}

    assert usable == {"four": True, "five": False}


def test_every_built_in_vendor_has_a_key_for_each_field():
    found = {definition.vendor: definition for definition in map(read_file, BUILT_IN)}
    forms = {vendor: credential_form(one, one.auth.type) for vendor, one in found.items()}
    named = {vendor: names_of(form) for vendor, form in forms.items()}
    listed = {ours for category in CATEGORIES.values() for ours in category}

    assert {vendor for vendor, form in forms.items() if len(named[vendor]) != len(form)} == set()
    assert {vendor: sorted(named[vendor]) for vendor, one in found.items() if one.category in listed} == {
        "backblaze": ["key_id", "secret"],
        "paypal": ["client_id", "secret"],
        "stripe": ["secret"],
        "vultr": ["api_key"],
    }
