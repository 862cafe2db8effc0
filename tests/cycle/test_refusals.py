"""Bad input: the vendor's form of errors, and nothing changed."""

from __future__ import annotations

from typing import Any

import pytest

from models.vocabulary import Permission
from tests.cycle.conftest import AUTH, EXTRA, Cycle, refused
from tests.harness.rows import changes, snapshot

GOOD = {"vendor": "store", "auth": AUTH, "extra": EXTRA}
LONG = "a" * 256


@pytest.mark.parametrize(
    ("body", "code", "source"),
    [
        ({}, "422.missing-argument", "/vendor"),
        ({"vendor": None}, "422.missing-argument", "/vendor"),
        ({"vendor": 7}, "422.invalid-argument", "/vendor"),
        ({"vendor": "a\0"}, "422.invalid-argument", "/vendor"),
        ({"vendor": "nobody"}, "422.invalid-argument", "/vendor"),
        ({"vendor": "custom"}, "422.invalid-argument", "/vendor"),
        ({"vendor": "store"}, "422.missing-argument", "/auth/key_id"),
        ({**GOOD, "auth": None}, "422.missing-argument", "/auth/key_id"),
        ({**GOOD, "auth": {"key_id": "id1"}}, "422.missing-argument", "/auth/secret"),
        ({**GOOD, "auth": {**AUTH, "secret": None}}, "422.missing-argument", "/auth/secret"),
        ({**GOOD, "auth": {**AUTH, "secret": " "}}, "422.invalid-argument", "/auth/secret"),
        ({**GOOD, "auth": {**AUTH, "secret": 7}}, "422.invalid-argument", "/auth/secret"),
        ({**GOOD, "auth": {**AUTH, "secret": "a\nb"}}, "422.invalid-argument", "/auth"),
        ({**GOOD, "auth": {**AUTH, "key_id": "ID-1"}}, "422.invalid-argument", "/auth/key_id"),
        ({**GOOD, "auth": {**AUTH, "region": "moon"}}, "422.invalid-argument", "/auth/region"),
        ({**GOOD, "auth": {**AUTH, "api_key": "k"}}, "422.invalid-argument", "/auth/api_key"),
        ({**GOOD, "auth": {**AUTH, "a/b~c": "k"}}, "422.invalid-argument", "/auth/a~1b~0c"),
        ({**GOOD, "auth": {**AUTH, "nope": None}}, "422.invalid-argument", "/auth/nope"),
        ({**GOOD, "auth": {**AUTH, "": None}}, "422.invalid-argument", "/auth/"),
        ({**GOOD, "auth": {**AUTH, "\0": None}}, "422.invalid-argument", "/auth"),
        ({**GOOD, "auth": {**AUTH, "secret": "a\0b"}}, "422.invalid-argument", "/auth/secret"),
        ({**GOOD, "auth": {**AUTH, "secret": "a" * 200_000}}, "422.invalid-argument", "/auth/secret"),
        ({**GOOD, "auth": "key"}, "422.invalid-argument", "/auth"),
        ({**GOOD, "extra": {}}, "422.missing-argument", "/extra/bucket"),
        ({**GOOD, "extra": {"bucket": "b", "shards": "many"}}, "422.invalid-argument", "/extra/shards"),
        ({**GOOD, "extra": {"bucket": 7}}, "422.invalid-argument", "/extra/bucket"),
        ({**GOOD, "extra": {**EXTRA, "a": "\0"}}, "422.invalid-argument", "/extra/a"),
        ({**GOOD, "extra": {**EXTRA, "a\0": "b"}}, "422.invalid-argument", "/extra"),
        ({**GOOD, "extra": {"bucket": "a" * 10_001}}, "422.invalid-argument", "/extra/bucket"),
        ({**GOOD, "extra": {**EXTRA, "a": "a" * 600_000}}, "422.invalid-argument", "/extra"),
        ({**GOOD, "extra": ["b"]}, "422.invalid-argument", "/extra"),
        ({**GOOD, "name": 7}, "422.invalid-argument", "/name"),
        ({**GOOD, "name": ""}, "422.invalid-argument", "/name"),
        ({**GOOD, "name": LONG}, "422.invalid-argument", "/name"),
        ({**GOOD, "identifier": LONG}, "422.invalid-argument", "/identifier"),
        ({**GOOD, "identifier": []}, "422.invalid-argument", "/identifier"),
        ([], "422.invalid-argument", None),
        ("text", "422.invalid-argument", None),
    ],
)
async def test_refuses_a_faulty_creation_and_stores_nothing(
    client: Cycle, store, organization, database, body: Any, code: str, source: str | None
):
    before = await snapshot(database, organization.id)

    answer = await client("POST", "", body)

    assert refused(answer, 422, code, source)
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_takes_null_for_a_key_that_the_vendor_has_and_the_definition_does_not_take(client: Cycle, store):
    made = await client.make(vendor="store", auth={**AUTH, "namespace": None, "base64_config": None}, extra=EXTRA)

    changed = await client.ok("PATCH", f"/{made['id']}", {"auth": {"namespace": None}})

    assert changed["auth"] == made["auth"]


@pytest.mark.parametrize("text", [rb'"\ud800"', rb'"a\udfffb"'])
@pytest.mark.parametrize("member", ["auth", "extra"])
async def test_half_of_a_surrogate_pair_is_no_json(client: Cycle, store, member: str, text: bytes):
    body = b'{"vendor": "store", "%s": {"key_id": %s}}' % (member.encode(), text)

    answer = await client("POST", "", content=body, headers={"content-type": "application/json"})

    refused(answer, 400, "400.invalid-syntax")


async def test_names_all_faults_at_once(client: Cycle, store):
    answer = await client("POST", "", {"vendor": "store", "name": LONG, "auth": {"key_id": "id1"}})

    detail = refused(answer, 422)
    for place in ("name", "auth.secret", "extra.bucket"):
        assert f"{place}: " in detail


@pytest.mark.parametrize(
    ("body", "code", "source"),
    [
        ({"name": ""}, "422.invalid-argument", "/name"),
        ({"name": LONG}, "422.invalid-argument", "/name"),
        ({"identifier": None}, "422.invalid-argument", "/identifier"),
        ({"identifier": " "}, "422.invalid-argument", "/identifier"),
        ({"auth": {"secret": None}}, "422.missing-argument", "/auth/secret"),
        ({"auth": {"key_id": "ID-1"}}, "422.invalid-argument", "/auth/key_id"),
        ({"auth": {"secret": ""}}, "422.invalid-argument", "/auth/secret"),
        ({"auth": {"secret": "A real one..."}}, "422.invalid-argument", "/auth/secret"),
        ({"auth": {"api_key": "k"}}, "422.invalid-argument", "/auth/api_key"),
        ({"auth": {"nope": None}}, "422.invalid-argument", "/auth/nope"),
        ({"extra": {**EXTRA, "a": "\0"}}, "422.invalid-argument", "/extra/a"),
        ({"auth": []}, "422.invalid-argument", "/auth"),
        ({"extra": {}}, "422.missing-argument", "/extra/bucket"),
        ({"extra": None}, "422.missing-argument", "/extra/bucket"),
        ({"extra": {"bucket": "b", "shards": "many"}}, "422.invalid-argument", "/extra/shards"),
        ([], "422.invalid-argument", None),
    ],
)
async def test_refuses_a_faulty_change_and_changes_nothing(
    client: Cycle, store, organization, database, body: Any, code: str, source: str | None
):
    made = await client.make()
    before = await snapshot(database, organization.id)

    answer = await client("PATCH", f"/{made['id']}", body)

    assert refused(answer, 422, code, source)
    assert changes(before, await snapshot(database, organization.id)) == []


async def test_a_secret_that_ends_like_a_mask_can_be_made_and_is_refused_as_a_change(client: Cycle, store):
    made = await client.make(vendor="store", auth={**AUTH, "secret": "Really-so..."}, extra=EXTRA)

    detail = refused(await client("PATCH", f"/{made['id']}", {"auth": {"secret": "Another..."}}), 422)

    assert made["auth"]["secret"] == "Reall..."
    assert "is not the one that is shown" in detail


@pytest.mark.parametrize("path", ["", "/tasks"])
@pytest.mark.parametrize("named", ["f" * 24, "nothing", "A" * 24, "%20"])
async def test_an_unknown_id_is_not_there(client: Cycle, named: str, path: str):
    for method in ("GET", "PATCH", "DELETE") if not path else ("POST",):
        body = None if method in ("GET", "DELETE") else {"action": "verify"}
        answer = await client(method, f"/{named}{path}", body)

        refused(answer, 404, "404.hub.integration")


async def test_a_body_that_is_no_json_is_told_apart(client: Cycle, store):
    json = {"content-type": "application/json"}

    broken = await client("POST", "", content=b'{"vendor":', headers=json)
    form = await client("POST", "", data={"vendor": "store"})
    wrong = await client("PATCH", f"/{'f' * 24}", content=b"{}", headers={"content-type": "text/plain"})

    refused(broken, 400, "400.invalid-syntax")
    refused(form, 415, "415.invalid-content-type")
    refused(wrong, 415, "415.invalid-content-type")


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", ""), ("POST", "/available"), ("GET", f"/{'f' * 24}/tasks"), ("DELETE", "/v1/jobs/" + "f" * 24)],
)
async def test_a_method_that_is_not_there_is_an_unknown_address(client: Cycle, method: str, path: str):
    answer = await client(method, path)

    refused(answer, 404, "404.uri")
    assert answer.headers["allow"]


async def test_an_unknown_address_is_not_there(client: Cycle):
    for path in ("/v1/hubs", "/v1/hubs/current/integrations/", "/v1/jobs"):
        refused(await client("GET", path), 404, "404.uri")


async def test_names_the_capability_that_is_missing(client: Cycle, cycle, organization, store):
    made = await client.make()
    none = cycle(await organization.issue(Permission.CONNECTIONS_READ))
    calls = [
        ("GET", "", None, "hubs-integrations-view"),
        ("GET", "/available", None, "hubs-integrations-view"),
        ("GET", f"/{made['id']}", None, "hubs-integrations-view"),
        ("POST", "", GOOD, "hubs-integrations-manage"),
        ("PATCH", f"/{made['id']}", {}, "hubs-integrations-manage"),
        ("DELETE", f"/{made['id']}", None, "hubs-integrations-manage"),
        ("POST", f"/{made['id']}/tasks", {"action": "verify"}, "hubs-integrations-manage"),
        ("GET", "/v1/jobs/" + "f" * 24, None, "apionly-jobs-view"),
    ]

    for method, path, body, capability in calls:
        answer = await none(method, path, body)

        refused(answer, 403, "403.permissions")
        assert answer.json()["error"]["extra"] == {"capability": capability}


async def test_nobody_is_told_so_by_every_endpoint(cycle):
    for method, path in (("GET", ""), ("POST", ""), ("GET", "/available"), ("GET", "/v1/jobs/" + "f" * 24)):
        refused(await cycle(None)(method, path), 401, "401.auth-invalid")


async def test_a_reader_without_connections_sees_no_credentials(client: Cycle, cycle, organization, store):
    made = await client.make()
    reader = cycle(await organization.issue(Permission.INTEGRATIONS_READ))

    seen = await reader.ok("GET", f"/{made['id']}")

    assert seen == {**made, "auth": None}
