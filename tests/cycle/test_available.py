"""The vendors that are available, and their forms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cycle.conftest import STORE, Cycle, define
from tests.definitions.samples import changed

CATEGORIES = {
    "image-builders": "builds",
    "object-storage": "object-storage",
    "tls-certificate-generation": "certificates",
    "infrastructure-provider": "infrastructure",
    "billing": "billing",
}


def bearer(**members: Any) -> dict[str, Any]:
    """A definition with a bearer token."""
    auth = {"type": "BEARER", "apiBaseUrl": "https://api.example.com/v1"}
    return {"name": "Plain", "category": "billing", "auth": auth} | members


async def shown(client: Cycle, organization, definition: dict[str, Any]) -> dict[str, Any]:
    """The definition as it is available, alone."""
    await define(organization, "one", definition)
    (found,) = [one for listed in (await client.ok("GET", "/available")).values() for one in listed]
    return found


async def test_has_the_five_categories_and_no_other(client: Cycle, organization):
    for theirs, ours in CATEGORIES.items():
        await define(organization, f"v-{theirs}", bearer(name=theirs, category=ours))
    await define(organization, "aside", bearer(category="chat"))

    found = await client.ok("GET", "/available")

    assert {category: [one["vendor"] for one in listed] for category, listed in found.items()} == {
        category: [f"v-{category}"] for category in CATEGORIES
    }


async def test_shows_a_whole_definition(client: Cycle, organization):
    lock = {"key": "lock", "title": "Object lock", "type": "BOOLEAN", "default": False}
    size = {"key": "size", "title": "Size", "type": "INTEGER"}
    more = {"features": ["snapshots"], "extends": ["backups"], "options": [lock, size]}
    fields = [*STORE["fields"], {"key": "open", "group": "PARAMETER", "label": "Open", "type": "BOOLEAN"}]

    found = await shown(client, organization, {**STORE, **more, "fields": fields})

    assert found == {
        "vendor": "one",
        "name": "Store",
        "supports_verification": False,
        "supports_multiple": True,
        "features": ["snapshots"],
        "extends": ["backups"],
        "extended_configuration": {
            "options": [
                {"title": "Object lock", "key": "lock", "type": "bool", "default": False},
                {"title": "Size", "key": "size", "type": "int"},
            ]
        },
        "fields": {
            "auth": {
                "key_id": field("Key ID", required=True, regex="[a-z0-9]+"),
                "secret": field("Application key", "Long", required=True),
                "region": field("Region", type="select", options=["eu", "us"]),
            },
            "extra": {
                "bucket": field("Bucket", required=True),
                "shards": field("Shards", type="int"),
                "open": field("Open", type="select", options=["true", "false"]),
            },
        },
        "url": "https://docs.example.com/store",
        "public": False,
        "usable": True,
        "deprecated": False,
        "editable": True,
    }


def field(name: str, description: str | None = None, **facts: Any) -> dict[str, Any]:
    """A field as it is shown."""
    plain = {"required": False, "regex": None, "type": "string", "options": None}
    return {"name": name, "description": description or name, **plain, **facts}


@pytest.mark.parametrize(
    ("definition", "fact", "value"),
    [
        (bearer(), "fields", {"auth": {"api_key": field("Access token", required=True)}, "extra": None}),
        (bearer(), "extended_configuration", None),
        (bearer(), "features", None),
        (bearer(), "url", "https://api.example.com/v1"),
        (bearer(auth={"type": "NONE"}), "url", "about:blank"),
        (bearer(auth={"type": "NONE"}), "fields", {"auth": None, "extra": None}),
        (bearer(deprecated=True), "deprecated", True),
        (bearer(deprecated=True), "usable", False),
        (bearer(supports={"multiple": False}), "supports_multiple", False),
        (bearer(supports={"editable": False}), "editable", False),
        (bearer(verification={"request": {"path": "/me"}}), "supports_verification", True),
    ],
)
async def test_follows_the_definition(client: Cycle, organization, definition, fact, value):
    assert (await shown(client, organization, definition))[fact] == value


@pytest.mark.parametrize(
    ("auth", "keys"),
    [
        ({"type": "API_KEY", "apiKey": {"name": "X-Key"}}, ["api_key"]),
        ({"type": "BASIC"}, ["key_id", "secret"]),
        ({"type": "CLIENT_CREDENTIALS", "tokenUrl": "https://a.example.com/t"}, ["client_id", "secret"]),
    ],
)
async def test_names_the_standard_parts_in_the_vendors_words(client: Cycle, organization, auth, keys):
    found = await shown(client, organization, bearer(auth=auth))

    assert list(found["fields"]["auth"]) == keys


async def test_gives_every_field_a_key_of_its_own(client: Cycle, organization):
    secret = {"group": "SECRET", "label": "Field"}
    keys = ["token", "password", "other", "blob", "email", "site"]
    fields = [{**secret, "key": key, "secret": key not in ("email", "site")} for key in keys]
    fields[3]["type"] = "TEXT"
    given = {"credential": {"token": "{token}"}, "fields": fields}

    found = await shown(client, organization, bearer(**given))

    assert list(found["fields"]["auth"]) == ["api_key", "secret", "key_id", "base64_config", "client_id"]


async def test_a_vendor_of_one_integration_is_usable_once(client: Cycle, organization):
    await define(organization, "store", changed(STORE, supports={"multiple": False}))
    before = (await client.ok("GET", "/available"))["object-storage"][0]["usable"]
    made = await client.make()
    during = (await client.ok("GET", "/available"))["object-storage"][0]["usable"]
    await client.ok("DELETE", f"/{made['id']}", status=202)

    after = (await client.ok("GET", "/available"))["object-storage"][0]["usable"]

    assert (before, during, after) == (True, False, True)


async def test_what_comes_with_the_hub_is_public_and_anothers_is_not_there(
    client: Cycle, stranger: Cycle, organization
):
    await define(organization, "mine", bearer())
    made = await client.ok("POST", "?meta=definition", {"vendor": "lake", "auth": {"api_key": "k" * 9}}, 201)

    assert made["meta"]["definition"]["public"] is True
    assert (await client.ok("GET", "/available"))["billing"][0]["public"] is False
    assert (await stranger.ok("GET", "/available"))["billing"] == []
