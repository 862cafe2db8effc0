"""Commands about tenants, their tokens and their database."""

from __future__ import annotations

from collections.abc import Sequence

from commands.running import run
from hub.wiring import catalogue_of, prepare
from resolvers.caller import Caller
from resolvers.capabilities.soundness import list_unsound_schemas
from resolvers.people.organization import CreateOrganization, IssueToken, create_organization, issue_token
from settings import read_settings


def migrate() -> Sequence[str]:
    """Migrate the database to this version of the hub, and copy the catalogue's files into it.

    Answers a sentence for each stored schema that this version can no longer use.
    """
    return run(_migrate, migrated=False)


async def _migrate(caller: Caller) -> Sequence[str]:
    await prepare(caller.hub, catalogue_of(read_settings()))
    return await list_unsound_schemas(caller)


def add_organization(new: CreateOrganization) -> str:
    """Make a tenant and its first user. Answers its id and slug."""
    made = run(lambda caller: create_organization(caller, new))
    return f"{made.organization.id} {made.organization.slug}"


def add_token(new: IssueToken) -> str:
    """Make a token for a user. Answers its text."""
    return run(lambda caller: issue_token(caller, new)).secret
