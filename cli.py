"""The operator's commands: `python cli.py --help`."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from models.errors import Conflict, DomainError
from models.key_file import KeyFile
from models.secret import Keyring
from models.vocabulary import Permission, TokenReach
from resolvers.caller import Caller
from resolvers.mutations.master_key import complete_rotation, sealing_version
from resolvers.mutations.organization import (
    CreateOrganization,
    IssueToken,
    create_organization,
    issue_token,
)
from resolvers.queries.master_key import list_keys
from resolvers.rotation.ring import add_key, find_unfinished, next_version, remove_key
from resolvers.rotation.rotate import Advance, Rotation, count_secrets, older_than, rotating
from schema.build import build_schema
from server import main, prepare_home
from settings import read_settings
from wiring import build_hub, prepare

T = TypeVar("T")
_NO_NEW_KEY = (
    "Every secret is sealed with the newest master key, and PATCHBAY_MASTER_KEYS is not the hub's to change."
    " `keys add` prints a line: put it beside the others there, restart every process of the hub, and run this again."
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Operate a Patchbay hub.")
organizations = typer.Typer(no_args_is_help=True, help="Tenants.")
tokens = typer.Typer(no_args_is_help=True, help="Bearer tokens.")
keys = typer.Typer(no_args_is_help=True, help="Master keys, which seal stored secrets.")
app.add_typer(organizations, name="org")
app.add_typer(tokens, name="token")
app.add_typer(keys, name="keys")


@app.command()
def init() -> None:
    """Make the home directory and its master key, where there is none yet."""
    settings = _or_exit(read_settings)
    made = _or_exit(lambda: prepare_home(settings))
    what = "Made" if made else "Kept"
    print(f"{what} the master key of {settings.home.resolve()}. Back it up: without it stored secrets are lost.")


@app.command()
def migrate() -> None:
    """Bring the database to what this version of the hub expects, and its catalogue of vendors to its files."""
    _run(lambda caller: prepare(caller.hub))
    print("The database is up to date.")


@app.command()
def serve() -> None:
    """Serve, as `python server.py` does."""
    main()


@app.command()
def sdl() -> None:
    """Print the schema of the graph."""
    print(build_schema().as_str())


@organizations.command("create")
def organization_create(
    name: Annotated[str, typer.Argument(help="Display name.")],
    slug: Annotated[str | None, typer.Option(help="Kebab-case name; from the name unless given.")] = None,
    username: Annotated[str, typer.Option(help="Its first user.")] = "admin",
    display_name: Annotated[str, typer.Option(help="The first user's display name.")] = "Administrator",
    email: Annotated[str | None, typer.Option(help="The first user's e-mail address.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Who the first user is for JWTs and in other organizations; fixed from now on.")
    ] = None,
) -> None:
    """Make a tenant and its first user, who may do everything. Prints its id and slug."""
    new = CreateOrganization(
        name=name, slug=slug, username=username, display_name=display_name, email=email, subject=subject
    )
    made = _run(lambda caller: create_organization(caller, new))
    print(f"{made.organization.id} {made.organization.slug}")


@tokens.command("create")
def token_create(
    organization: Annotated[str, typer.Argument(help="Slug or id of the organization.")],
    username: Annotated[str, typer.Option(help="Whose token.")] = "admin",
    name: Annotated[str, typer.Option(help="Label.")] = "Command line",
    permission: Annotated[
        list[Permission] | None, typer.Option(help="What it may do; all that the user may, unless given.")
    ] = None,
    expires: Annotated[datetime | None, typer.Option(help="When it ends, UTC.")] = None,
    reach: Annotated[
        TokenReach,
        typer.Option(
            case_sensitive=False,
            help="SUBJECT: it also acts, by X-Hub-Id, in other organizations that have a user of the same subject.",
        ),
    ] = TokenReach.ORGANIZATION,
) -> None:
    """Make a token for a user. Prints its text, this once."""
    new = IssueToken(
        organization=organization,
        username=username,
        name=name,
        permissions=permission or None,
        expires_at=None if expires is None else int(expires.replace(tzinfo=UTC).timestamp() * 1000),
        reach=reach,
    )
    print(_run(lambda caller: issue_token(caller, new)).secret)


@keys.command("list")
def keys_list() -> None:
    """Show every key, which one seals, and how many secrets of each column each of them has sealed."""
    for line in _run(_describe):
        print(line)


@keys.command("add")
def keys_add() -> None:
    """Make a key that seals nothing yet, so that machines that share no key file can all have it before `rotate`.

    It joins the key file, which running processes read again by themselves. Copy the file to the other machines.
    Where the keys are in PATCHBAY_MASTER_KEYS, the line to put there is printed: add it for every process, restart
    each of them, then run `rotate`.
    """
    file = _key_file()
    if file is None:
        print(Keyring.generate(_run(next_version)), end="")
        return
    version = _run(lambda caller: add_key(caller, file))
    print(f"Master key {version} is in {file.path} and seals nothing yet. Once every machine has it: `keys rotate`.")


@keys.command("rotate")
def keys_rotate() -> None:
    """Seal every secret anew with the newest key, while the hub goes on; no read of a secret fails meanwhile.

    Where the newest key has sealed everything already, a newer one is made first, in the key file. It may be killed
    at any moment: run it again and it goes on. At the end every secret is opened once. Those that do not open are
    named here and in the audit of their organizations, and the exit code is 1. Old keys stay until `remove`.
    """
    file = _key_file()
    faults = _run(lambda caller: _rotate(caller, file))
    if faults:
        sys.exit("\n".join(faults))


@keys.command("remove")
def keys_remove(version: Annotated[int, typer.Argument(help="The key's version, as `list` shows it.")]) -> None:
    """Remove an old key that no stored secret needs any longer; refuses while one does, and says which.

    What it signed ends with it: cursors, addresses of icons and connect links given out before the rotation.
    Processes that run forget it within seconds.
    """
    file = _key_file()
    removed = _run(lambda caller: remove_key(caller, version, file))
    where = f"is out of {file.path}" if file and removed else "is needed no longer: take it out of where it stands"
    print(f"Master key {version} {where}.")


async def _describe(caller: Caller) -> list[str]:
    known, counts = await list_keys(caller), await count_secrets(caller)
    sealing, here = sealing_version(known), caller.hub.keyring.versions
    lines = []
    for key in known:
        state = "seals" if key.version == sealing else "opens" if key.sealing_since else "seals nothing yet"
        state = "removed" if key.removed_at else state
        used = [f"{column} {found[key.version]:,}" for column, found in counts.items() if key.version in found]
        missing = "" if key.version in here or key.removed_at else ", missing here"
        lines.append(f"{key.version} {key.fingerprint[:8]} {state}{missing}: {', '.join(used) or 'no secret'}")
    new = set(here) - {key.version for key in known}
    return lines + [
        f"{version} is new: it is entered when a server starts, or by `rotate`" for version in sorted(new)
    ]


async def _rotate(caller: Caller, file: KeyFile | None) -> list[str]:
    """Says what was done; answers what is wrong."""
    version = await find_unfinished(caller)
    if version is None:
        if file is None:
            raise Conflict(_NO_NEW_KEY)
        version = await add_key(caller, file)
    async with rotating(caller, version) as rotation:
        counts = await count_secrets(caller)
        with _bar(older_than(rotation.version, counts), "Sealing anew") as advance:
            left = await rotation.reseal(advance)
        with _bar(sum(sum(found.values()) for found in counts.values()), "Opening all") as advance:
            await rotation.check(advance)
    print(
        f"Sealed {rotation.resealed:,} secrets anew with master key {rotation.version} in {rotation.seconds:.1f} s,"
        f" {rotation.resealed / max(rotation.seconds, 0.001):,.0f} a second; opened all {rotation.checked:,}."
    )
    faults = _faults(rotation, left)
    if not faults:
        await complete_rotation(caller, version)
    return faults


def _faults(rotation: Rotation, left: int) -> list[str]:
    faults = [
        f"The {place.column} of {place.table} {place.row_id}, organization {place.organization_id}, cannot be opened."
        for place in rotation.unreadable
    ]
    if left:
        faults.append(
            f"{left} secrets were sealed with older keys meanwhile: see that every process has master key"
            f" {rotation.version}, and run this again."
        )
    return faults


@contextmanager
def _bar(length: int, label: str) -> Iterator[Advance]:
    """A bar of rows, and how many a second; on a terminal only."""
    started, done = time.monotonic(), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        bar.update(count)

    def rate(_item: object) -> str:
        return f"{done / (time.monotonic() - started):,.0f} rows/s"

    with typer.progressbar(length=length, label=label, show_pos=True, item_show_func=rate) as bar:
        yield advance


def _key_file() -> KeyFile | None:
    """None where the keys are in a variable."""
    path = _or_exit(read_settings).changeable_key_file
    return KeyFile(path) if path else None


def _run(work: Callable[[Caller], Awaitable[T]]) -> T:
    """Do something as the operator; a refusal is its sentence on stderr and exit code 1."""

    async def inside() -> T:
        hub = build_hub(read_settings())
        try:
            return await work(Caller.operator(hub))
        finally:
            await hub.recorder.close()
            await hub.database.close()

    return _or_exit(lambda: asyncio.run(inside()))


def _or_exit(work: Callable[[], T]) -> T:
    try:
        return work()
    except (ValueError, DomainError) as refusal:
        sys.exit(str(refusal))


if __name__ == "__main__":
    app()
