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

pytestmark = pytest.mark.needs("node", "chromium")


@pytest.fixture(scope="module")
def tenant(page_hub: RunningHub) -> Tenant:
    founding = found_organization(page_hub, lambda _token: None, name="Harbour & Sons")  # the browser is the client
    return asyncio.run(founding)


@pytest.fixture(scope="module")
def visit(
    page_hub: RunningHub, base: str, tenant: Tenant, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """What a person met, by step; pictures of it are in pytest's directory."""
    install()
    directory: Path = tmp_path_factory.mktemp("graphiql")
    return visit_graphiql(
        chromium(),
        directory / "profile",
        directory,
        url=f"{page_hub.url}{base}/graphql",
        token=tenant.token,
        hub=tenant.id,
        organization="Harbour & Sons",
    )


def test_asks_for_a_token_and_asks_the_hub_nothing_before(visit):
    assert visit["withoutToken"]["says"].startswith("Enter a token to begin")
    assert visit["withoutToken"]["asked"] == 0


def test_says_that_the_token_was_accepted(visit):
    assert visit["signedIn"] == "Token accepted. This browser remembers it."


def test_runs_the_query_that_a_newcomer_finds(visit):
    answer = visit["ran"].replace("\xa0", " ")

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


def test_says_that_a_token_was_refused(visit):
    assert visit["refused"] == "The hub refused this token: it is mistyped, expired or revoked."


def test_follows_the_theme_of_the_browser(visit):
    assert visit["dark"] == "rgb(33, 42, 59)"


def test_sends_the_token_and_the_hub_id_in_headers_of_queries_only(visit, tenant):
    queries = [each for each in visit["requests"] if each["method"] == "POST"]
    others = [each for each in visit["requests"] if each["method"] != "POST"]

    assert {(each["authorization"], each["hub"]) for each in queries[:3]} == {(f"Bearer {tenant.token}", tenant.id)}
    assert {(each["authorization"], each["hub"]) for each in others} == {(None, None)}
    assert [each["url"] for each in visit["requests"] if tenant.token in each["url"]] == []
    assert tenant.token not in visit["reloaded"]["address"]


def test_asks_nobody_but_the_hub(visit, page_hub, base):
    addresses = [urlsplit(each["url"]) for each in visit["requests"]]
    workers = [address.path for address in addresses if ".worker-" in address.path]

    assert len(workers) >= 3  # what workers load is seen as well
    assert {f"{address.scheme}://{address.netloc}" for address in addresses} == {page_hub.url}
    assert {address.path.startswith((f"{base}/graphql", f"{base}/graphiql/")) for address in addresses} == {True}


def test_breaks_neither_its_policy_nor_anything_else(visit):
    assert visit["faults"] == []
