"""The transparent proxy: requests that are refused. Nothing is sent, and nothing recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.harness.apps import Apps
from tests.harness.tenants import Tenant
from tests.informer.conftest import REQUEST, Informer, records, refused, stock
from tests.upstreams.faults import FaultServer


@pytest.fixture(scope="module")
async def organization(new_lasting_organization) -> Tenant:
    return await new_lasting_organization()


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultServer]:
    """A remote service that nothing gets to."""
    with FaultServer() as server:
        yield server


@pytest.fixture(scope="module", autouse=True)
async def integration(organization: Tenant, lasting_http: httpx.AsyncClient, upstream: FaultServer) -> None:
    await stock(Informer(lasting_http, organization.token), upstream)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "url: It is required."),
        ({"url": 7}, "url: It must be text."),
        ({"url": "https://evil.example/"}, "url: Give a path below the address of the API, not an absolute address."),
        ({"url": "//evil.example/"}, "url: It must stay below"),
        ({"url": "/../x"}, "url: It must stay below"),
        ({"url": "/%2e%2e/x"}, "url: It must stay below"),
        ({"url": "/..%252fx"}, "url: It must stay below"),
        ({"url": "/a\\b"}, "url: It must not contain a backslash"),
        ({"url": "/x", "method": "OPTIONS"}, "method: It must be one of get, head, post, put, patch, delete."),
        ({"url": "/x", "method": "TRACE"}, "method: It must be one of"),
        ({"url": "/x", "params": [1]}, "params: It must be a JSON object."),
        ({"url": "/x", "params": {"a": {"b": 1}}}, "params.a: It must be text, a number"),
        ({"url": "/x", "headers": {"X-A": 7}}, "headers: It must be a JSON object of texts."),
        ({"url": "/x", "headers": {"Host": "evil"}}, "headers.0: The header Host is set by the hub"),
        ({"url": "/x", "headers": {"content-length": "1"}}, "headers.0: The header content-length is set by"),
        ({"url": "/x", "headers": {"Transfer-Encoding": "chunked"}}, "headers.0: The header Transfer-Encoding"),
        ({"url": "/x", "headers": {"Connection": "x"}}, "headers.0: The header Connection is set by the hub"),
        ({"url": "/x", "headers": {"X-Forwarded-For": "1.1.1.1"}}, "headers.0: The header X-Forwarded-For is set"),
        ({"url": "/x", "headers": {"Cookie": "a=b"}}, "headers.0: The header Cookie is set by the hub"),
        ({"url": "/x", "headers": {"authorization": "b"}}, "headers.0: The header authorization is set by"),
        ({"url": "/x", "headers": {"x-key": "mine"}}, "headers.0: The header x-key is set by the authorisation"),
        ({"url": "/x", "headers": {"X-A": "a\r\nX-B: c"}}, "headers.0: A header value must not contain line breaks"),
        ({"url": "/x", "headers": {"X A": "a"}}, "headers.0: A header name consists of"),
        (
            {"url": "/x", "method": "POST", "data": {"a": 1}, "headers": {"Content-Type": "text/csv"}},
            "data: A value is sent as JSON",
        ),
        ([], "The body must be a JSON object."),
    ],
)
async def test_refuses_what_cannot_be_sent_and_sends_nothing(
    body: Any, sentence: str, client: Informer, apps: Apps, upstream: FaultServer
):
    assert refused(await client("POST", REQUEST, body), 400).startswith(sentence)

    assert upstream.connections == 0
    assert await records(apps) == []
