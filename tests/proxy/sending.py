"""Short ways to say what the tests of outbound calls send."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from proxy.call import OutboundRequest
from proxy.egress import Egress
from proxy.guard import EgressPolicy, parse_allowances

LOOPBACK = EgressPolicy(parse_allowances("127.0.0.0/8"))


def open_egress(policy: EgressPolicy = LOOPBACK, **settings: object) -> Egress:
    """An egress that may call loopback."""
    return Egress(policy, **settings)


def request(url: str, method: str = "GET", seconds: float = 5.0, **fields: object) -> OutboundRequest:
    """A request of organization `acme`, as dispatches send them."""
    usual = {"method": method, "url": url, "timeout_seconds": seconds, "lane": "acme", "pooled": True}
    return OutboundRequest(**usual | fields)


def names(table: dict[str, Sequence[str]]) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    """A resolver that knows these names and no other."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        if host not in table:
            raise OSError("no such name")
        return table[host]

    return resolve
