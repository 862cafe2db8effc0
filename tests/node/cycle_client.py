"""A TypeScript client made of Cycle's OpenAPI document, at a hub; each answer is judged by that document."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.contracts import judge
from tests.node.driver import Driver, Refused, driving
from tests.node.tools import HERE, install

DOCUMENT = "openapi.json"
_BIN = HERE / "node_modules" / ".bin"
_COMPILER = {
    "strict": True,
    "module": "nodenext",
    "target": "es2022",
    "lib": ["es2022", "dom", "dom.iterable"],
    "types": [],
    "skipLibCheck": True,
}


@dataclass(frozen=True)
class Cycle:
    """A client of a hub's organization. `called` are the operations that the hub has answered with success."""

    driver: Driver
    token: str | None
    hub: str | None
    encoded: bool = False
    called: set[str] = field(default_factory=set)

    async def __call__(self, operation: str, *args: Any) -> Any:
        """The member `data` of an answer that must be a success."""
        answer = await self.driver.ok(**self._call(operation, args))
        judge("cycle", DOCUMENT, operation, answer.status, answer.body)
        self.called.add(operation)
        return answer.body["data"]

    async def refused(self, operation: str, *args: Any) -> Refused:
        """The error of a call that must be refused. Its `error` is the code, its `message` the title."""
        answer = await self.driver.ask(**self._call(operation, args))
        assert isinstance(answer, Refused), f"{operation}: {answer}"
        judge("cycle", DOCUMENT, operation, answer.status, answer.body)
        return answer

    async def track(self, job: str, milliseconds: int = 20) -> dict[str, Any]:
        """Follow a job to its end as the vendor's client does: `job` or `failure`, `states`, `shares`, `unknown`."""
        tracked = (await self.driver.ok(**self._call("trackJob", (job, milliseconds)))).body
        if "job" in tracked:
            judge("cycle", DOCUMENT, "getJob", 200, {"data": tracked["job"]})
        return tracked

    def _call(self, operation: str, args: tuple[Any, ...]) -> dict[str, Any]:
        whose = {"token": self.token, "hub": self.hub, "encoded": self.encoded}
        return {**whose, "operation": operation, "args": args}


def build_client(folder: Path) -> Path:
    """Make the client of the vendor's document in this folder; answers the compiled module.

    Raises AssertionError when `cycle.ts` makes a call that the document does not allow.
    """
    install()
    document = Path(os.environ["PATCHBAY_CONTRACTS"]) / "cycle" / DOCUMENT
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    (folder / "cycle.ts").write_text((HERE / "cycle.ts").read_text())
    (folder / "package.json").write_text(json.dumps({"type": "module"}))
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": _COMPILER, "files": ["cycle.ts"]}))
    for command in (["openapi-typescript", str(document), "-o", "cycle-api.d.ts"], ["tsc"]):
        made = subprocess.run(
            [str(_BIN / command[0]), *command[1:]],
            cwd=folder,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert made.returncode == 0, made.stdout + made.stderr
    return folder / "cycle.js"


@contextmanager
def cycle(compiled: Path, hub: str) -> Iterator[Driver]:
    """The built client, pointed at a hub by its address."""
    with driving("cycle.mjs", str(compiled), f"{hub}/cycle") as driver:
        yield driver
