"""Steps: their values are checked at saving, each fault at its place, and equal values change nothing."""

from __future__ import annotations

import pytest

from tests.flows.conftest import STEP
from tests.harness.acting import act
from tests.harness.rows import changes, snapshot

OWN = {"capabilityId": None, "direction": "IMPORT"}


def _own(bench, **request):
    return OWN | {"integrationId": bench.app.id, "request": {"method": "POST", "path": "/things/{id}"} | request}


async def test_a_step_is_shown_as_it_was_made(bench):
    more = {"filter": "total > `3`", "mapping": "{name: name}", "recordKey": "id", "nulls": "OMIT"}
    made = await act(
        bench.client,
        "createStep",
        bench.new_step(**more),
        "name direction filter mapping recordKey nulls batchSize version capability { name } integration { id }"
        " connection { id } flows { totalCount }",
    )

    assert made == {
        "name": "Write",
        "direction": "IMPORT",
        **more,
        "batchSize": 1,
        "version": 1,
        "capability": {"name": "WRITE"},
        "integration": {"id": bench.app.id},
        "connection": None,
        "flows": {"totalCount": 0},
    }


@pytest.mark.parametrize(
    ("more", "path", "sentence"),
    [
        ({"capabilityId": None}, ["capabilityId"], "Give a capability to dispatch, or a request"),
        ({"request": {"path": "/"}}, ["request"], "a capability or a request of its own; give one"),
        ({"direction": "EXPORT"}, ["capabilityId"], "An EXPORT reads; WRITE has the effect WRITE."),
        ({"filter": "a-b"}, ["filter"], "not a JMESPath"),
        ({"mapping": "nope(a)"}, ["mapping"], "nope"),
        ({"recordKey": ""}, ["recordKey"], "empty"),
        ({"pagination": {"kind": "page"}}, ["pagination"], "An EXPORT alone"),
        ({"delta": {"lagMs": 1}}, ["delta"], "An EXPORT alone"),
        ({"batchSize": 0}, ["batchSize"], "from 1 to 1,000"),
        ({"batchSize": 1001}, ["batchSize"], "from 1 to 1,000"),
        ({"batch": {"size": 3}}, ["batch", "size"], "there are input, results, id, ok"),
        ({"batch": {"ok": "a b"}}, ["batch", "ok"], "not a JMESPath expression"),
        ({"name": ""}, ["name"], "empty"),
    ],
)
async def test_a_faulty_value_is_refused_at_its_place(bench, organization, database, more, path, sentence):
    before = await snapshot(database, organization.id)

    refused = await bench.refused("createStep", bench.new_step(**more))

    assert refused["code"] == "INVALID_INPUT"
    assert refused["path"] == ["input", *path]
    assert sentence in refused["message"]
    assert changes(before, await snapshot(database, organization.id)) == []


@pytest.mark.parametrize(
    ("more", "path", "sentence"),
    [
        ({"pagination": {"kind": "spiral"}}, ["pagination", "kind"], "Give one of none, page"),
        ({"delta": {"lag": 1}}, ["delta", "lag"], "there is lagMs"),
        ({"delta": {"lagMs": -1}}, ["delta", "lagMs"], "from 0 to"),
        ({"batchSize": 2}, ["batchSize"], "An IMPORT alone"),
    ],
)
async def test_a_faulty_export_is_refused_at_its_place(bench, more, path, sentence):
    refused = await bench.refused("createStep", bench.new_step("Read", "READ", **more))

    assert refused["path"] == ["input", *path], refused
    assert sentence in refused["message"]


async def test_the_list_of_a_batch_goes_into_an_input_that_the_capability_has(bench):
    many = bench.new_step("Many", "MANY", batchSize=10)

    assert (await act(bench.client, "createStep", many, "batchSize")) == {"batchSize": 10}
    refused = await bench.refused("createStep", bench.new_step("One", "WRITE", batchSize=10))
    assert refused["path"] == ["input", "batch", "input"]
    assert "WRITE has: name" in refused["message"]


@pytest.mark.parametrize(
    ("request_", "path", "sentence"),
    [
        ({"headers": {"Authorization": "Bearer x"}}, ["headers", "Authorization"], "belong to the step's connection"),
        ({"headers": {"X-Api-Key": "x"}}, ["headers", "X-Api-Key"], "belong to the step's connection"),
        ({"headers": {"x-auth-TOKEN": "x"}}, ["headers", "x-auth-TOKEN"], "belong to the step's connection"),
        ({"headers": {"Cookie": "a=b"}}, ["headers", "Cookie"], "belong to the step's connection"),
        ({"headers": {"Idempotency-Key": "a"}}, ["headers", "Idempotency-Key"], "a key for each record"),
        ({"headers": {"Host": "a"}}, ["headers", "Host"], "cannot be given"),
        ({"headers": {"X-A": 1}}, ["headers", "X-A"], "is text"),
        ({"query": {"api_key": "x"}}, ["query", "api_key"], "belong to the step's connection"),
        ({"query": {"a": {}}}, ["query", "a"], "a list of those"),
        ({"path": "/a?access_token=x"}, ["path"], "belong to the step's connection"),
        ({"path": "https://elsewhere.example/"}, ["path"], "not an absolute address"),
        ({"path": "/../a"}, ["path"], "stay below"),
        ({"path": "/{a b}"}, ["path"], "`{name}`"),
        ({"path": None}, ["path"], "required"),
        ({"method": "TRACE"}, ["method"], "one of GET, HEAD, POST"),
        ({"method": "GET", "body": {}}, ["body"], "has no body"),
        ({"url": "x"}, ["url"], "there are method, path"),
    ],
)
async def test_a_request_holds_nothing_that_a_run_could_not_send(bench, request_, path, sentence):
    refused = await bench.refused("createStep", bench.new_step(**_own(bench, **request_)))

    assert refused["path"] == ["input", "request", *path], refused
    assert sentence in refused["message"]


async def test_a_request_of_its_own_needs_an_integration_of_the_organization(bench):
    fits = await act(bench.client, "createStep", bench.new_step(**_own(bench)), "request capability { id }")

    refused = await bench.refused("createStep", bench.new_step(**_own(bench) | {"integrationId": None}))

    assert fits == {"request": {"method": "POST", "path": "/things/{id}"}, "capability": None}
    assert refused["path"] == ["input", "integrationId"]


async def test_equal_values_change_nothing_and_an_older_version_is_stale(bench, organization, database):
    step = await act(bench.client, "createStep", bench.new_step(filter="a"), STEP)
    before = await snapshot(database, organization.id)

    same = {"id": step["id"], "name": "Write", "filter": "a", "batchSize": 1, "expectedVersion": 1}
    again = await act(bench.client, "updateStep", same, STEP)
    assert again["version"] == 1
    assert changes(before, await snapshot(database, organization.id)) == []

    changed = await act(bench.client, "updateStep", {"id": step["id"], "filter": None}, "version filter")
    assert changed == {"version": 2, "filter": None}
    stale = await bench.refused("updateStep", {"id": step["id"], "name": "New", "expectedVersion": 1})
    assert stale["code"] == "STALE"


async def test_a_request_takes_the_place_of_a_capability_and_the_reverse(bench):
    step = await bench.step()
    own = {"request": {"path": "/x"}, "integrationId": bench.app.id}

    first = await act(bench.client, "updateStep", {"id": step} | own, "capability { id } request")
    second = await act(
        bench.client, "updateStep", {"id": step, "capabilityId": bench.ids["WRITE"]}, "capability { name } request"
    )

    assert first == {"capability": None, "request": {"path": "/x"}}
    assert second == {"capability": {"name": "WRITE"}, "request": None}
