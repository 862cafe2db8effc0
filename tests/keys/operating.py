"""A hub as its operator has it: a home with a key file, a database, processes and commands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import TimeoutExpired
from tempfile import TemporaryFile
from typing import IO, Final

import httpx

from hub.starting import prepare_home
from hub.wiring import build_hub
from models.migrations import upgrade
from models.secret import Keyring
from resolvers.caller import Caller
from resolvers.people.organization import CreateOrganization, IssueToken, create_organization, issue_token
from resolvers.rotation.mutations import admit_keys
from settings import Settings
from tests.harness.graphql import GraphQL
from tests.harness.programs import Start
from tests.harness.server import PLAIN_HTTP, ServerProcess, child_environment

_MOST_SECONDS: Final = 180.0


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str


class Running:
    """A program that runs, and what it writes."""

    def __init__(self, command: list[str], environment: dict[str, str], by: Start) -> None:
        self._out, self._err = TemporaryFile(), TemporaryFile()  # noqa: SIM115  closed once it has ended
        self._program = by(command, environment, self._out, self._err)

    @property
    def running(self) -> bool:
        return self._program.poll() is None

    def kill(self) -> None:
        self._program.kill()

    async def ended(self) -> Done:
        """Once it has; one that goes on for too long is killed."""
        try:
            code = await asyncio.to_thread(self._program.wait, _MOST_SECONDS)
        except TimeoutExpired:
            self.kill()
            code = await asyncio.to_thread(self._program.wait)
        with self._out, self._err:
            return Done(code, _text(self._out), _text(self._err))


@dataclass
class Operated:
    """`home` holds the key file. `settings` are those of every process and command."""

    home: Path
    start_server: Callable[..., ServerProcess]
    fork: Start
    settings: dict[str, object] = field(default_factory=dict)
    token: str = ""

    @property
    def key_file(self) -> Path:
        """Where the keys are, unless they are in a variable."""
        return self.home / "master.key"

    @property
    def keyring(self) -> Keyring:
        """The keys in the file as they are now."""
        return Keyring.parse(self.key_file.read_text())

    async def found(self) -> None:
        """Make the home, the database, an organization `acme` and a token of its administrator."""
        prepare_home(Settings(home=self.home, **self.settings))
        async with self.operator() as operator:
            await upgrade(operator.hub.database)
            await admit_keys(operator)
            await create_organization(operator, CreateOrganization(name="Acme", slug="acme"))
            wanted = IssueToken(organization="acme", username="admin", name="test")
            self.token = (await issue_token(operator, wanted)).secret

    @asynccontextmanager
    async def operator(self) -> AsyncIterator[Caller]:
        """Who runs commands, in this process and without a server."""
        hub = build_hub(Settings(home=self.home, **self.settings))
        try:
            yield Caller.operator(hub)
        finally:
            await hub.recorder.close()
            await hub.database.close()

    async def must(self, *arguments: str, **settings: object) -> str:
        """What a command printed that succeeded."""
        done = await self.run(*arguments, **settings)
        assert done.code == 0, done
        return done.out

    async def run(self, *arguments: str, **settings: object) -> Done:
        """A command to its end."""
        return await self.start("cli.py", *arguments, **settings).ended()

    def start(self, *command: str, by: Start | None = None, **settings: object) -> Running:
        """A program that runs."""
        environment = child_environment(**{"home": self.home} | self.settings | settings)
        return Running([*command], environment, by or self.fork)

    async def serve(self, home: Path | None = None, **settings: object) -> ServerProcess:
        """Another server process; `home` is this one's, or that of another machine."""
        given = {"master_keys": "", "egress_allow": "127.0.0.0/8"} | self.settings | settings
        return await asyncio.to_thread(self.start_server, home or self.home, **given)

    @asynccontextmanager
    async def client(self, process: ServerProcess) -> AsyncIterator[GraphQL]:
        """The administrator at a process."""
        async with httpx.AsyncClient(base_url=process.url, timeout=60, **PLAIN_HTTP) as http:
            yield GraphQL(http, self.token)


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()
