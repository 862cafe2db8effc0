"""Pages of other origins call the hub from a browser."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from server import create_app
from tests.harness.server import PLAIN_HTTP, RunningHub, served

ORIGIN = "https://app.example.com"
HEADERS = ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-hub-id"]


@pytest.fixture(scope="module")
def page(settings_beside, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    """A hub that pages of one origin may call."""
    with served(create_app(settings_beside(tmp_path_factory.mktemp("home"), cors_origins=ORIGIN))) as hub:
        yield hub


@pytest.mark.parametrize("header", HEADERS)
async def test_pages_may_send_every_header_that_the_hub_reads(header: str, page: RunningHub):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": header}

    async with httpx.AsyncClient(base_url=page.url, **PLAIN_HTTP) as http:
        answer = await http.options("/informer/api/integrations-list", headers=asked)

    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_pages_may_use_every_method_of_the_hub(method: str, page: RunningHub):
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": method}

    async with httpx.AsyncClient(base_url=page.url, **PLAIN_HTTP) as http:
        answer = await http.options("/informer/api/integrations", headers=asked)

    assert (answer.status_code, method in answer.headers["access-control-allow-methods"]) == (200, True)


async def test_pages_may_read_the_headers_of_answers(page: RunningHub, organization):
    headers = {"Origin": ORIGIN, "Authorization": f"Bearer {organization.token}"}

    async with httpx.AsyncClient(base_url=page.url, **PLAIN_HTTP) as http:
        answer = await http.get("/informer/api/integrations-list", headers=headers)

    assert (answer.status_code, answer.headers["access-control-expose-headers"]) == (200, "*")
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("path", ["/cycle/v1/hubs/current/integrations/x", "/gitbook/v1/integrations/x/dev"])
async def test_pages_may_call_dialects_whose_clients_run_in_browsers(path: str, method: str, page: RunningHub):
    headers = "authorization, content-type, if-match, x-hub-id"
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": headers}

    async with httpx.AsyncClient(base_url=page.url, **PLAIN_HTTP) as http:
        answer = await http.options(path, headers=asked)
        refusal = await http.request(method, path, headers={"Origin": ORIGIN})

    allowed = answer.headers["access-control-allow-headers"].lower()
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert method in answer.headers["access-control-allow-methods"]
    assert all(header in allowed for header in headers.split(", "))
    assert (refusal.headers["access-control-allow-origin"], refusal.json()["error"] != {}) == (ORIGIN, True)


async def test_other_origins_may_not(page: RunningHub):
    asked = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "GET"}

    async with httpx.AsyncClient(base_url=page.url, **PLAIN_HTTP) as http:
        answer = await http.options("/informer/api/integrations-list", headers=asked)

    assert "access-control-allow-origin" not in answer.headers
