"""Templates in an integration's headers: they tell its API what their author may read, and nothing else."""

from __future__ import annotations

from models.errors import Forbidden
from models.tables import Integration
from models.vocabulary import Permission
from proxy.headers import facts_of
from resolvers.outbound.request import PUBLIC_FACTS
from resolvers.work import Work

Told = tuple[str | None, list[dict[str, str]]]


def told_by(integration: Integration) -> Told:
    """The address and the shown headers that decide which facts leave the hub, and for where."""
    return integration.api_base_url, integration.header_hints


def require_readable(work: Work, integration: Integration, before: Told | None = None) -> None:
    """Raise Forbidden if headers or address are new and a template names a fact that the caller may not read.

    The id, name and slug of an organization are public. Its other fields, and every user's, need ORGANIZATION_READ.
    """
    if told_by(integration) == before or work.caller.may(Permission.ORGANIZATION_READ):
        return
    for header in integration.header_hints:
        for name in sorted(facts_of(header["value"]) - PUBLIC_FACTS):
            raise Forbidden(
                f"The header {header['name']} tells the API ${{{name}}}, which you may not read:"
                " this needs the permission ORGANIZATION_READ.",
                permission=Permission.ORGANIZATION_READ,
                path=("auth", "headers"),
            )
