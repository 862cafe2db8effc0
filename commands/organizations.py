"""Commands about tenants, their tokens and their database."""

from __future__ import annotations

from collections.abc import Sequence

from commands.running import run
from hub.wiring import catalogue_of, prepare
from resolvers.caller import Caller
from resolvers.capabilities.soundness import list_unsound_schemas
from resolvers.credentials.hosts import add_hosts
from resolvers.people.organization import CreateOrganization, IssueToken, create_organization, issue_token
from resolvers.rotation.mutations import admit_keys
from settings import read_settings


def migrate() -> Sequence[str]:
    """Migrate the database to this version of the hub, and copy the catalogue's files into it.

    Stored secrets may go to the `hosts` that those files list from then on. Answers a sentence for each stored schema
    that this version can no longer use.
    """
    return run(_migrate, migrated=False)


async def _migrate(caller: Caller) -> Sequence[str]:
    catalogue = catalogue_of(read_settings())
    await prepare(caller.hub, catalogue)
    if any(definition.hosts for definition in catalogue):
        await _add_hosts(caller)
    return await list_unsound_schemas(caller)


async def _add_hosts(caller: Caller) -> None:
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
