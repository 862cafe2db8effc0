"""Drives programs for Node that answer each line of JSON with one, such as a vendor's client."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.node.tools import HERE, install

_ANSWER_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Answered:
    """An answer as a client showed it to its program: `body` is None where the client had nothing to show."""

    status: int
    body: Any = None
    location: str | None = None


@dataclass(frozen=True, kw_only=True)
class Refused:
    """An error as a client threw it. `error`: its class; `message`: the text that the client took from the answer."""

    status: int
    error: str
    message: str
    body: Any = None


@dataclass(frozen=True)
class Driver:
    """A running program."""

    process: subprocess.Popen[str]

    async def ask(self, **call: Any) -> Answered | Refused:
        """Raises AssertionError when the program ends, or does not answer within a minute."""
        try:
            line = await asyncio.wait_for(asyncio.to_thread(self._exchange, json.dumps(call)), _ANSWER_SECONDS)
        except TimeoutError:
            self.process.kill()
            raise AssertionError(f"No answer to {call}") from None
        assert line, f"The program ended at {call}"
        answer = json.loads(line)
        return Refused(**answer) if "error" in answer else Answered(**answer)

    async def ok(self, **call: Any) -> Answered:
        """The answer to a call that must succeed."""
        answer = await self.ask(**call)
        assert isinstance(answer, Answered), f"{call['operation']}: {answer}"
        return answer

    def _exchange(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()


@contextmanager
def driving(*command: str, cwd: Path = HERE) -> Iterator[Driver]:
    """Run `node` with these arguments until the block ends."""
    install()
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    with subprocess.Popen(
        ["node", *command], cwd=cwd, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        try:
            yield Driver(process)
        finally:
            process.kill()
