"""The operator's commands: `python cli.py --help`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import typer

from models.errors import DomainError
from models.vocabulary import Permission, TokenReach
from resolvers.caller import Caller
from resolvers.mutations.organization import (
    CreateOrganization,
    IssueToken,
    create_organization,
    issue_token,
)
from schema.build import build_schema
from server import main, prepare_home
from settings import read_settings
from wiring import build_hub, prepare

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Operate a Patchbay hub.")
organizations = typer.Typer(no_args_is_help=True, help="Tenants.")
tokens = typer.Typer(no_args_is_help=True, help="Bearer tokens.")
app.add_typer(organizations, name="org")
app.add_typer(tokens, name="token")


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
