"""A measured server: its address and request, the processes whose CPU time counts, and a round of calls."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from case import CONNECTIONS
from processes import HERE, cpu_seconds


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A face of a server. Every good answer contains the marker. `database`: the URL of its records.

    `connections`: callers at once.
    """

    name: str
    url: str
    headers: Mapping[str, str]
    body: str
    marker: str
    pid: int
    database: str
    connections: int = CONNECTIONS


@dataclass(frozen=True, kw_only=True)
class Round:
    """The result of some seconds of calls. CPU in microseconds a call: the server's, and its database server's."""

    calls: int
    per_second: float
    cpu: float
    database_cpu: float
    p50_ms: float
    p99_ms: float


def run_round(subject: Subject, seconds: float, database_pid: int | None) -> Round:
    """Measure one round. Raises CalledProcessError if a call failed; the callers name it on stderr."""
    load = {
        "url": subject.url,
        "headers": dict(subject.headers),
        "body": subject.body,
        "marker": subject.marker,
        "connections": subject.connections,
        "seconds": seconds,
    }
    before, database_before = cpu_seconds(subject.pid), cpu_seconds(database_pid)
    command = [sys.executable, "load.py"]
    done = subprocess.run(
        command, cwd=HERE, input=json.dumps(load), text=True, check=True, stdout=subprocess.PIPE, timeout=seconds + 60
    )
    spent, database_spent = cpu_seconds(subject.pid) - before, cpu_seconds(database_pid) - database_before
    seen = json.loads(done.stdout)
    return Round(
        calls=seen["calls"],
        per_second=seen["calls"] / seen["seconds"],
        cpu=spent / seen["calls"] * 1e6,
        database_cpu=database_spent / seen["calls"] * 1e6,
        p50_ms=seen["p50_ms"],
        p99_ms=seen["p99_ms"],
    )
