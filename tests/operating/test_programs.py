"""The programs as an operator runs them: how they refuse to start, and what they load."""

from __future__ import annotations

import asyncio
import ctypes
import re
import socket
import sqlite3
import subprocess
import sys
from tempfile import TemporaryFile

import pytest

from models.revision import revisions
from models.secret import Keyring
from tests.harness.server import ROOT, child_environment, free_port

KEYS = Keyring.generate()
#: linux/prctl.h, linux/capability.h: root may read and write everything but for these.
DROP_FROM_BOUNDING_SET, OVERRIDES = 24, (1, 2)


def unprivileged():
    """Runs in the child: file modes hold for it even where it is root's."""
    prctl = ctypes.CDLL(None).prctl
    for capability in OVERRIDES:
        prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


def environment(settings):
    """Of a program."""
    return child_environment(**{"master_keys": KEYS, "port": free_port()} | settings)


def run(*command, **settings):
    """A program to its end, by an interpreter of its own."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(settings),
        preexec_fn=unprivileged,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def forked(fork):
    """Runs a program to its end, by a fork that need not import it."""

    def run(*command, **settings):
        with TemporaryFile() as out, TemporaryFile() as err:
            code = fork([*command], environment(settings), out, err).wait(120)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, code, out.read().decode(), err.read().decode())

    return run


async def refused(run, *command, **settings):
    """What a program says that does not start, and nothing else."""
    ended = await asyncio.to_thread(run, *command, **settings)
    assert (ended.returncode, ended.stdout) == (1, ""), ended
    (said,) = ended.stderr.splitlines()
    return said


async def test_a_server_whose_port_is_taken_says_so_before_it_touches_anything(forked, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = await refused(forked, "server.py", home=tmp_path, port=port)

    assert said == (
        f"The hub cannot start. PATCHBAY_PORT: another program listens on {port} of 127.0.0.1. End it, or set another"
        " port."
    )
    assert list(tmp_path.iterdir()) == []


async def test_a_server_whose_home_is_read_only(tmp_path):
    tmp_path.chmod(0o555)
    said = await refused(run, "server.py", home=tmp_path)
    tmp_path.chmod(0o755)

    assert said.startswith(f"The hub cannot start. The database {tmp_path}/patchbay.sqlite3 cannot be opened: user ")
    assert said.endswith(f" may not read and write {tmp_path}.")


async def test_a_worker_whose_database_does_not_listen(forked, tmp_path):
    port = free_port()

    url = f"postgresql://hub:hunter2@127.0.0.1:{port}/hub"
    said = await refused(forked, "worker.py", home=tmp_path, database_url=url)

    assert said == (
        f"The worker cannot start. PostgreSQL at 127.0.0.1:{port} cannot be reached: Connection refused."
        " Check that it runs and that its address is right."
    )


async def test_a_command_whose_database_is_a_newer_hubs(forked, tmp_path):
    connection = sqlite3.connect(tmp_path / "patchbay.sqlite3")
    connection.executescript(
        "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')"
    )
    connection.close()

    said = await refused(forked, "cli.py", "migrate", home=tmp_path)

    assert said.startswith(f"The database is at revision 9999, this version of the hub ends at {revisions()[-1]}: ")


async def test_a_command_before_the_first_migration(forked, tmp_path):
    said = await refused(forked, "cli.py", "token", "create", "acme", home=tmp_path)

    assert said == "The database is not migrated to this version of the hub: run `python cli.py migrate` first."


async def test_everything_that_is_wrong_with_the_settings_is_said(forked, tmp_path):
    wrong = {"master_keys": "", "port": "none", "body_timeout": 0}
    ended = await asyncio.to_thread(forked, "cli.py", "init", home=tmp_path, **wrong)

    assert (ended.returncode, ended.stdout) == (1, "")
    assert [line.partition(":")[0] for line in ended.stderr.splitlines()] == [
        "PATCHBAY_PORT",
        "PATCHBAY_BODY_TIMEOUT",
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("command", "left_out"),
    [
        (["cli.py", "--help"], {"sqlalchemy", "httptools", "strawberry", "starlette", "uvicorn", "alembic"}),
        (["cli.py", "keys", "list"], {"strawberry", "starlette", "uvicorn", "alembic"}),
        (["worker.py"], {"strawberry", "starlette", "uvicorn", "alembic"}),
    ],
)
async def test_loads_what_it_needs(tmp_path, command, left_out):
    """A newer hub's database, so that each command ends by itself once everything is loaded."""
    connection = sqlite3.connect(tmp_path / "patchbay.sqlite3")
    connection.executescript(
        "CREATE TABLE alembic_version (version_num TEXT); INSERT INTO alembic_version VALUES ('9999')"
    )
    connection.close()

    ended = await asyncio.to_thread(run, "-X", "importtime", *command, home=tmp_path)

    loaded = set(re.findall(r"\| +(\w+)$", ended.stderr, re.MULTILINE))
    assert "typer" in loaded or "hub" in loaded
    assert loaded & left_out == set()
