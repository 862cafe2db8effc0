"""Bodies that cannot be sent, and those that cannot be declared, are refused by name."""

from __future__ import annotations

import pytest

from tests.dispatch.bodies import FILE, field, of_format
from tests.harness.acting import faults, integration_of, listed
from tests.harness.calling import App, app, given

ONE = "Give a file as {uploadId} or {base64}, with filename and contentType if you wish."


@pytest.fixture(scope="module")
async def refusing(shared, service) -> App:
    """An app that is refused whatever the tests ask for."""
    made = (
        of_format("MULTIPART", field("file", **FILE), field("more", type="array", items=FILE)),
        of_format("FORM", name="FORM", arrayFormat="COMMA"),
    )
    return await app(shared.client, service.url, *made)


@pytest.mark.parametrize(
    ("name", "inputs", "place", "message"),
    [
        ("CALL", {"file": "text"}, "file", ONE),
        ("CALL", {"file": {}}, "file", ONE),
        ("CALL", {"file": {"base64": "", "uploadId": "f" * 24}}, "file", ONE),
        ("CALL", {"file": {"base64": "", "name": "x"}}, "file.name", f"A file has no such member. {ONE}"),
        ("CALL", {"file": {"base64": 7}}, "file.base64", "It must be text."),
        (
            "CALL",
            {"file": {"base64": "a"}},
            "file.base64",
            "It is not base64 with padding (RFC 4648, section 4).",
        ),
        ("CALL", {"file": {"base64": "", "filename": ""}}, "file.filename", "It must have 1 to 255 characters."),
        *(
            (
                "CALL",
                {"file": {"base64": "", "contentType": kind}},
                "file.contentType",
                "It must be a media type, such as application/pdf.",
            )
            for kind in ("text", "a/b\r\nX-Evil: 1", 'a/b; c="\r\n"', "ü/b", "a/" + "b" * 254)
        ),
        (
            "CALL",
            {"more": [{"base64": ""}, {"base64": "!"}]},
            "more.1.base64",
            "It is not base64 with padding (RFC 4648, section 4).",
        ),
        (
            "FORM",
            {"tags": ["a", "b,c"]},
            "tags",
            "A member has a comma, which separates the members of this list; its arrayFormat cannot send it.",
        ),
        (
            "FORM",
            {"a": {"b]": 1}},
            "a.b]",
            "Names inside a form must not contain brackets; they say how its values are nested.",
        ),
        (
            "FORM",
            {"n" * 500: {str(i): 1 for i in range(5_000)}},
            "n" * 500,
            "Its values are too many: at most 10000 fields, and 2000000 characters together.",
        ),
        (
            "FORM",
            {"a": [{"b": 1}] * 10_001},
            "a",
            "Its values are too many: at most 10000 fields, and 2000000 characters together.",
        ),
    ],
)
async def test_names_the_value_that_cannot_be_sent(refusing, service, name, inputs, place, message) -> None:
    refused = await refusing.refused(name, inputs)

    found = {".".join(one["path"][2:]): one["message"] for one in refused["violations"]}
    assert found == {place: message}
    assert service.connections == 0
    assert await listed(refusing.client, "dispatches", "id") == []


@pytest.mark.parametrize(
    ("made", "place"),
    [
        (of_format("FORM", method="GET"), "bodyFormat"),
        (of_format("RAW", method="HEAD"), "bodyFormat"),
        (of_format("RAW"), "bodyFormat"),
        (of_format("RAW", field("a"), field("b")), "bodyFormat"),
        (of_format("RAW", field("a", type="array", items=FILE)), "inputSchema.properties.a.x-file"),
        (of_format("JSON", field("a", **FILE)), "inputSchema.properties.a.x-file"),
        (of_format("FORM", field("a", **FILE)), "inputSchema.properties.a.x-file"),
        (of_format("MULTIPART", field("a", **FILE, **{"x-in": "query"})), "inputSchema.properties.a.x-file"),
        (of_format("MULTIPART", field("a", **{"x-file": "yes"})), "inputSchema.properties.a.x-file"),
        (of_format("MULTIPART", field("a", **FILE, type="string")), "inputSchema.properties.a.x-file"),
        (
            of_format("MULTIPART", field("a", properties={"b": FILE})),
            "inputSchema.properties.a.properties.b.x-file",
        ),
        (of_format("JSON", field("a", **{"x-array-format": "pipes"})), "inputSchema.properties.a.x-array-format"),
        (of_format("FORM", field("a", contentMediaType="json")), "inputSchema.properties.a.contentMediaType"),
        (
            of_format("MULTIPART", field("Content-Type", **{"x-in": "header"})),
            "inputSchema.properties.Content-Type.x-in",
        ),
        (
            of_format("JSON") | {"inputSchema": None, "inputs": [given("f", "FILE")]},
            "inputs.0.type",
        ),
    ],
)
async def test_refuses_a_body_that_cannot_be_declared(organization, made, place) -> None:
    shop = await app(organization.client, "https://shop.example")
    manifest = {"integrationId": shop.id, "capabilities": [made]}

    assert await faults(organization.client, "declareCapabilities", manifest) == [f"input.capabilities.0.{place}"]
    shown = await integration_of(organization.client, "capabilities(first: 1) { nodes { id } }", id=shop.id)
    assert shown == {"capabilities": {"nodes": []}}


async def test_refuses_a_form_that_grows_beyond_the_limit(refusing, service) -> None:
    refused = await refusing.refused("FORM", {"😀" * 200: {str(number): 1 for number in range(9_000)}})

    assert refused["message"].endswith("bytes; at most 8388608 can be sent.")
    assert service.connections == 0
