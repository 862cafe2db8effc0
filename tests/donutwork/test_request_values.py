"""Lists of a query, numbers, and bodies that are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.donutwork.conftest import Donut, refused
from tests.upstreams.faults import FaultServer

RUN = "/integrations/STOCK/RUN.json"
IDS = {"name": "ids", "type": "array"}
CHANGED = "It is a number that a double changes, or an integer of more than 64 bits; give it as text."


async def nothing() -> AsyncIterator[bytes]:
    """A body in chunks that has no byte."""
    for chunk in ():
        yield chunk


@pytest.mark.parametrize("query", ["ids=1&ids=2", "ids[]=1&ids%5B%5D=2", "ids[1]=2&ids[0]=1", 'ids=["1","2"]'])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_takes_a_declared_list_in_each_way_of_writing_it(
    method: str, query: str, declare, client: Donut, upstream: FaultServer
):
    await declare(method, f"{upstream.url}/ok", IDS)

    await client.ok(method, f"{RUN}?{query}&x[]=3")

    assert upstream.requests[0].target == "/ok?ids=1&ids=2&x%5B%5D=3"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("ids=1&ids[]=2", "ids: Write its members in one way: ids, or ids[], or ids[0] and ids[1]."),
        ("ids[0]=1&ids[2]=2", "ids: Its members are numbered from 0 without a gap; ids[1] is missing."),
        ("price=1234567890123456.78", f"price: {CHANGED}"),
        ("price=1e400", f"price: {CHANGED}"),
        ("count=7.5", "count: It is not an integer."),
        ("count=1e20", "count: It is an integer of more than 64 bits; give it as text."),
    ],
)
async def test_names_a_value_of_the_query_that_is_ambiguous_or_would_change(
    query: str, sentence: str, declare, client: Donut, canary: FaultServer
):
    typed = {"name": "price", "type": "number"}, {"name": "count", "type": "integer"}
    await declare("GET", f"{canary.url}/ok", IDS, *typed)

    assert refused(await client("GET", f"{RUN}?{query}"), 400) == sentence
    assert canary.connections == 0


async def test_passes_on_a_number_of_the_query_as_it_was_meant(declare, client: Donut, upstream: FaultServer):
    await declare("GET", f"{upstream.url}/ok", {"name": "count", "type": "integer"})

    for text in ("7.0", "1e3"):
        await client.ok("GET", f"{RUN}?count={text}&free=1234567890123456.78")

    assert [received.target for received in upstream.requests] == [
        "/ok?count=7&free=1234567890123456.78",
        "/ok?count=1000&free=1234567890123456.78",
    ]


@pytest.mark.parametrize("number", ["1234567890123456.78", "18446744073709551616", "1e400", "-1e-400"])
async def test_names_a_number_of_a_body_that_would_change(number: str, declare, client: Donut, canary: FaultServer):
    await declare("POST", f"{canary.url}/ok")
    body = f'{{"text": "{number}", "items": [{{"price": {number}}}]}}'.encode()

    answer = await client("POST", RUN, content=body, headers={"Content-Type": "application/json"})

    assert refused(answer, 400) == (
        f"The number {number} at items.0.price would be changed: the hub holds integers of 64 bits and doubles."
        " Send it as a string."
    )
    assert canary.connections == 0


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_takes_an_empty_body_in_chunks_for_none(method: str, declare, client: Donut, upstream: FaultServer):
    await declare(method, f"{upstream.url}/ok", {"name": "a"})

    answer = await client(method, RUN, content=nothing())

    assert (answer.request.headers["Transfer-Encoding"], answer.status_code) == ("chunked", 200)
    (received,) = upstream.requests
    assert (received.body, received.header("transfer-encoding")) == (b"" if method == "DELETE" else b"{}", [])


async def test_reads_the_query_of_a_delete_with_an_empty_body_in_chunks(
    declare, client: Donut, upstream: FaultServer
):
    await declare("DELETE", f"{upstream.url}/ok", {"name": "a"})

    answer = await client("DELETE", f"{RUN}?a=b", content=nothing())

    assert (answer.status_code, upstream.requests[0].target) == (200, "/ok?a=b")


@pytest.mark.parametrize("content", [b" ", b"\n"])
async def test_blanks_in_chunks_are_a_body(content: bytes, declare, client: Donut, canary: FaultServer):
    await declare("POST", f"{canary.url}/ok")

    async def blanks() -> AsyncIterator[Any]:
        yield content

    answer = await client("POST", RUN, content=blanks(), headers={"Content-Type": "application/json"})

    assert refused(answer, 400).startswith("The body is not JSON: ")
    assert canary.connections == 0
