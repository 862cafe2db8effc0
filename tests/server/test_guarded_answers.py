"""Every answer of every face: no browser guesses its type, no cache keeps a secret."""

from __future__ import annotations

import httpx
import pytest
from starlette.routing import Route

from server import create_app
from tests.harness.server import PLAIN_HTTP, served

HTML = {"accept": "text/html"}
KEPT = "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "kept"),
    [
        ("GET", "/", {}, 307, "no-store"),
        ("GET", "/healthz", {}, 200, "no-store"),
        ("GET", "/readyz", {}, 200, "no-store"),
        ("GET", "/nowhere", {}, 404, "no-store"),
        ("POST", "/healthz", {}, 405, "no-store"),
        ("GET", "/healthz?q=" + "x" * 20_000, {}, 414, "no-store"),
        ("GET", "/healthz", {"x-long": "x" * 40_000}, 431, "no-store"),
        ("GET", "/graphql", HTML, 200, "no-store"),
        ("GET", "/graphql?query={__typename}", {}, 401, "no-store"),
        ("PUT", "/graphql", {}, 405, "no-store"),
        ("GET", "/graphiql/nowhere.js", {}, 404, "no-store"),
        ("GET", "/connect.css", {}, 200, KEPT),
        ("GET", "/connect/nowhere", {}, 404, "no-store"),
        ("DELETE", "/connect/nowhere", {}, 405, "no-store"),
        ("GET", "/oauth2/callback?code=a&code=b", {}, 400, "no-store"),
        ("PUT", "/uploads/0", {}, 401, "no-store"),
        ("POST", "/uploads/0", {}, 405, "no-store"),
        ("GET", "/assets/a/b/c", {}, 404, "no-store"),
        ("GET", "/donutwork/2026-02-01/integrations/A.json", {}, 401, "no-store"),
        ("GET", "/donutwork/nowhere", {}, 404, "no-store"),
        ("PATCH", "/informer/api/integrations-list", {}, 405, "no-store"),
        ("GET", "/informer/api/integrations-list", {}, 401, "no-store"),
    ],
)
async def test_answers_and_refusals_are_guarded(hub, http, method, path, headers, status, kept):
    answer = await http.request(method, path, headers=headers)

    assert answer.status_code == status
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("cache-control") == [kept]


@pytest.mark.parametrize("path", ["/graphql", "/nowhere", "/connect/x", "/informer/api/integrations", "/uploads/0"])
async def test_the_refusal_of_a_websocket_is_guarded(http, path):
    handshake = {"connection": "Upgrade", "upgrade": "websocket", "sec-websocket-version": "13"}

    answer = await http.get(path, headers=handshake | {"sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA=="})

    assert answer.status_code == 403
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("cache-control") == ["no-store"]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/connect/nowhere", {"GET", "HEAD", "POST"}),
        ("/oauth2/callback", {"GET", "POST"}),
        ("/uploads/0", {"PUT"}),
        ("/assets/a/b/c", {"GET", "HEAD"}),
        ("/healthz", {"GET", "HEAD"}),
    ],
)
async def test_405_names_every_method_that_there_is(http, path, methods):
    refused = await http.request("DELETE", path)
    answers = {method: (await http.request(method, path)).status_code for method in ("GET", "HEAD", "POST", "PUT")}

    assert (refused.status_code, set(refused.headers["allow"].split(", "))) == (405, methods)
    assert {method for method, status in answers.items() if status != 405} == methods


@pytest.mark.parametrize(
    ("field", "input", "shown"),
    [
        ("createToken", '{name: "n", permissions: [EVENTS_READ]}', "... on TokenPayload { shown: secret }"),
        ("createUpload", "{purpose: ICON, size: 9}", "... on UploadPayload { shown: url }"),
    ],
)
async def test_a_secret_that_is_shown_once_is_not_kept(organization, field, input, shown):
    answer = await organization.client.raw(f"mutation {{ {field}(input: {input}) {{ {shown} }} }}")

    assert answer.json()["data"][field]["shown"]
    assert answer.headers.get_list("cache-control") == ["no-store"]


async def test_a_failure_that_no_face_masks_is_guarded_and_named(settings_beside, tmp_path, caplog):
    app = create_app(settings_beside(tmp_path))

    async def broken(_request):
        raise LookupError("hunter2")

    app.router.routes.append(Route("/broken", broken))
    with served(app) as hub:
        async with httpx.AsyncClient(base_url=hub.url, **PLAIN_HTTP) as client:
            answer = await client.get("/broken")

    code, message = answer.json().values()
    assert (answer.status_code, code) == (500, "INTERNAL_SERVER_ERROR")
    assert message.removeprefix("Internal error, id ") in caplog.text
    assert "hunter2" not in answer.text
    assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
    assert answer.headers.get_list("cache-control") == ["no-store"]
