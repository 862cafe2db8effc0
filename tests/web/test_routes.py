"""What is served to browsers: under which headers, from where, and what where nothing has been built."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from models.secret import Keyring
from server import create_app
from settings import Settings
from tests.harness.server import PLAIN_HTTP, RunningHub, served
from web.routes import page, routes

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory like the one that Vite writes."""
    root = tmp_path_factory.mktemp("web")
    (root / "secret").write_text("not for the web")
    built = root / "dist"
    (built / "graphiql").mkdir(parents=True)
    (built / "index.html").write_text("<title>GraphiQL</title>")
    (built / "graphiql" / "main-abc.js").write_text("let a = 1;")
    (built / "graphiql" / "link.js").symlink_to(root / "secret")
    return built


@pytest.fixture(scope="module")
def site(build: Path) -> Iterator[RunningHub]:
    with served(_app(build)) as site:
        yield site


def test_the_page_is_guarded_and_not_kept(site):
    answer = httpx.get(f"{site.url}/graphql", **PLAIN_HTTP)

    assert answer.text == "<title>GraphiQL</title>"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


def test_parts_are_guarded_and_kept_for_ever(site):
    answer = httpx.get(f"{site.url}/graphiql/main-abc.js", **PLAIN_HTTP)

    assert answer.text == "let a = 1;"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_part_that_has_not_changed_is_not_sent_again(site):
    first = httpx.get(f"{site.url}/graphiql/main-abc.js", **PLAIN_HTTP)

    again = httpx.get(first.url, headers={"If-None-Match": first.headers["etag"]}, **PLAIN_HTTP)

    assert again.status_code == 304
    assert again.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    "path",
    ["..%2findex.html", "..%2f..%2fsecret", "%2e%2e/%2e%2e/secret", "..%5c..%5csecret", "link.js", "main-abc.js%00",
     "%2fetc%2fpasswd", "", "a" * 300],
)  # fmt: skip
def test_serves_nothing_from_elsewhere(site, path):
    answer = httpx.get(httpx.URL(site.url).copy_with(raw_path=f"/graphiql/{path}".encode()), **PLAIN_HTTP)

    assert answer.status_code == 404
    assert "not for the web" not in answer.text


def test_says_how_to_build_where_nothing_is_built(tmp_path):
    with served(_app(tmp_path)) as site:
        answer = httpx.get(f"{site.url}/graphql?a=<script>", headers={"Host": "hub.example.com"}, **PLAIN_HTTP)
        part = httpx.get(f"{site.url}/graphiql/main-abc.js", **PLAIN_HTTP)

    assert answer.status_code == 200
    assert answer.headers["content-security-policy"] == POLICY
    assert "<pre>make web</pre>" in answer.text
    assert "curl -s 'http://hub.example.com/graphql' -H 'Authorization: Bearer pb_…'" in answer.text
    assert "script" not in answer.text
    assert part.status_code == 404


async def test_leads_from_the_root_to_the_page_below_any_path(http):
    answer = await http.get("/", headers=HTML)

    assert answer.status_code == 307
    assert answer.headers["location"] == "graphql"


def test_an_operator_can_do_without_the_page(tmp_path):
    settings = Settings(home=tmp_path, master_keys=Keyring.generate(), graphiql=False)

    with served(create_app(settings)) as hub:
        answer = httpx.get(f"{hub.url}/graphql", headers=HTML, **PLAIN_HTTP)

    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/json; charset=utf-8"


def _app(built: Path) -> Starlette:
    async def graphql(request):
        return page(built)(request)

    return Starlette(routes=[Route("/graphql", graphql), *routes(built)])
