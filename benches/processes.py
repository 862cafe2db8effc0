"""Starts the processes of a run, and ends each of them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import psutil

HERE = Path(__file__).parent
_START_SECONDS, _STOP_SECONDS = 180.0, 30.0


class Program:
    """A Python program that runs until `end`; its output is written to `log`."""

    def __init__(
        self, name: str, *arguments: object, log: Path, cwd: Path = HERE, settings: Mapping[str, object] | None = None
    ) -> None:
        self.name = name
        self._log = log / f"{name}.log"
        given = [f"PATCHBAY_{key.upper()}={value}" for key, value in (settings or {}).items()]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                ["env", *given, sys.executable, *map(str, arguments)], cwd=cwd, stdout=output, stderr=output
            )

    def wait_until_it_listens(self, port: int) -> None:
        """Wait until it listens. Raises RuntimeError with its output if it ended instead."""
        until = time.monotonic() + _START_SECONDS
        while not _answers(port):
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{self.name} did not start:\n{self._log.read_text()}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """The process id of the program itself, since `env` replaces itself by it."""
        return self._process.pid

    def end(self) -> None:
        """Ask it to stop; kill it if it does not."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def cpu_seconds(pid: int | None) -> float:
    """User and system time that a process and its living descendants have taken; 0 for none."""
    if pid is None:
        return 0.0
    root = psutil.Process(pid)
    times = [process.cpu_times() for process in (root, *root.children(recursive=True))]
    return sum(spent.user + spent.system for spent in times)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
