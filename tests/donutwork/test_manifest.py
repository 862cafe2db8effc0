"""An app declares itself: with its own token, all at once."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from models.tables import Capability, Connection, EventType, Integration
from models.vocabulary import CapabilityEffect, HttpMethod, Permission
from tests.donutwork.conftest import Donut, refused
from tests.harness.apps import Apps
from tests.upstreams.faults import FaultServer

ENDPOINT = "https://api.example.com/v1/run"


@pytest.fixture
async def app(apps: Apps) -> Integration:
    return await apps.make("My Shop")


@pytest.fixture
async def declaring(donut, apps: Apps, app: Integration) -> Donut:
    """The app itself."""
    return donut(await apps.token(app))


@pytest.fixture(scope="module")
async def old(new_lasting_apps, lasting_http) -> tuple[Apps, Integration, Donut]:
    """An app that has declared OLD, for all manifests that are refused."""
    apps = await new_lasting_apps()
    app = await apps.make("My Shop")
    declaring = Donut(lasting_http, await apps.token(app))
    await declaring.ok("PUT", "/integrations.json", {"capabilities": [action("OLD")]})
    return apps, app, declaring


def action(name: str, **more: object) -> dict[str, object]:
    return {"action": name, "method": "POST", "endpoint": ENDPOINT, **more}


async def stored(apps: Apps, model: type, app: Integration) -> list:
    async with apps.database.read() as session:
        found = select(model).where(col(model.integration_id) == app.id).order_by(col(model.id))
        return list((await session.execute(found)).scalars())


async def test_answers_how_many_actions_there_are(declaring: Donut, client: Donut):
    manifest = {"app_token": "abc-123-def-456", "capabilities": [action("A"), action("B", method="get")]}

    answer = await declaring.ok("PUT", "/integrations.json", manifest)

    assert answer == {
        "success": True,
        "message": "MY_SHOP offers 2 action(s) now.",
        "app_handler": "MY_SHOP",
        "actions_count": 2,
    }
    shown = await client.ok("GET", "/integrations/MY_SHOP.json")
    assert shown["actions"] == [{"name": "A", "method": "POST"}, {"name": "B", "method": "GET"}]


async def test_replaces_what_was_and_keeps_the_ids_of_what_stays(declaring: Donut, apps: Apps, app: Integration):
    await declaring.ok("PUT", "/integrations.json", {"capabilities": [action("A"), action("B"), action("C")]})
    before = {row.name: row.id for row in await stored(apps, Capability, app)}

    await declaring.ok("PUT", "/integrations.json", {"capabilities": [action("C"), action("D"), action("A")]})

    after = {row.name: row for row in await stored(apps, Capability, app)}
    assert sorted(after) == ["A", "C", "D"]
    assert (after["A"].id, after["C"].id) == (before["A"], before["C"])
    assert [name for name, row in sorted(after.items(), key=lambda item: item[1].position)] == ["C", "D", "A"]


async def test_takes_an_empty_manifest(declaring: Donut, apps: Apps, app: Integration):
    await declaring.ok("PUT", "/integrations.json", {"capabilities": [action("A")]})

    answer = await declaring.ok("PUT", "/integrations.json", {"capabilities": []})

    assert answer["actions_count"] == 0
    assert await stored(apps, Capability, app) == []


async def test_takes_null_for_what_may_be_left_out(declaring: Donut, apps: Apps, app: Integration):
    unsaid = dict.fromkeys(("type", "required", "description", "options", "values", "default"))
    bare = {**action("B"), "description": None, "inputs": None}
    manifest = {"capabilities": [action("A", inputs=[{"name": "sku", **unsaid}]), bare], "events": None}

    await declaring.ok("PUT", "/integrations.json", manifest)

    first, second = await stored(apps, Capability, app)
    assert (first.input_schema["properties"], second.input_schema["properties"]) == ({"sku": {}}, {})


async def test_reads_every_way_to_write_an_input(declaring: Donut, apps: Apps, app: Integration):
    inputs = [
        {"name": "sku", "type": "String", "required": True, "description": "What."},
        {"name": "count", "type": "INTEGER", "default": 1},
        {"name": "price", "type": "number", "required": False},
        {"name": "live", "type": "boolean", "default": False},
        {"name": "tags", "type": "array"},
        {"name": "more", "type": "object"},
        {"name": "unit", "type": "enum", "options": ["kg", "pc"], "default": "kg"},
        {"name": "size", "type": "Enum", "values": [1, 2]},
        {"name": "free"},
    ]
    capability = {"name": "A", "description": "Says so.", "method": "put", "endpoint": ENDPOINT, "inputs": inputs}

    await declaring.ok("PUT", "/integrations.json", {"capabilities": [capability]})

    (row,) = await stored(apps, Capability, app)
    assert (row.name, row.description, row.method) == ("A", "Says so.", HttpMethod.PUT)
    assert row.effect is CapabilityEffect.WRITE
    assert row.input_schema == {
        "type": "object",
        "additionalProperties": True,
        "required": ["sku"],
        "properties": {
            "sku": {"type": "string", "description": "What."},
            "count": {"type": "integer", "default": 1},
            "price": {"type": "number"},
            "live": {"type": "boolean", "default": False},
            "tags": {"type": "array"},
            "more": {"type": "object"},
            "unit": {"enum": ["kg", "pc"], "default": "kg"},
            "size": {"enum": [1, 2]},
            "free": {},
        },
    }


async def test_declares_events_by_name_or_with_a_description(declaring: Donut, apps: Apps, app: Integration):
    events = ["MyShop.ORDER_PAID", {"name": "my_shop.order.sent", "description": "Left the house."}]

    await declaring.ok("PUT", "/integrations.json", {"capabilities": [], "events": events})
    kept = await declaring.ok("PUT", "/integrations.json", {"capabilities": [action("A")]})

    rows = {row.name: row for row in await stored(apps, EventType, app)}
    assert kept["actions_count"] == 1
    assert {row.suffix: row.description for row in rows.values()} == {
        "ORDER_PAID": "",
        "order.sent": "Left the house.",
    }


async def test_an_empty_list_of_events_takes_them_away(declaring: Donut, apps: Apps, app: Integration):
    await declaring.ok("PUT", "/integrations.json", {"capabilities": [], "events": ["MyShop.A"]})

    await declaring.ok("PUT", "/integrations.json", {"capabilities": [], "events": []})

    assert await stored(apps, EventType, app) == []


async def test_keeps_the_token_that_a_later_manifest_leaves_out(
    declaring: Donut, client: Donut, upstream: FaultServer
):
    run = action("RUN", endpoint=f"{upstream.url}/ok")
    await declaring.ok("PUT", "/integrations.json", {"app_token": "first-token-1", "capabilities": [run]})
    await declaring.ok("PUT", "/integrations.json", {"capabilities": [run]})
    await client.ok("POST", "/integrations/MY_SHOP/RUN.json")

    await declaring.ok("PUT", "/integrations.json", {"app_token": "second-token-2", "capabilities": [run]})
    await client.ok("POST", "/integrations/MY_SHOP/RUN.json")

    sent = [received.header("authorization") for received in upstream.requests]
    assert sent == [["Bearer first-token-1"], ["Bearer second-token-2"]]


async def test_stores_the_token_encrypted_and_never_answers_it(declaring: Donut, client: Donut, apps: Apps):
    token = "plain-text-token-4711"

    answers = [
        await declaring("PUT", "/integrations.json", {"app_token": token, "capabilities": [action("A")]}),
        await client("GET", "/integrations/MY_SHOP.json"),
        await client("GET", "/integrations.json"),
    ]

    async with apps.database.read() as session:
        own = select(Connection).where(col(Connection.organization_id) == apps.tenant.id)
        (row,) = (await session.execute(own)).scalars()
    assert token.encode() not in row.secret
    assert token not in str(row.details)
    assert [token in answer.text for answer in answers] == [False, False, False]


async def test_refuses_a_personal_token(client: Donut, apps: Apps, app: Integration):
    sentence = refused(await client("PUT", "/integrations.json", {"capabilities": [action("A")]}), 403)

    assert sentence == "Only an app may declare its manifest; use a token of its integration."
    assert await stored(apps, Capability, app) == []


async def test_an_app_declares_itself_and_no_other(declaring: Donut, apps: Apps, app: Integration):
    other = await apps.make("Other")

    await declaring.ok("PUT", "/integrations.json", {"capabilities": [action("A")], "app_handler": "OTHER"})

    assert len(await stored(apps, Capability, app)) == 1
    assert await stored(apps, Capability, other) == []


async def test_answers_the_handler_of_its_own_installation(donut, apps: Apps, others: Apps):
    foreign = await others.make("My Shop")
    await apps.install(foreign, "MY_SHOP")
    app = await apps.make("My Shop")
    declaring = donut(await apps.token(app))

    answer = await declaring.ok("PUT", "/integrations.json", {"capabilities": []})

    assert answer["app_handler"] == "MY_SHOP_2"
    assert (await declaring.ok("GET", "/integrations/MY_SHOP_2.json"))["id"] == app.id


@pytest.mark.parametrize(
    ("manifest", "sentence"),
    [
        ({}, "capabilities: It is required."),
        ([], "The body must be a JSON object."),
        ({"capabilities": {}}, "capabilities: It must be an array."),
        ({"capabilities": [1]}, "capabilities.0: It must be a JSON object."),
        ({"capabilities": [{}]}, "capabilities.0.action: It is required."),
        ({"capabilities": [action("A", method="TRACE")]},
         "capabilities.0.method: It must be one of GET, HEAD, POST, PUT, PATCH, DELETE."),
        ({"capabilities": [action("A", body_format="xml")]},
         "capabilities.0.body_format: It must be one of JSON, FORM, MULTIPART, RAW."),
        ({"capabilities": [action("A", array_format=1)]}, "capabilities.0.array_format: It must be text."),
        ({"capabilities": [action("A", method=1)]}, "capabilities.0.method: It must be text."),
        ({"capabilities": [action("A", endpoint=None)]}, "capabilities.0.endpoint: It must be text."),
        ({"capabilities": [action("A", inputs={})]}, "capabilities.0.inputs: It must be an array."),
        ({"capabilities": [action("A", inputs=[{}])]}, "capabilities.0.inputs.0.name: It is required."),
        ({"capabilities": [action("A", inputs=[{"name": "a", "required": "yes"}])]},
         "capabilities.0.inputs.0.required: It must be true or false."),
        ({"capabilities": [action("A", inputs=[{"name": "a", "type": "text"}])]},
         "capabilities.0.inputs.0.type: It must be one of"
         " enum, string, number, integer, boolean, array, object, file, any."),
        ({"capabilities": [action("A", inputs=[{"name": "a", "type": "enum"}])]},
         "capabilities.0.inputs.0.options: An enum needs `options`: the values that it may have."),
        ({"capabilities": [action("A", inputs=[{"name": "a"}, {"name": "a"}])]},
         "capabilities.0.inputs.1.name: This input is declared twice."),
        ({"capabilities": [action("A"), action("A")]}, "capabilities.1.name: A is declared twice."),
        ({"capabilities": [action("a b")]},
         "capabilities.0.name: It must be ASCII letters, digits and _ . : - (at most 120)."),
        ({"capabilities": [], "app_token": 5}, "app_token: It must be text."),
        ({"capabilities": [], "app_token": None}, "app_token: It must be text."),
        ({"capabilities": [], "app_token": ""}, "app_token: It must not be empty."),
        ({"capabilities": [], "events": [5]}, "events.0: It must be a JSON object."),
        ({"capabilities": [], "events": ["Other.A"]},
         "events.0.name: It must be written MY_SHOP.<NAME>, in ASCII."),
    ],
)  # fmt: skip
async def test_refuses_a_wrong_manifest_and_keeps_the_old(manifest, sentence: str, old):
    apps, app, declaring = old

    said = refused(await declaring("PUT", "/integrations.json", manifest), 400)

    assert said == sentence
    assert [row.name for row in await stored(apps, Capability, app)] == ["OLD"]


async def test_refuses_an_address_that_cannot_be_called(declaring: Donut, apps: Apps, app: Integration):
    manifest = {"capabilities": [action("A", endpoint="ftp://api.example.com")]}

    sentence = refused(await declaring("PUT", "/integrations.json", manifest), 400)

    assert sentence.startswith("capabilities.0.endpoint: ")
    assert await stored(apps, Capability, app) == []


async def test_needs_the_permission_to_write(donut, apps: Apps, app: Integration):
    reading = donut(await apps.token(app, Permission.INTEGRATIONS_READ))

    sentence = refused(await reading("PUT", "/integrations.json", {"capabilities": [action("A")]}), 403)

    assert sentence == "This needs the permission INTEGRATIONS_WRITE."
    assert await stored(apps, Capability, app) == []


async def test_declares_forms_and_files(declaring: Donut, client: Donut, upstream: FaultServer):
    made = [
        action(
            "SEND", endpoint=f"{upstream.url}/ok", body_format="multipart", inputs=[{"name": "doc", "type": "file"}]
        ),
        action("PAY", endpoint=f"{upstream.url}/ok", body_format="FORM", array_format="brackets"),
    ]
    await declaring.ok("PUT", "/integrations.json", {"capabilities": made, "app_token": "abc-123-def-456"})

    await client.ok("POST", "/integrations/MY_SHOP/SEND.json", {"doc": {"base64": "JVBERg==", "filename": "a.pdf"}})
    await client.ok("POST", "/integrations/MY_SHOP/PAY.json", {"expand": ["a", "b"], "metadata": {"k": "v w"}})

    file, form = upstream.requests
    assert b'name="doc"; filename="a.pdf"\r\nContent-Type: application/octet-stream\r\n\r\n%PDF\r\n' in file.body
    assert form.body == b"expand%5B%5D=a&expand%5B%5D=b&metadata%5Bk%5D=v+w"
