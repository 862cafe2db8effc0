"""Starts the real server: in a thread, for most tests, or as a process that can be killed."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx
import uvicorn

from tests.harness.programs import ROOT, Program, Start, execute

T = TypeVar("T")
#: For every client of what tests serve, all plain HTTP: to read the system's certificates takes a core 20 ms.
PLAIN_HTTP: Final[dict[str, Any]] = {"trust_env": False, "verify": False}
# A busy machine takes several times as long as the 3 seconds of starting and the 30 that the hub may drain.
_START_SECONDS = 120.0
_STOP_SECONDS = 60.0
_PORTS: Final = 200
_RANGES: Final = range(12_000, 32_000, _PORTS)
_numbers = itertools.count()


@dataclass(frozen=True, kw_only=True)
class RunningHub:
    """A server that answers at `url`, in an event loop of its own. `app.state.hub` is what it is wired of."""

    url: str
    app: Any
    loop: asyncio.AbstractEventLoop

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of work that has to run where the hub does, such as an operation over `app.state.hub`."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


@contextmanager
def served(app: Any, *, port: int = 0) -> Iterator[RunningHub]:
    """Serve an ASGI app over a real socket, in a thread; at any free port unless one is named."""
    listener = socket.create_server(("127.0.0.1", port))
    server = _Server(uvicorn.Config(app, lifespan="on", log_config=None))
    thread = threading.Thread(target=_run, args=(server, listener), name="hub", daemon=True)
    thread.start()
    try:
        _await(lambda: server.started or not thread.is_alive(), _START_SECONDS, "The server did not start.")
        assert server.started, "The server ended while it started; its log says why."
        yield RunningHub(url=f"http://127.0.0.1:{listener.getsockname()[1]}", app=app, loop=server.loop)
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        listener.close()
        assert not thread.is_alive(), "The server did not stop."


class ServerProcess:
    """`python server.py` as a child, with settings by name: `ServerProcess(home, log, demo="true")`."""

    def __init__(
        self, home: Path, log: Path, *, program: Path = ROOT / "server.py", by: Start = execute, **settings: object
    ) -> None:
        """`home` outlives the process, so that another one can carry on with it."""
        self.home = home
        self.port = int(str(settings.pop("port", None) or free_port()))
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = log
        self._start = by
        self._command = [str(program)]
        self._environment = child_environment(home=home, port=self.port, **settings)
        self._process: Program | None = None

    def start(self, *, ready: str = "/healthz") -> ServerProcess:
        """Start, and return when `ready` answers 200; else end it and raise AssertionError with the output."""
        with self._log.open("ab") as log:
            self._process = self._start(self._command, self._environment, log, log)
        try:
            _await(lambda: self._answers(ready) or not self.running, _START_SECONDS, "The server did not start.")
        except AssertionError as cause:
            self.kill()
            raise AssertionError(f"{cause}\n{self.output}") from cause
        assert self.running, f"The server ended while it started:\n{self.output}"
        return self

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self._process is not None
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything that it and its predecessors with the same log have written."""
        return self._log.read_text(errors="replace")

    def kill(self) -> None:
        """SIGKILL: it gets no chance to finish anything."""
        self._end(signal.SIGKILL)

    def terminate(self) -> int:
        """SIGTERM, as an operator stops it; returns the exit code once it has drained."""
        return self._end(signal.SIGTERM)

    def _end(self, sent: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(sent)
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as cause:
            self._process.kill()
            self._process.wait(_STOP_SECONDS)
            raise AssertionError(f"The server did not stop.\n{self.output}") from cause

    def _answers(self, path: str) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}{path}", timeout=2, **PLAIN_HTTP).status_code == 200
        return False


def free_port() -> int:
    """A port of loopback that nobody listens on, and that the system gives to nobody who asks for any port.

    Each of the processes that tests run in has a range of its own, below the ephemeral ports (`ip(7)`). A server that
    finds its port taken by another pytest's would be thought to have started, since the other one answers.
    """
    while True:
        port = _own_range()[1 + next(_numbers) % (_PORTS - 1)]
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


@functools.cache
def _own_range() -> range:
    """Ports that no other process takes: the first of them is held for as long as this one lives."""
    for first in _RANGES:
        with suppress(OSError):
            socket.create_server(("127.0.0.1", first)).detach()
            return range(first, first + _PORTS)
    raise AssertionError("All ranges of ports are taken.")


def child_environment(**settings: object) -> dict[str, str]:
    """This process's environment with only these settings of the hub."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PATCHBAY_")}
    return inherited | {f"PATCHBAY_{name.upper()}": str(value) for name, value in settings.items()}


class _Server(uvicorn.Server):
    loop: asyncio.AbstractEventLoop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)


def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    with suppress(SystemExit):  # how uvicorn leaves when the app cannot start; it has logged why
        server.run(sockets=[listener])


def _await(condition: Callable[[], bool], seconds: float, complaint: str) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.01)
