"""GitBook's own client at a hub: both vintages of `@gitbook/api`, judged by the document of each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.harness.contracts import contract, read_contract
from tests.node.driver import Answered, Driver, Refused, driving
from tests.node.tools import HERE

#: By package: the document that describes its calls.
VINTAGES = {"@gitbook/api-0.91": "openapi.json", "@gitbook/api": "openapi-latest.json"}
#: Calls of integrations besides the reference, described by the document inside the package alone.
READS = frozenset({"getAuthenticatedUser", "getOrganizationById", "getSiteById", "getSpaceById"})
_NEWEST = "openapi-latest.json"
#: The page that became the later document says 204; the service answers 205 today, and the client takes either.
_LATER = frozenset({("unpublishIntegration", 205), ("uninstallIntegration", 205)})


@dataclass(frozen=True)
class GitBook:
    """One vintage. `called` are the operations that a hub has answered as their document says."""

    package: str
    driver: Driver
    called: set[str] = field(default_factory=set)

    async def __call__(
        self, token: str, operation: str, *args: Any, installation: tuple[str, str] | None = None
    ) -> Answered:
        """A call that must succeed. `installation`, a name and an id: as the client of this installation."""
        answer = await self.driver.ok(token=token, operation=operation, args=args, installation=installation)
        self._judge(operation, answer)
        self.called.add(operation)
        return answer

    async def refused(
        self, token: str | None, operation: str, *args: Any, installation: tuple[str, str] | None = None
    ) -> tuple[int, str]:
        """Status and sentence of a call that the client must throw its own error for."""
        answer = await self.driver.ask(token=token, operation=operation, args=args, installation=installation)
        assert isinstance(answer, Refused), f"{operation}: {answer}"
        assert answer.error == "GitBookAPIError", answer.message
        return answer.status, answer.message

    def _judge(self, operation: str, answer: Answered) -> None:
        if operation in READS:
            judge = read_contract(_packaged("@gitbook/api"))
        else:
            later = (operation, answer.status) in _LATER
            judge = contract("gitbook", _NEWEST if later else VINTAGES[self.package])
        judge.judge(operation, answer.status, answer.body)


@contextmanager
def gitbook(package: str, hub: str) -> Iterator[GitBook]:
    """The client of this package, pointed at a hub by its address."""
    with driving("gitbook.mjs", package, f"{hub}/gitbook") as driver:
        yield GitBook(package, driver)


def _packaged(package: str) -> Path:
    return HERE / "node_modules" / package / "spec" / "openapi.json"
