"""Starts programs as processes: by the interpreter, or by a fork of a process that imported the hub."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, Protocol

from tests.harness.fork_server import LENGTH_BYTES

ROOT = Path(__file__).parents[2]
HUB: Final = ("cli", "commands.keys", "commands.organizations", "hub.app", "hub.working", "server", "worker")
_END_SECONDS = 60.0
_CODE_BYTES = 16


class Program(Protocol):
    """A process, as `subprocess.Popen` is one."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...


#: `start(command, environment, stdout, stderr)`: the command is all that follows `python`.
Start = Callable[[list[str], dict[str, str], IO[bytes], IO[bytes]], Program]


def execute(command: list[str], environment: dict[str, str], stdout: IO[bytes], stderr: IO[bytes]) -> Program:
    """By the interpreter, which imports everything."""
    return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment, stdout=stdout, stderr=stderr)


@contextmanager
def forking(environment: dict[str, str], modules: Iterable[str] = HUB) -> Iterator[Start]:
    """By forks of one process that has imported these, which takes those that still run along when it ends."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-m", "tests.harness.fork_server", str(theirs.fileno()), *modules]
        server = subprocess.Popen(
            command, cwd=ROOT, env=environment, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL
        )
        theirs.close()
        yield _Forks(ours).start
    assert server.wait(_END_SECONDS) == 0


class _Forks:
    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._one_at_a_time = threading.Lock()

    def start(self, command: list[str], environment: dict[str, str], stdout: IO[bytes], stderr: IO[bytes]) -> Program:
        ended, told = os.pipe()
        asked = {"command": command, "directory": str(ROOT), "environment": environment}
        body = json.dumps(asked).encode()
        with self._one_at_a_time:
            head = len(body).to_bytes(LENGTH_BYTES, "big")
            socket.send_fds(self._control, [head], [stdout.fileno(), stderr.fileno(), told])
            self._control.sendall(body)
            os.close(told)
            pid = int.from_bytes(self._control.recv(LENGTH_BYTES, socket.MSG_WAITALL), "big")
        assert pid, "The process that forks is gone."
        return _Fork(pid, ended)


class _Fork:
    def __init__(self, pid: int, ended: int) -> None:
        self.pid = pid
        self._ended = ended
        self._code: int | None = None
        self._one_at_a_time = threading.Lock()

    def poll(self) -> int | None:
        if not self._one_at_a_time.acquire(blocking=False):
            return None  # somebody waits for its end
        try:
            return self._look(0)
        finally:
            self._one_at_a_time.release()

    def wait(self, timeout: float | None = None) -> int:
        with self._one_at_a_time:
            code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self._code is None and select.select([self._ended], [], [], timeout)[0]:
            self._code = int(os.read(self._ended, _CODE_BYTES))
            os.close(self._ended)
        return self._code
