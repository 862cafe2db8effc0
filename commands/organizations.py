"""Commands about tenants, their tokens and their database."""

from __future__ import annotations

from commands.running import run
from hub.wiring import catalogue_of, prepare
from resolvers.people.organization import CreateOrganization, IssueToken, create_organization, issue_token
from settings import read_settings


def migrate() -> None:
    """Migrate the database to this version of the hub, and copy the catalogue's files into it."""
    run(lambda caller: prepare(caller.hub, catalogue_of(read_settings())), migrated=False)


def add_organization(new: CreateOrganization) -> str:
    """Make a tenant and its first user. Answers its id and slug."""
    made = run(lambda caller: create_organization(caller, new))
    return f"{made.organization.id} {made.organization.slug}"


def add_token(new: IssueToken) -> str:
    """Make a token for a user. Answers its text."""
    return run(lambda caller: issue_token(caller, new)).secret
