"""Publishing 20 MB while other calls go on: their latencies beside those of the same calls alone. By hand.

    python benches/publishing.py [--databases sqlite,postgresql] [--rounds 5] [--seconds 5] [--root DIR]

Callers dispatch over REST with a pause between two calls, so that they wait for the server and not for each other. In
every other round one client publishes an app, as soon as the last publishing is answered: a script of 11 MB, three
previews of nearly 2 MB and an icon, other bytes each time. `--root`: another checkout of the hub.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import json
import os
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from databases import databases
from measured import start_hub
from processes import HERE, Program, cpu_seconds, free_port
from subject import Subject

_CALLERS, _PAUSE_SECONDS, _WARM_SECONDS = 4, 0.02, 2.0
_SCRIPT, _PREVIEW, _ICON, _BODIES = 11_000_000, 1_900_000, 900_000, 4
_HEAD = "| | publishings/s | MB | s of each | calls/s | p50 ms | p99 ms | most ms | CPU % | p99, of alone |"
_LINE = "const line_%08d = 'A line of a script that an app injects into a site, with \"quotes\".';\n"


@dataclass(frozen=True, kw_only=True)
class Round:
    """Some seconds of calls. `cpu`: seconds of the server's CPU a second. `publishings`: the seconds of each."""

    per_second: float
    p50_ms: float
    p99_ms: float
    most_ms: float
    cpu: float
    publishings: tuple[float, ...] = ()


def main() -> None:
    """Measure and print. Ends every process that it started."""
    given = _arguments()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print(_HEAD + "\n|---|" + "--:|" * (_HEAD.count("|") - 2))
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as name, ExitStack() as stack:
        work, upstream = Path(name), free_port()
        program = Program("upstream", "upstream.py", upstream, log=work)
        stack.callback(program.end)
        program.wait_until_it_listens(upstream)
        for kind in given.databases.split(","):
            with ExitStack() as one:
                store = one.enter_context(databases(kind, work))
                hub = start_hub(
                    one, given.root, work / kind, label="hub", database=store.make(kind), upstream=upstream
                )[0]
                for subject in (_reading(hub), replace(hub, name="dispatches")):
                    _measure(f"{kind}, {subject.name}", subject, given)


def _reading(hub: Subject) -> Subject:
    """A read over GraphQL instead of the dispatch."""
    url = hub.url.partition("/donutwork")[0] + "/graphql"
    query = "{ viewer { organization { name } } integrations(first: 5) { nodes { id name handler } } }"
    return replace(hub, name="reads", url=url, body=json.dumps({"query": query}), marker="WAREHOUSE")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--databases", default="sqlite,postgresql", help="which, with commas between")
    parser.add_argument("--rounds", type=int, default=5, help="of each kind, in turns")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each round")
    parser.add_argument("--root", type=Path, default=HERE.parent, help="the checkout that is measured")
    return parser.parse_args()


def _measure(kind: str, subject: Subject, given: argparse.Namespace) -> None:
    bodies = _bodies()
    _calls(subject, _WARM_SECONDS)
    _publish(subject, next(bodies))
    alone, beside = [], []
    for number in range(given.rounds):
        for publishes in (True, False) if number % 2 else (False, True):  # drift affects both alike
            (beside if publishes else alone).append(_round(subject, given.seconds, bodies if publishes else None))
    ratios = [two.p99_ms / one.p99_ms for one, two in zip(alone, beside, strict=True)]
    shown = f"{statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})"
    size = len(next(bodies)) / 1e6
    print(_row(f"{kind}, alone", alone, size, given.seconds, "1.00"))
    print(_row(f"{kind}, beside publishings", beside, size, given.seconds, shown), flush=True)


def _round(subject: Subject, seconds: float, bodies: Iterator[bytes] | None) -> Round:
    before, began = cpu_seconds(subject.pid), time.perf_counter()
    with _publishing(subject, bodies) as took:
        seen = _calls(subject, seconds)
        spent = (cpu_seconds(subject.pid) - before) / (time.perf_counter() - began)
    return Round(cpu=spent, publishings=tuple(took), **seen)


@contextmanager
def _publishing(subject: Subject, bodies: Iterator[bytes] | None) -> Iterator[list[float]]:
    """Publish again and again for as long as the block lasts. Yields the seconds of each publishing."""
    took: list[float] = []
    stopped = threading.Event()

    def publish() -> None:
        while bodies is not None and not stopped.is_set():
            body, began = next(bodies), time.perf_counter()
            _publish(subject, body)
            took.append(time.perf_counter() - began)

    thread = threading.Thread(target=publish)
    thread.start()
    try:
        yield took
    finally:
        stopped.set()
        thread.join()


def _publish(subject: Subject, body: bytes) -> None:
    parts = urlsplit(subject.url)
    url = f"{parts.scheme}://{parts.netloc}/gitbook/v1/integrations/bench"
    request = urllib.request.Request(url, body, dict(subject.headers), method="POST")
    try:
        urllib.request.urlopen(request, timeout=60).close()
    except urllib.error.HTTPError as refused:
        raise RuntimeError(f"The hub did not publish: {refused.read()[:500]!r}") from refused


def _calls(subject: Subject, seconds: float) -> dict[str, float]:
    """Calls by a process of its own, so that no other work of this one delays what is measured."""
    load: dict[str, Any] = {
        "url": subject.url,
        "headers": dict(subject.headers),
        "body": subject.body,
        "marker": subject.marker,
        "connections": _CALLERS,
        "pause": _PAUSE_SECONDS,
        "seconds": seconds,
    }
    command = [sys.executable, "load.py"]
    done = subprocess.run(command, cwd=HERE, input=json.dumps(load), text=True, check=True, stdout=subprocess.PIPE)
    seen = json.loads(done.stdout)
    latencies = {name: float(seen[name]) for name in ("p50_ms", "p99_ms", "most_ms")}
    return {"per_second": seen["calls"] / seen["seconds"], **latencies}


def _bodies() -> Iterator[bytes]:
    """Bodies of publishings, each with other bytes than the last. They are made beforehand."""
    lines = "".join(_LINE % number for number in range(_SCRIPT // len(_LINE % 0)))
    noise = os.urandom(_PREVIEW)
    fixed = {"organization": "bench", "title": "Bench", "description": "A large app", "scopes": [], "categories": []}
    bodies = []
    for number in range(_BODIES):
        files = {
            "script": f"// {number}\n{lines}",
            "icon": _picture(noise[:_ICON], number),
            "previewImages": [_picture(noise, 3 * number + index) for index in range(3)],
        }
        bodies.append(json.dumps(fixed | files).encode())
    return itertools.cycle(bodies)


def _picture(noise: bytes, number: int) -> str:
    """A PNG in base64, 64 pixels a side; a number makes it another one."""
    header = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", struct.pack(">Q", number) + noise), (b"IEND", b""))
    chunks = (struct.pack(">I", len(body)) + kind + body + _checksum(kind + body) for kind, body in parts)
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"".join(chunks)).decode()


def _checksum(chunk: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(chunk))


def _row(name: str, rounds: list[Round], size: float, seconds: float, ratio: str) -> str:
    def median(get: Any) -> float:
        return float(statistics.median(map(get, rounds)))

    took = [one for some in rounds for one in some.publishings]
    each = f"{statistics.median(took):.2f}" if took else ""
    published = f"{len(took) / len(rounds) / seconds:.1f} | {size:.1f} | {each}" if took else "| |"
    p50, p99 = median(lambda one: one.p50_ms), median(lambda one: one.p99_ms)
    most, cpu = max(one.most_ms for one in rounds), 100 * median(lambda one: one.cpu)
    rate = median(lambda one: one.per_second)
    return f"| {name} | {published} | {rate:.0f} | {p50:.1f} | {p99:.1f} | {most:.0f} | {cpu:.0f} | {ratio} |"


if __name__ == "__main__":
    main()
