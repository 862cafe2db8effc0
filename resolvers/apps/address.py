"""The address of an app: the webhook of kind APP to which its events go, from every organization."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import Conflict, NotFound
from models.tables import Integration, Publication
from models.vocabulary import Permission
from resolvers.find import IntegrationRef
from resolvers.operation import operation
from resolvers.work import Work


async def apply_events_url(work: Work, publication: Publication, integration: Integration) -> str | None:
    """Make, change or remove an app's webhook after a change of `publication.events_url`.

    Answers the signing secret of a new one, to be shown this once. The URL has been checked.
    """
    raise NotImplementedError


async def forget_app(work: Work, integration_id: str) -> None:
    """Remove the webhooks and the waiting tasks of an app that is withdrawn."""
    raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class RotatedEventsSecret:
    """An app, and the new secret that signs its events, shown this once."""

    integration: Integration
    secret: str


@operation(needs=Permission.INTEGRATIONS_PUBLISH, refuses=(NotFound, Conflict))
async def rotate_events_secret(work: Work, app: IntegrationRef) -> RotatedEventsSecret:
    """Make a new secret for an app's events; the former one signs beside it for a day."""
    raise NotImplementedError
