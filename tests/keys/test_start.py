"""A process whose master keys are not those of its database does not start, and says why."""

from __future__ import annotations

import base64
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from models.database import Database
from models.secret import Keyring
from tests.conftest import CATALOGUE
from tests.harness.programs import Start, execute
from tests.harness.server import ServerProcess, free_port
from tests.keys.operating import Operated
from tests.keys.sealed import seal_connections, versions

SHORT = f"1:{base64.b64encode(b'k' * 31).decode()}\n"
MISSING = "Master key 1 is missing, and this database's secrets need it; put it back."
WRONG = "Master key 1 is not the key with which this database's secrets are sealed; put the right one back."


def no_server(*_: object, **__: object) -> ServerProcess:
    """None of these tests starts one."""
    raise AssertionError


@pytest.fixture(scope="module")
async def founded(
    new_migrated_database, fork: Start, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Operated]:
    """A hub with a database that no process of these tests changes: none has its keys."""
    async with new_migrated_database() as url:
        home = tmp_path_factory.mktemp("founded")
        settings: dict[str, object] = {"database_url": url, "catalogue": CATALOGUE}
        hub = Operated(home=home, start_server=no_server, fork=fork, settings=settings)
        await hub.found()
        yield hub


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda _: Keyring.generate(1), WRONG),
        (lambda _: Keyring.generate(2), MISSING),
        (lambda text: text.replace("1:", "2:"), MISSING),
        (lambda _: SHORT, "Master key 1 has 31 bytes; it must have 32."),
        (lambda _: "", "There is no master key."),
        (lambda _: None, "There is no master key: run `python cli.py init` for a new hub, set PATCHBAY_MASTER_KEYS,"),
    ],
    ids=["wrong", "another version", "renumbered", "short", "empty", "no file"],
)
@pytest.mark.parametrize("program", ["server", "worker"])
async def test_does_not_start_without_the_right_keys(
    founded: Operated, tmp_path: Path, program: str, spoil: Callable[[str], str | None], sentence: str
) -> None:
    mistaken = replace(founded, home=tmp_path)
    shutil.copy(founded.key_file, mistaken.key_file)
    text = spoil(mistaken.key_file.read_text())
    mistaken.key_file.unlink() if text is None else mistaken.key_file.write_text(text)

    ended = await mistaken.start(f"{program}.py", port=free_port()).ended()

    (said,) = ended.err.splitlines()
    assert (ended.code, ended.out) == (1, "")
    assert said.startswith({"server": "The hub cannot start. ", "worker": "The worker cannot start. "}[program])
    assert sentence in said


async def test_a_command_with_the_wrong_key_changes_nothing(operated: Operated, beside: Database) -> None:
    await seal_connections(beside, operated.keyring, 3)
    operated.key_file.write_text(Keyring.generate(1))

    done = await operated.start("cli.py", "keys", "rotate", by=execute).ended()

    assert (done.code, done.err) == (1, f"{WRONG}\n")
    assert await versions(beside) == {1: 3}
    assert operated.keyring.versions == (1,)
