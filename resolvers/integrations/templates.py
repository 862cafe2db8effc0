"""Templates in an integration's headers: they tell its API what their author may read, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import Forbidden
from models.origins import Origins, origin_of
from models.tables import Integration
from models.vocabulary import Permission
from proxy.headers import facts_of
from resolvers.outbound.request import PUBLIC_FACTS
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Told:
    """The shown headers, the origin of the base address, and the origins to which the hub sends the headers."""

    headers: list[dict[str, str]]
    base: str | None
    bound: frozenset[str]

    def covers(self, other: Told) -> bool:
        """Whether the other has the same headers and tells no origin that this one does not."""
        return (other.headers, other.base) == (self.headers, self.base) and other.bound <= self.bound


def told_by(integration: Integration) -> Told:
    """The values that decide which facts leave the hub, and for where."""
    return Told(
        headers=integration.header_hints,
        base=origin_of(integration.api_base_url or ""),
        bound=Origins.read(integration.headers_origins).api,
    )


def require_readable(work: Work, integration: Integration, before: Told | None = None) -> None:
    """Raise Forbidden if a template names a fact that the caller may not read, and would tell it anew.

    Anew: in other headers, or to an origin that the headers were not bound to `before`, also if the same headers are
    given again. The id, name and slug of an organization are public. Its other fields, and every user's, need
    ORGANIZATION_READ.
    """
    known = before is not None and before.covers(told_by(integration))
    if known or work.caller.may(Permission.ORGANIZATION_READ):
        return
    for header in integration.header_hints:
        for name in sorted(facts_of(header["value"]) - PUBLIC_FACTS):
            raise Forbidden(
                f"The header {header['name']} tells the API ${{{name}}}, which you may not read:"
                " this needs the permission ORGANIZATION_READ.",
                permission=Permission.ORGANIZATION_READ,
                path=("auth", "headers"),
            )
