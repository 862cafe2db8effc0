"""What the operator's commands do: each over a hub of its own, which lives as long as the command."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

from models.revision import require_migrated
from resolvers.caller import Caller
from resolvers.people.organization import CreateOrganization, IssueToken, create_organization, issue_token
from settings import read_settings
from starting import CannotStart, starting
from wiring import build_hub, prepare

T = TypeVar("T")


def migrate() -> None:
    """Bring the database to what this version of the hub expects, and its catalogue of vendors to its files."""
    run(lambda caller: prepare(caller.hub), migrated=False)


def add_organization(new: CreateOrganization) -> str:
    """Make a tenant and its first user. Answers its id and slug."""
    made = run(lambda caller: create_organization(caller, new))
    return f"{made.organization.id} {made.organization.slug}"


def add_token(new: IssueToken) -> str:
    """Make a token for a user. Answers its text."""
    return run(lambda caller: issue_token(caller, new)).secret


def run(work: Callable[[Caller], Awaitable[T]], *, migrated: bool = True) -> T:
    """Do something as the operator; a refusal is its sentence on stderr and exit code 1.

    Unless `migrated` is False it is refused over a database that is not.
    """

    async def inside() -> T:
        hub = build_hub(read_settings())
        try:
            if migrated:
                await require_migrated(hub.database)
            return await work(Caller.operator(hub))
        finally:
            await hub.recorder.close()
            await hub.database.close()

    try:
        with starting():
            return asyncio.run(inside())
    except CannotStart as why:
        sys.exit(str(why))
