"""What a dispatch sends: method, address, places of inputs, defaults, headers; proven by what arrived."""

from __future__ import annotations

import pytest

from models.tables import Organization, Principal
from models.vocabulary import Permission
from tests.harness.acting import act, listed
from tests.harness.calling import App, app, capability, given

PLACES = [given("p"), given("q", location="QUERY"), given("h", location="HEADER"), given("b", "ANY", location="BODY")]
TYPED = [
    given("text"),
    given("number", "NUMBER"),
    given("integer", "INTEGER"),
    given("boolean", "BOOLEAN"),
    given("array", "ARRAY"),
    given("object", "OBJECT"),
    given("unit", options=["kg", "pc"]),
    given("size", "INTEGER", default=3),
]
VALUES = {
    "text": 'ü €\n\t"',
    "number": 1.5,
    "integer": -(2**62),
    "boolean": False,
    "array": [1, None, {"a": []}],
    "object": {"z": 1, "a": {}},
    "unit": "kg",
}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_each_method_arrives_with_its_inputs_in_their_places(organization, httpbin, method) -> None:
    places = PLACES[:3] if method == "GET" else PLACES
    echoing = await app(organization.client, httpbin, capability("CALL", method, "/anything/{p}/x?fixed=1", *places))
    body = {} if method == "GET" else {"b": {"deep": [1]}}

    done = await echoing.run("CALL", {"p": "a b/ü", "q": "1&2", "h": "head", **body})

    arrived = done["response"]["json"]
    assert done["dispatch"]["url"] == f"{httpbin}/anything/a%20b%2F%C3%BC/x?fixed=***&q=***"
    assert arrived["method"] == method
    assert arrived["args"] == {"fixed": "1", "q": "1&2"}
    assert arrived["headers"]["H"] == "head"
    assert arrived["json"] == (body or None)
    assert arrived["headers"].get("Content-Type") == ("application/json" if body else None)


async def test_inputs_without_a_place_go_where_the_method_sends_them(organization, httpbin) -> None:
    capabilities = [capability(method, method, "/anything", *TYPED) for method in ("GET", "POST", "PUT", "DELETE")]
    echoing = await app(organization.client, httpbin, *capabilities)

    for method in ("POST", "PUT"):
        arrived = await echoing.echo(method, VALUES)
        assert arrived["json"] == VALUES | {"size": 3}
        assert arrived["args"] == {}
    for method in ("GET", "DELETE"):
        arrived = await echoing.echo(method, VALUES)
        assert arrived["json"] is None
        assert arrived["args"] == {
            "text": VALUES["text"],
            "number": "1.5",
            "integer": str(VALUES["integer"]),
            "boolean": "false",
            "array": ["1", '{"a":[]}'],
            "object": '{"z":1,"a":{}}',
            "unit": "kg",
            "size": "3",
        }


async def test_an_absolute_endpoint_needs_no_base(organization, httpbin) -> None:
    made = capability("CALL", "GET", f"{httpbin}/anything/{{id}}", given("id", "INTEGER"))
    echoing = await app(organization.client, "http://127.0.0.1:1", made)

    assert (await echoing.echo("CALL", {"id": 7}))["url"] == f"{httpbin}/anything/7"


@pytest.fixture(scope="module")
async def refusing(shared, service) -> App:
    """An app that is refused whatever the tests ask for, so that nothing comes to the service."""
    return await app(
        shared.client,
        service.url,
        capability("TYPED", "POST", "/ok", *TYPED),
        capability("PLAIN", "POST", "/ok"),
        capability("PATH", "GET", "/a/{p}/b", given("p")),
        capability("REQUIRED", "GET", "/{p}", given("p"), given("q", required=True)),
    )


@pytest.mark.parametrize(
    ("inputs", "places"),
    [
        ({"number": "1.5"}, ["number"]),
        ({"integer": 1.5, "boolean": 0, "text": 1}, ["text", "integer", "boolean"]),
        ({"array": {}, "object": []}, ["array", "object"]),
        ({"unit": "mile"}, ["unit"]),
        ({"unknown": 1, "text": "x"}, ["unknown"]),
        ({"text": None}, ["text"]),
    ],
)
async def test_names_every_input_that_is_wrong_and_sends_nothing(refusing, service, inputs, places) -> None:
    refused = await refusing.refused("TYPED", inputs)

    assert refused["code"] == "INVALID_INPUT"
    assert sorted(".".join(one["path"]) for one in refused["violations"]) == sorted(
        f"input.inputs.{one}" for one in places
    )
    assert service.connections == 0
    assert await listed(refusing.client, "dispatches", "id") == []


@pytest.mark.parametrize("inputs", [[], [1], "", "x", 0, 7, False])
async def test_inputs_are_an_object(refusing, service, inputs) -> None:
    refused = await refusing.refused("PLAIN", inputs)

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "inputs"])
    assert service.connections == 0


@pytest.mark.parametrize("value", ["", ".", "..", "../x", "a/../b", "%2e%2e", "..%2fx", "..\\x", "..;a"])
async def test_no_input_leads_out_of_the_declared_path(refusing, service, value) -> None:
    refused = await refusing.refused("PATH", {"p": value})

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "inputs", "p"])
    assert service.connections == 0


@pytest.mark.parametrize("value", ["@evil.example", "//evil.example/", "https://evil.example", "?a=b#c", "a%2Fb"])
async def test_what_an_input_holds_stays_one_segment(organization, upstream, value) -> None:
    shop = await app(organization.client, upstream.url, capability("CALL", "GET", "/echo/{p}", given("p")))

    await shop.run("CALL", {"p": value})

    (received,) = upstream.requests
    assert received.target.count("/") == 2
    assert received.header("host") == [upstream.url.removeprefix("http://")]


async def test_undeclared_inputs_go_along_only_where_they_are_allowed(organization, httpbin) -> None:
    echoing = await app(
        organization.client,
        httpbin,
        capability("OPEN", "POST", "/anything", given("a"), allowUnknownInputs=True),
        capability("OPEN_GET", "GET", "/anything", allowUnknownInputs=True),
    )

    assert (await echoing.echo("OPEN", {"a": "x", "more": [1]}))["json"] == {"a": "x", "more": [1]}
    assert (await echoing.echo("OPEN_GET", {"more": "y"}))["args"] == {"more": "y"}


async def test_a_required_input_is_asked_for(refusing) -> None:
    refused = await refusing.refused("REQUIRED")

    assert [".".join(one["path"]) for one in refused["violations"]] == ["input.inputs.q"]


async def _templated(organization, base: str) -> App:
    headers = [
        {"name": "X-User", "value": "${user.email}/${user.username}"},
        {"name": "X-Tenant", "value": "<${tenant.slug}> ${tenant.region}"},
        {"name": "X-Plain", "value": "plain"},
    ]
    return await app(organization.client, base, capability("CALL", "GET", "/headers"), auth={"headers": headers})


async def _plant(database, organization, email: str, region: str) -> None:
    async with database.write() as session:
        user = await session.get(Principal, organization.admin_id)
        user.email = email
        (await session.get(Organization, organization.id)).custom_fields = {"region": region}


async def test_headers_speak_of_the_caller_and_its_organization(organization, httpbin, database) -> None:
    await _plant(database, organization, "${tenant.id}@x.example", "ü-${user.id}")
    echoing = await _templated(organization, httpbin)

    arrived = (await echoing.echo("CALL"))["headers"]

    assert arrived["X-User"] == "${tenant.id}@x.example/admin", "what a fact holds is never expanded"
    assert arrived["X-Tenant"].endswith("-${user.id}")
    assert arrived["X-Plain"] == "plain"


async def test_the_credential_outranks_a_configured_header_and_that_outranks_an_input(organization, upstream) -> None:
    inputs = [given("X-Key", location="HEADER"), given("X-Kind", location="HEADER")]
    headers = [{"name": "x-key", "value": "configured"}, {"name": "x-kind", "value": "configured"}]
    auth = {"type": "API_KEY", "apiKeyName": "X-KEY", "headers": headers}
    shop = await app(
        organization.client,
        upstream.url,
        capability("CALL", "GET", "/json", *inputs),
        auth=auth,
        secret={"apiKey": "k"},
    )

    await shop.run("CALL", {"X-Key": "input", "X-Kind": "input"})

    (sent,) = upstream.requests
    assert (sent.header("X-Key"), sent.header("X-Kind")) == (["k"], ["configured"])


@pytest.mark.parametrize("letter", ["\r\nX-Evil: 1", "\n", "\0", "\x85", "\u2028", "x" * 9_000])
async def test_refuses_a_fact_that_no_header_can_carry_before_anything_is_sent(
    organization, canary, database, letter
) -> None:
    await _plant(database, organization, "me@x.example", f"eu{letter}")
    shop = await _templated(organization, canary.url)

    refused = await shop.refused("CALL")

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["headers", "X-Tenant"])
    assert canary.connections == 0
    assert await listed(organization.client, "dispatches", "id") == []


async def test_an_app_has_no_user_to_speak_of(organization, graphql, canary) -> None:
    shop = await _templated(organization, canary.url)
    wanted = {"name": "app", "permissions": ["DISPATCH_READ", "INTEGRATIONS_READ"], "integrationId": shop.id}
    token = (await act(organization.client, "createToken", wanted, "secret"))["secret"]

    refused = await shop.by(graphql(token)).refused("CALL")

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["headers", "X-User"])
    assert canary.connections == 0


async def test_each_effect_asks_for_its_own_permission(organization, upstream) -> None:
    reads, writes = capability("READ", "GET", "/ok"), capability("WRITE", "POST", "/ok")
    shop = await app(organization.client, upstream.url, reads, writes)

    reader = shop.by(await organization.signed_in(Permission.DISPATCH_READ))

    assert (await reader.run("READ"))["dispatch"]["outcome"] == "SUCCEEDED"
    refused = await reader.refused("WRITE")
    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "DISPATCH_WRITE")
    assert upstream.seen["/ok"] == 1
