"""Development mode: for a day, the events of the owner's organization go to a developer's tunnel."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import Forbidden, InvalidInput, NotFound
from models.tables import Integration
from models.vocabulary import Permission
from resolvers.find import IntegrationRef
from resolvers.hub import Hub
from resolvers.operation import READS, WRITES, exchange
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class SetDevelopmentMode:
    """`tunnel_url`: at most 256 characters; None ends development mode. `all_organizations` has no effect."""

    app: IntegrationRef
    tunnel_url: str | None
    all_organizations: bool = False


async def load(work: Work, new: SetDevelopmentMode) -> SetDevelopmentMode:
    """Check the command."""
    return new


async def probe(hub: Hub, new: SetDevelopmentMode) -> None:
    """Ask the tunnel whether it answers."""


@exchange(
    load,
    probe,
    loads=READS,
    records=WRITES,
    needs=Permission.INTEGRATIONS_PUBLISH,
    refuses=(NotFound, InvalidInput, Forbidden),
)
async def set_development_mode(work: Work, loaded: SetDevelopmentMode, _sent: None) -> Integration:
    """Begin, renew or end the development mode of an app."""
    raise NotImplementedError
