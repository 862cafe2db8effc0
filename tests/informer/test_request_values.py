"""Numbers of a request, and bodies that are none."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.informer.conftest import REQUEST, Informer, refused, stock
from tests.upstreams.faults import FaultServer


@pytest.mark.parametrize("number", ["1234567890123456.78", "18446744073709551616", "1e400"])
@pytest.mark.parametrize("member", ["data", "params"])
async def test_names_a_number_that_would_change(number: str, member: str, client: Informer, canary: FaultServer):
    await stock(client, canary)
    body = f'{{"url": "/ok", "method": "post", "{member}": {{"price": {number}}}}}'.encode()

    answer = await client("POST", REQUEST, content=body, headers={"Content-Type": "application/json"})

    assert refused(answer, 400).startswith(f"The number {number} at {member}.price would be changed: ")
    assert canary.connections == 0


async def test_leaves_a_null_in_a_list_of_parameters_out(client: Informer, upstream: FaultServer):
    await stock(client, upstream)

    await client("POST", REQUEST, {"url": "/ok", "params": {"a": [None], "b": [1, None], "c": None}})

    assert upstream.requests[0].target == "/v2/ok?b=1"


async def test_takes_an_empty_body_in_chunks_for_none(client: Informer):
    made = await client.make()

    async def nothing() -> AsyncIterator[bytes]:
        for chunk in ():
            yield chunk

    answer = await client("DELETE", f"/integrations/{made['id']}", content=nothing())

    assert (answer.request.headers["Transfer-Encoding"], answer.status_code) == ("chunked", 204)


async def test_sends_an_object_as_the_form_that_its_content_type_names(client: Informer, upstream: FaultServer):
    await stock(client, upstream)
    form = "application/x-www-form-urlencoded; charset=utf-8"
    data = {"a": "ü 1", "b": {"c": [1, 2]}, "none": None}

    await client("POST", REQUEST, {"url": "/ok", "method": "post", "data": data, "headers": {"content-type": form}})

    (got,) = upstream.requests
    assert (got.body, got.header("content-type")) == (b"a=%C3%BC+1&b%5Bc%5D=1&b%5Bc%5D=2", [form])
