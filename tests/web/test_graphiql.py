"""GraphiQL in a Chromium that can reach loopback only, over the real hub."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.harness.needs import chromium
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant, found_organization
from tests.node.tools import install, visit_graphiql
from tests.web.conftest import BELOW

pytestmark = [pytest.mark.needs("node", "chromium"), pytest.mark.long]


@pytest.fixture(scope="module")
def tenant(page_hub: RunningHub) -> Tenant:
    founding = found_organization(page_hub, lambda _token: None, name="Harbour & Sons")  # the browser is the client
    return asyncio.run(founding)


@pytest.fixture(scope="module")
def visits(page_hub: RunningHub, tenant: Tenant, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a person met, by what stands before the hub's paths; pictures of it are in pytest's directory."""
    install()
    directory: Path = tmp_path_factory.mktemp("graphiql")
    found = visit_graphiql(
        chromium(),
        directory / "profile",
        directory,
        url=f"{page_hub.url}{BELOW}/graphql",
        other=f"{page_hub.url}/graphql",
        token=tenant.token,
        hub=tenant.id,
        organization="Harbour & Sons",
    )
    return {BELOW: found["whole"], "": found["first"]}


@pytest.fixture
def visit(visits: dict[str, Any]) -> dict[str, Any]:
    """The whole one, by step."""
    return visits[BELOW]


@pytest.fixture(params=["", BELOW], ids=["at the root", "below a path"])
def base(request: pytest.FixtureRequest) -> str:
    """What stands before the hub's own paths."""
    return request.param


@pytest.fixture
def either(visits: dict[str, Any], base: str) -> dict[str, Any]:
    """As far as the first answer, and a token that is refused."""
    return visits[base]


def test_asks_for_a_token_and_asks_the_hub_nothing_before(either):
    assert either["withoutToken"]["says"].startswith("Enter a token to begin")
    assert either["withoutToken"]["asked"] == 0


def test_says_that_the_token_was_accepted(either):
    assert either["signedIn"] == "Token accepted. This browser remembers it."


def test_runs_the_query_that_a_newcomer_finds(either):
    answer = either["ran"].replace("\xa0", " ")

    assert '"name": "Harbour & Sons"' in answer
    assert '"integrations": {' in answer
    assert "errors" not in answer


def test_explains_a_type(visit):
    assert visit["documented"].splitlines()[:4] == ["Query", "Viewer", "", "Who is asking."]


def test_underlines_a_field_that_the_graph_has_not(visit):
    assert visit["underlined"] is True


def test_remembers_the_token(visit, tenant):
    assert visit["reloaded"]["token"] == tenant.token
    assert visit["reloaded"]["says"] == "Token accepted. This browser remembers it."


def test_forgets_the_token_and_keeps_no_trace_of_it(visit):
    assert visit["forgotten"] == {"before": True, "after": False, "field": ""}


def test_says_that_a_token_was_refused(either):
    assert either["refused"] == "The hub refused this token: it is mistyped, expired or revoked."


def test_follows_the_theme_of_the_browser(visit):
    assert visit["dark"] == "rgb(33, 42, 59)"


def test_sends_the_token_and_the_hub_id_in_headers_of_queries_only(either, tenant):
    posted = [each for each in either["requests"] if each["method"] == "POST"]
    queries = [each for each in posted if not each["authorization"].endswith("___")]  # those are of the wrong token
    others = [each for each in either["requests"] if each["method"] != "POST"]

    assert {(each["authorization"], each["hub"]) for each in queries} == {(f"Bearer {tenant.token}", tenant.id)}
    assert len(queries) >= 2
    assert {(each["authorization"], each["hub"]) for each in others} == {(None, None)}
    assert [each["url"] for each in either["requests"] if tenant.token in each["url"]] == []


def test_keeps_the_token_out_of_the_address(visit, tenant):
    assert tenant.token not in visit["reloaded"]["address"]


def test_asks_nobody_but_the_hub(either, page_hub, base):
    addresses = [urlsplit(each["url"]) for each in either["requests"]]
    workers = [address.path for address in addresses if ".worker-" in address.path]

    assert len(workers) >= 3  # what workers load is seen as well
    assert {f"{address.scheme}://{address.netloc}" for address in addresses} == {page_hub.url}
    assert {address.path.startswith((f"{base}/graphql", f"{base}/graphiql/")) for address in addresses} == {True}


def test_breaks_neither_its_policy_nor_anything_else(either):
    assert either["faults"] == []
