"""Whatever keeps a hub from starting is one sentence that says what to do, and no secret."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import make_url, text

from hub.starting import CannotStart, bound, prepare_home, starting
from hub.wiring import build_hub, catalogue_of, prepare
from models.pace import Pace
from models.secret import Keyring
from settings import Settings
from tests.conftest import CATALOGUE
from tests.harness.databases import opened, postgresql_database
from tests.harness.proxy import DatabaseProxy

KEYS = Keyring.generate()
ESCAPED = "a `:`, `/` or `@` in a user name or a password is written %3A, %2F or %40."
ADVICE = "Check that it runs and that its address is right."
#: https://www.postgresql.org/docs/current/protocol-message-formats.html
WRONG_PASSWORD = b'SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed for user "hub"\0\0'


async def refused(**settings):
    """The sentence that a hub of these settings is refused with."""
    with pytest.raises(CannotStart) as why:
        await _start(Settings(**{"master_keys": KEYS, "catalogue": CATALOGUE, **settings}))
    assert "hunter" not in str(why.value)
    assert "\n" not in str(why.value)
    return str(why.value)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("hello", "The database is written as postgresql://user:password@host/database or sqlite:///file."),
        ("mysql://hub:hunter2@db/hub", "The database must be sqlite or postgresql, not mysql; it is written as"
         " postgresql://user:password@host/database or sqlite:///file."),
        ("postgresql://hub:hunter2@db:port/hub", f"The port of the database must be a number; {ESCAPED}"),
        ("postgresql://hub:p@hunter2@db/hub", f"The address of the database has more than one @: {ESCAPED}"),
        ("postgresql://hub:p@hunter/2@db/hub", f"The address of the database has more than one @: {ESCAPED}"),
        ("postgresql://hub:hunter2@db/hub?sslmode=hunter", "The database has no option sslmode; write ssl= for it."),
        ("postgresql://hub:hunter2@db/hub?color=hunter", "The database has no option color; there are gsslib, host,"
         " krbsrvname, passfile, port, ssl, target_session_attrs."),
        ("sqlite://", "A database in memory is lost at each stop and not shared; name a file, as sqlite:///file."),
        ("sqlite://:memory:", "The port of the database must be a number; " + ESCAPED),
        ("sqlite://srv/hub.sqlite3", "A file on this machine has three slashes before it, as sqlite:///file;"
         " sqlite:////srv/file."),
        ("sqlite:///a?cache=shared", "A SQLite database has no options; leave out what follows the question mark."),
    ],
)  # fmt: skip
async def test_an_address_that_is_none(tmp_path, url, sentence):
    assert await refused(home=tmp_path, database_url=url) == f"PATCHBAY_DATABASE_URL: {sentence}"


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"master_keys": "1:hunter2"}, "PATCHBAY_MASTER_KEYS: A master key must be written as `version:base64`."),
        ({"egress_allow": "10.0.0.0/99"}, "PATCHBAY_EGRESS_ALLOW: `10.0.0.0/99` is not a network such as 10.1.2.0/24,"
         " with or without :port."),
        ({"jwt_issuer": "https://id.example.com"}, "PATCHBAY_JWT_ISSUER needs PATCHBAY_JWT_AUDIENCE and"
         " PATCHBAY_JWT_KEYS too; set both."),
        ({"jwt_issuer": "i", "jwt_audience": ("a",), "jwt_keys": "hunter" * 100}, "PATCHBAY_JWT_KEYS is neither a"
         " URL nor a readable JWK set: File name too long."),
    ],
)  # fmt: skip
async def test_a_value_that_cannot_be_names_its_variable(tmp_path, settings, sentence):
    assert await refused(home=tmp_path, **settings) == sentence


async def test_an_algorithm_with_a_shared_secret(tmp_path):
    jwt = {
        "jwt_issuer": "i",
        "jwt_audience": ("a",),
        "jwt_keys": "https://id.example.com",
        "jwt_algorithms": ("HS256",),
    }

    said = await refused(home=tmp_path, **jwt)

    assert said.startswith("PATCHBAY_JWT_ALGORITHMS: JWTs are verified by one of RS256, ")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a: [b", "c/a.yaml cannot be read as YAML: while parsing"),
        (b"\xff\xfe\x00", "c/a.yaml cannot be read as YAML: "),
        (b"a: b", "c/a.yaml is no definition. vendor: It must be given."),
    ],
)
async def test_a_catalogue_that_is_broken(tmp_path, content, said):
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "a.yaml").write_bytes(content)

    assert (await refused(home=tmp_path, catalogue=tmp_path / "c")).startswith(said)


async def test_a_catalogue_that_is_not_there(tmp_path):
    said = await refused(home=tmp_path, catalogue=tmp_path / "c")

    assert said == f"There is no catalogue of vendors at {tmp_path}/c."


async def test_a_file_that_is_no_database(tmp_path):
    file = tmp_path / "patchbay.sqlite3"
    file.write_bytes(b"this is no database " * 100)

    said = await refused(home=tmp_path)

    assert said == f"The file {file} is not a SQLite database, or is damaged: name another file, or restore a backup."
    assert file.read_bytes() == b"this is no database " * 100


async def test_a_folder_that_is_not_there(tmp_path):
    said = await refused(home=tmp_path, database_url=f"sqlite:///{tmp_path}/no/hub.sqlite3")

    assert said == f"The database {tmp_path}/no/hub.sqlite3 cannot be opened: there is no folder {tmp_path}/no."


async def test_a_database_of_a_newer_hub(tmp_path):
    await _start(Settings(home=tmp_path, master_keys=KEYS, catalogue=CATALOGUE))
    _execute(tmp_path, "UPDATE alembic_version SET version_num = '9999'")

    said = await refused(home=tmp_path)

    assert said.startswith("The database is at revision 9999, this version of the hub ends at 0")
    assert said.endswith(". Start the newer one, or restore a backup from before the migration.")


async def test_a_database_of_somebody_elses(tmp_path):
    _execute(tmp_path, "CREATE TABLE token (text TEXT)")

    said = await refused(home=tmp_path)

    assert said == "The database has tables of another program, such as token: give the hub an empty database."
    assert _execute(tmp_path, "SELECT name FROM sqlite_master") == [("token",)]


async def test_a_postgresql_that_does_not_listen(tmp_path, postgresql):
    with DatabaseProxy(postgresql) as proxy:
        proxy.refuse()
        said = await refused(home=tmp_path, database_url=_with_password(proxy.url))

    place = make_url(proxy.url).port
    assert said == f"PostgreSQL at 127.0.0.1:{place} cannot be reached: Connection refused. {ADVICE}"


async def test_a_postgresql_that_does_not_answer(tmp_path, postgresql):
    with DatabaseProxy(postgresql) as proxy:
        proxy.silence()
        async with asyncio.timeout(20):
            pace = Pace(database_connection=0.5)
            said = await refused(home=tmp_path, database_url=_with_password(proxy.url), pace=pace)

    assert said == f"PostgreSQL at 127.0.0.1:{make_url(proxy.url).port} does not answer within 0.5 seconds. {ADVICE}"


async def test_a_host_that_has_no_address(tmp_path):
    said = await refused(home=tmp_path, database_url="postgresql://hub:hunter2@nowhere.invalid/hub")

    assert said == f"PostgreSQL at nowhere.invalid:5432 cannot be reached: its name has no address. {ADVICE}"


async def test_a_wrong_password(tmp_path):
    async with _answering(b"E" + (len(WRONG_PASSWORD) + 4).to_bytes(4, "big") + WRONG_PASSWORD) as port:
        said = await refused(home=tmp_path, database_url=f"postgresql://hub:hunter2@127.0.0.1:{port}/hub?ssl=disable")

    assert said == (
        f'PostgreSQL at 127.0.0.1:{port} does not let the hub in: password authentication failed for user "hub".'
        " Check user and password in its address."
    )


async def test_a_server_that_is_no_postgresql(tmp_path):
    async with _answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        said = await refused(home=tmp_path, database_url=f"postgresql://hub:hunter2@127.0.0.1:{port}/hub?ssl=disable")

    assert said.startswith(f"PostgreSQL at 127.0.0.1:{port} cannot be ")


async def test_a_user_and_a_database_that_are_not_there(tmp_path, postgresql):
    with DatabaseProxy(postgresql) as proxy:
        place = make_url(proxy.url)
        nobody = await refused(home=tmp_path, database_url=_shown(place.set(username="nobody")))
        nothing = await refused(home=tmp_path, database_url=_shown(place.set(database="nothing")))

    where = f"PostgreSQL at 127.0.0.1:{place.port}"
    assert nobody == (
        f'{where} does not let the hub in: role "nobody" does not exist. Check user and password in its address.'
    )
    assert nothing == f"{where} has no database nothing: create it, or name another."


async def test_a_user_who_may_not_make_tables(tmp_path, postgresql):
    async with postgresql_database(postgresql) as url, opened(url) as database:
        async with database.write() as session:
            for statement in ("CREATE ROLE weak LOGIN", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"):
                await session.execute(text(statement))
        said = await refused(home=tmp_path, database_url=_shown(make_url(url).set(username="weak")))
        async with database.write() as session:
            await session.execute(text("DROP ROLE weak"))

    assert said.endswith(" does not let weak do what the hub needs: permission denied for schema public.")


def test_a_port_that_is_taken():
    (first,) = bound("127.0.0.1", 0)
    first.listen()
    port = first.getsockname()[1]

    with first, pytest.raises(ValueError, match="PATCHBAY_PORT") as why:
        bound("127.0.0.1", port)

    assert str(why.value) == (
        f"PATCHBAY_PORT: another program listens on {port} of 127.0.0.1. End it, or set another port."
    )


@pytest.mark.parametrize(
    ("host", "sentence"),
    [
        ("203.0.113.9", "PATCHBAY_HOST: 203.0.113.9 is no address of this machine. 127.0.0.1 is, and 0.0.0.0 is every"
         " one."),
        ("nowhere.invalid", "PATCHBAY_HOST: nowhere.invalid is neither an address nor a name that resolves to one."),
    ],
)  # fmt: skip
def test_a_host_that_is_not_this_machine(host, sentence):
    with pytest.raises(ValueError, match="PATCHBAY_HOST") as why:
        bound(host, 0)

    assert str(why.value) == sentence


def test_a_home_that_is_a_file(tmp_path):
    (tmp_path / "home").write_text("")

    with pytest.raises(ValueError, match="cannot be made or read: File exists"):
        prepare_home(Settings(home=tmp_path / "home"))


def test_a_key_that_is_a_folder_or_no_key_is_not_kept(tmp_path):
    (tmp_path / "master.key").mkdir()
    with pytest.raises(ValueError, match="cannot be read: Is a directory"):
        prepare_home(Settings(home=tmp_path))

    (tmp_path / "master.key").rmdir()
    (tmp_path / "master.key").write_text("hello\n")
    with pytest.raises(ValueError, match="must be written as `version:base64`"):
        prepare_home(Settings(home=tmp_path))


def _shown(url):
    return url.render_as_string(hide_password=False)


def _with_password(url):
    return _shown(make_url(url).set(password="hunter2"))


async def _start(settings):
    """As far as the database is prepared."""
    with starting():
        hub = build_hub(settings)
        try:
            await prepare(hub, catalogue_of(settings))
        finally:
            await hub.recorder.close()
            await hub.database.close()


def _execute(home, statement):
    connection = sqlite3.connect(home / "patchbay.sqlite3")
    rows = connection.execute(statement).fetchall()
    connection.commit()
    connection.close()
    return rows


@asynccontextmanager
async def _answering(content):
    """A server on loopback that answers whatever it is told with this."""

    async def answer(reader, writer):
        await reader.read(1)
        writer.write(content)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
