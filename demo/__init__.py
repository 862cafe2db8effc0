"""The demo: a small inventory service, and two organizations whose integrations use it."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from demo.seed import Seeded, seed
from demo.upstream import inventory
from proxy.guard import Allowance
from resolvers.hub import Hub

_HOST = "127.0.0.1"


class Demo:
    """The demo upstream on its own port, and the rows that point to it. Never use it in production."""

    def __init__(self, home: Path) -> None:
        """Takes its previous port if that is free, so that existing declarations keep working."""
        self._home = home
        self._socket = _listen(_port_file(home))
        self.port: int = self._socket.getsockname()[1]

    @property
    def allowances(self) -> tuple[Allowance, ...]:
        """The address that the egress policy must also allow: this one port."""
        return (Allowance(network=ipaddress.ip_network(f"{_HOST}/32"), port=self.port),)

    @asynccontextmanager
    async def running(self, hub: Hub, url: str) -> AsyncIterator[str]:
        """Serve the upstream, and make the demo's rows on the first start. Yields the banner for the newcomer."""
        config = uvicorn.Config(inventory(), log_config=None, access_log=False, lifespan="off")
        server = _Upstream(config)
        async with server.serving(self._socket):
            seeded = await seed(hub, home=self._home, url=url, upstream=f"http://{_HOST}:{self.port}")
            yield _banner(seeded)


class _Upstream(uvicorn.Server):
    """A second server in the hub's event loop, without signal handlers."""

    @asynccontextmanager
    async def serving(self, listener: socket.socket) -> AsyncIterator[None]:
        """Serve until the block ends."""
        if not self.config.loaded:
            self.config.load()
        self.lifespan = self.config.lifespan_class(self.config)
        await self.startup([listener])
        try:
            yield
        finally:
            await self.shutdown([listener])


def _port_file(home: Path) -> Path:
    return home / "demo-port"


def _listen(file: Path) -> socket.socket:
    text = file.read_text() if file.exists() else ""
    port = int(text) if text.isdecimal() else 0
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    with contextlib.suppress(OSError):
        listener.bind((_HOST, port))
    if listener.getsockname()[1] == 0:
        listener.bind((_HOST, 0))
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(str(listener.getsockname()[1]))
    return listener


def _banner(seeded: Seeded) -> str:
    return _BANNER.format(url=seeded.url, token=seeded.token, file=seeded.file, mutation=_MUTATION, query=_QUERY)


_MUTATION = (
    'mutation { dispatch(input: { capability: { named: { handler: \\"INVENTORY\\", name: \\"GET_ITEM\\" } }, '
    'inputs: { sku: \\"A-100\\" } }) { ... on DispatchPayload { response { status json } '
    "dispatch { outcome url durationMs } } ... on Problem { code message } } }"
)
_QUERY = (
    "query { viewer { organization { name } } integrations { nodes { name handler connection { name status } } } }"
)
_BANNER = """
  Patchbay runs at {url}

  GraphQL   {url}/graphql
  Token     {token}

  Paste this into a shell: it dispatches to the demo inventory and shows the record.

    curl -s {url}/graphql -H 'Authorization: Bearer {token}' \\
      -H 'Content-Type: application/json' \\
      -d '{{"query": "{mutation}"}}'

  Or open {url}/graphql, enter that token, and try:

    {query}

  All of it is in {file}

"""
