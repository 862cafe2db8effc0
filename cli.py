"""The operator's commands: `python cli.py --help`.

Each command imports its modules when it runs, so that it does not wait for those of the others.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from hub.starting import CannotStart, loading, prepare_home, starting
from models.key_file import KeyFile
from models.vocabulary import Permission, TokenReach
from settings import read_settings

T = TypeVar("T")

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Operate a Patchbay hub."
)
organizations = typer.Typer(no_args_is_help=True, help="Tenants.")
tokens = typer.Typer(no_args_is_help=True, help="Bearer tokens.")
keys = typer.Typer(no_args_is_help=True, help="Master keys, which seal stored secrets.")
app.add_typer(organizations, name="org")
app.add_typer(tokens, name="token")
app.add_typer(keys, name="keys")


@app.command()
def init() -> None:
    """Make the home directory and its master key if they do not exist."""
    settings = _or_exit(read_settings)
    is_new = _or_exit(lambda: prepare_home(settings))
    what = "Made" if is_new else "Kept"
    print(f"{what} the master key of {settings.home.resolve()}. Back it up: without it stored secrets are lost.")


@app.command()
def migrate() -> None:
    """Migrate the database to this version of the hub, and copy the catalogue's files into it.

    Stored secrets may go to the `hosts` that those files list from then on.
    """
    with loading():
        from commands.organizations import migrate
    for sentence in migrate():
        print(sentence)
    print("The database is up to date.")


@app.command()
def serve() -> None:
    """Serve, as `python server.py` does."""
    from server import main

    main()


@app.command()
def sdl() -> None:
    """Print the schema of the graph."""
    with loading():
        from schema.build import build_schema
    print(build_schema().as_str())


@organizations.command("create")
def organization_create(
    name: Annotated[str, typer.Argument(help="Display name.")],
    slug: Annotated[str | None, typer.Option(help="Kebab-case name; made from the name by default.")] = None,
    username: Annotated[str, typer.Option(help="Its first user.")] = "admin",
    display_name: Annotated[str, typer.Option(help="The first user's display name.")] = "Administrator",
    email: Annotated[str | None, typer.Option(help="The first user's e-mail address.")] = None,
    subject: Annotated[
        str | None, typer.Option(help="Identity of the first user in JWTs and other organizations; unchangeable.")
    ] = None,
) -> None:
    """Make a tenant and its first user, who has every permission. Prints its id and slug."""
    with loading():
        from commands.organizations import add_organization
        from resolvers.people.organization import CreateOrganization
    new = CreateOrganization(
        name=name, slug=slug, username=username, display_name=display_name, email=email, subject=subject
    )
    print(add_organization(new))


@tokens.command("create")
def token_create(
    organization: Annotated[str, typer.Argument(help="Slug or id of the organization.")],
    username: Annotated[str, typer.Option(help="User that the token belongs to.")] = "admin",
    name: Annotated[str, typer.Option(help="Label.")] = "Command line",
    permission: Annotated[
        list[Permission] | None, typer.Option(help="A permission; repeat for several. By default all of the user's.")
    ] = None,
    expires: Annotated[datetime | None, typer.Option(help="End of its validity, UTC.")] = None,
    reach: Annotated[
        TokenReach,
        typer.Option(
            case_sensitive=False,
            help="SUBJECT: it also acts, by X-Hub-Id, in other organizations that have a user of the same subject.",
        ),
    ] = TokenReach.ORGANIZATION,
) -> None:
    """Make a token for a user. Prints its text, which is not shown again."""
    with loading():
        from commands.organizations import add_token
        from resolvers.people.organization import IssueToken
    new = IssueToken(
        organization=organization,
        username=username,
        name=name,
        permissions=permission or None,
        expires_at=None if expires is None else int(expires.replace(tzinfo=UTC).timestamp() * 1000),
        reach=reach,
    )
    print(add_token(new))


@keys.command("list")
def keys_list() -> None:
    """Show every key, its state, and how many secrets of each column it has sealed."""
    with loading():
        from commands.keys import show
    show()


@keys.command("add")
def keys_add() -> None:
    """Make a key that seals nothing yet, so that machines without a shared key file can all have it before `rotate`.

    The key is added to the key file, which running processes read again by themselves. Copy the file to the other
    machines. If the keys are in PATCHBAY_MASTER_KEYS, the line to add is printed: add it for every process, restart
    each of them, then run `rotate`.
    """
    with loading():
        from commands.keys import add
    add(_key_file())


@keys.command("rotate")
def keys_rotate() -> None:
    """Re-seal every secret with the newest key while the hub runs; no read of a secret fails meanwhile.

    If the newest key has sealed everything already, a newer one is first added to the key file. The command may be
    killed at any moment: run it again and it continues. At the end every secret is opened once. Those that do not
    open are named here and in the audit of their organizations, and the exit code is 1. Old keys stay until `remove`.
    """
    with loading():
        from commands.keys import rotate
    rotate(_key_file())


@keys.command("remove")
def keys_remove(version: Annotated[int, typer.Argument(help="The key's version, as `list` shows it.")]) -> None:
    """Remove an old key that no stored secret needs; refuses while one does, and says which.

    Cursors, icon addresses and connect links that it signed before the rotation become invalid. Running processes
    forget it within seconds.
    """
    with loading():
        from commands.keys import remove
    remove(version, _key_file())


def _key_file() -> KeyFile | None:
    """None if the keys are in a variable."""
    path = _or_exit(read_settings).changeable_key_file
    return KeyFile(path) if path else None


def _or_exit(work: Callable[[], T]) -> T:
    try:
        with starting():
            return work()
    except CannotStart as why:
        sys.exit(str(why))


if __name__ == "__main__":
    app()
