"""Commands about tenants, their tokens and their database."""

from __future__ import annotations

from commands.running import run
from hub.wiring import catalogue_of, prepare
from resolvers.caller import Caller
from resolvers.credentials.hosts import add_hosts
from resolvers.people.organization import CreateOrganization, IssueToken, create_organization, issue_token
from resolvers.rotation.mutations import admit_keys
from settings import read_settings


def migrate() -> None:
    """Migrate the database to this version of the hub, and copy the catalogue's files into it.

    Stored secrets may go to the `hosts` that those files list from then on.
    """
    run(_migrate, migrated=False)


async def _migrate(caller: Caller) -> None:
    catalogue = catalogue_of(read_settings())
    await prepare(caller.hub, catalogue)
    if not any(definition.hosts for definition in catalogue):
        return
    caller.hub.keyring.seal_with(await admit_keys(caller))
    last: str | None = ""
    while last is not None:
        last = await add_hosts(caller, last)


def add_organization(new: CreateOrganization) -> str:
    """Make a tenant and its first user. Answers its id and slug."""
    made = run(lambda caller: create_organization(caller, new))
    return f"{made.organization.id} {made.organization.slug}"


def add_token(new: IssueToken) -> str:
    """Make a token for a user. Answers its text."""
    return run(lambda caller: issue_token(caller, new)).secret
