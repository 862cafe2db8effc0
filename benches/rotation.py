"""Rotation of master keys over many secrets while a server reads them without pause. By hand; minutes.

    .venv/bin/python benches/rotation.py [--secrets 100000] [--callers 8]

For each database: connections with a secret, a server process, callers that dispatch with one of them and check the
credential that the remote service receives, and `cli.py keys rotate` as a process. The run fails if a call fails.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))
SECRET = "shelf-secret-of-the-vendor"


async def main(secrets, callers):
    """Both databases, one after the other."""
    from tests.harness.databases import postgresql_database, postgresql_server

    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print("| | secrets | rotation s | re-sealed/s | reads | failed reads | p50 ms | p99 ms | p99 ms alone |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as directory:
        await measure("SQLite", f"sqlite:///{directory}/bench.sqlite3", Path(directory) / "a", secrets, callers)
        with postgresql_server() as server:
            async with postgresql_database(server) as url:
                await measure("PostgreSQL", url, Path(directory) / "b", secrets, callers)


async def measure(name, url, home, secrets, callers):
    """One line of the table."""
    from tests.harness.databases import opened
    from tests.harness.server import ServerProcess
    from tests.keys.operating import Operated
    from tests.keys.sealed import seal_connections, versions
    from tests.upstreams.faults import FaultServer

    operated = Operated(home=home, start_server=None, settings={"database_url": url})
    await operated.found()
    async with opened(url) as database:
        await seal_connections(database, operated.keyring, secrets)
    settings = {"database_url": url, "egress_allow": "127.0.0.0/8", "log_level": "warning"}
    server = ServerProcess(home, home / "server.log", **settings).start()
    try:
        with FaultServer() as upstream:
            alone, during, said = await rotate(operated, server, upstream, callers)
    finally:
        server.terminate()
    async with opened(url) as database:
        assert list(await versions(database)) == [2], "every secret is sealed with the new key"
    seconds, rate = figures(said)
    print(
        f"| {name} | {secrets:,} | {seconds:.1f} | {rate:,.0f} | {len(during.took):,} | {during.failed} |"
        f" {during.at(0.5):.0f} | {during.at(0.99):.0f} | {alone.at(0.99):.0f} |",
        flush=True,
    )
    assert during.failed == 0


async def rotate(operated, server, upstream, callers):
    """Measure calls alone for five seconds, then during a rotation."""
    from tests.harness.calling import app, capability

    async with operated.client(server) as client:
        given = {"mode": "SHARED", "auth": {"type": "BEARER"}, "secret": {"bearerToken": SECRET}}
        shop = await app(client, upstream.url, capability("GET", "GET", "/ok"), **given)
        async with Reads(shop, callers) as alone:
            await asyncio.sleep(5)
        async with Reads(shop, callers) as during:
            said = await operated.must("keys", "rotate")
        credentials = {tuple(request.header("authorization")) for request in upstream.requests}
        assert credentials == {(f"Bearer {SECRET}",)}, credentials
    return alone, during, said


def figures(said):
    """Seconds and rate from the output of the command: `… with master key 2 in 12.3 s, 8,130 a second; …`."""
    words = said.split(" in ")[1].split()
    return float(words[0]), float(words[2].replace(",", ""))


class Reads:
    """Callers that each dispatch again after every answer."""

    def __init__(self, shop, callers):
        self.took, self.failed = [], 0
        self._shop, self._callers, self._stopped = shop, callers, False

    def at(self, part):
        """Milliseconds within which this share of the calls ended."""
        return 1000 * sorted(self.took)[int(len(self.took) * part)]

    async def __aenter__(self):
        self._tasks = [asyncio.create_task(self._call()) for _ in range(self._callers)]
        return self

    async def __aexit__(self, *_):
        self._stopped = True
        await asyncio.gather(*self._tasks)

    async def _call(self):
        while not self._stopped:
            began = time.perf_counter()
            try:
                ended = await self._shop.run("GET")
                self.failed += ended["dispatch"]["outcome"] != "SUCCEEDED"
            except Exception as failure:  # noqa: BLE001  it is counted
                self.failed += 1
                print(json.dumps(str(failure))[:500], file=sys.stderr)
            self.took.append(time.perf_counter() - began)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--secrets", type=int, default=100_000)
    options.add_argument("--callers", type=int, default=8)
    asyncio.run(main(**vars(options.parse_args())))
