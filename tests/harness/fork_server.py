"""`python -m tests.harness.fork_server FD MODULE…`: imports the hub once, and runs one of its programs as often as
asked.

A program that is started here is a process like any other: with its own environment, files, signals and end. It is
spared the two seconds of a core that importing takes, and nothing else; nothing of the hub has run before.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
from dataclasses import dataclass
from typing import Final

#: Before each message, which is JSON; the files of the program come with it: its stdout and stderr, and a pipe for
#: its exit code, negative where a signal ended it.
LENGTH_BYTES: Final = 4
_FILES = 3
_STDOUT, _STDERR = 1, 2


@dataclass(frozen=True)
class Asked:
    """What to become: `command` is all that would follow `python`."""

    command: list[str]
    directory: str
    environment: dict[str, str]


def serve(control: socket.socket) -> Asked | None:
    """Fork for each message. Comes back in every child; and with None, all children killed, when nobody is there."""
    ended, waker = os.pipe()
    os.set_blocking(waker, False)
    at_interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    running: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([control, ended], [], [])
        if ended in ready:
            os.read(ended, 1024)
            _tell_ends(running)
        if control not in ready:
            continue
        head, files, _, _ = socket.recv_fds(control, LENGTH_BYTES, _FILES)
        if not head:
            for pid in running:
                os.kill(pid, signal.SIGKILL)
            _tell_ends(running, wait=True)
            return None
        asked = Asked(**json.loads(control.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)))
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, at_interrupt)  # as it was inherited: a shell's background ignores it
            _take_over(files, [control.detach(), ended, waker, *running.values()])
            return asked
        running[pid] = files.pop()
        for file in files:
            os.close(file)
        control.sendall(pid.to_bytes(LENGTH_BYTES, "big"))


def become(asked: Asked) -> None:
    """Run the program, as the interpreter would."""
    os.environ.clear()
    os.environ.update(asked.environment)
    os.chdir(asked.directory)
    if asked.command[0] == "-m":
        sys.argv, sys.path[0] = asked.command[1:], asked.directory
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        return
    sys.argv, sys.path[0] = asked.command, os.path.dirname(asked.command[0])
    runpy.run_path(sys.argv[0], run_name="__main__")


def _tell_ends(running: dict[int, int], *, wait: bool = False) -> None:
    while running:
        pid, status = os.waitpid(-1, 0 if wait else os.WNOHANG)
        if pid == 0:
            return
        told = running.pop(pid)
        os.write(told, str(os.waitstatus_to_exitcode(status)).encode())
        os.close(told)


def _take_over(files: list[int], others: list[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    out, err, told = files
    os.dup2(out, _STDOUT)
    os.dup2(err, _STDERR)
    for file in (out, err, told, *others):
        os.close(file)


if __name__ == "__main__":
    for module in sys.argv[2:]:
        importlib.import_module(module)
    gc.freeze()  # else the first collection of each child copies all of this
    wanted = serve(socket.socket(fileno=int(sys.argv[1])))
    if wanted:
        become(wanted)
