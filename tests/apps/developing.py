"""Development mode as its owner sets it, and the requests that a tunnel got."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resolvers.apps.development import SetDevelopmentMode, set_development_mode
from tests.harness.graphql import GraphQL
from tests.upstreams.canned import reply
from tests.upstreams.faults import Received

if TYPE_CHECKING:
    from tests.apps.conftest import Market

TUNNEL = "/tunnel"
NO = reply(b"no", "text/plain", "500 No")


async def develop(market: Market, path: str | None = TUNNEL, **facts: object) -> None:
    url = None if path is None else market.upstream.url + path
    await market.run(set_development_mode, SetDevelopmentMode(app=market.ref, tunnel_url=url, **facts))


def at(market: Market, path: str) -> list[Received]:
    """The requests with events, without the probe."""
    return [one for one in market.upstream.requests if one.target == path and b"Hub.webhook.test" not in one.body]


async def shown_mode(market: Market, client: GraphQL) -> dict[str, object] | None:
    mode = (
        "integration(by: {publishedName: $name}) { publication { developmentMode { tunnelUrl allOrganizations } } }"
    )
    found = await client.query(f"query($name: String!) {{ {mode} }}", name=market.name)
    return found["integration"]["publication"]["developmentMode"]
