"""Publish an app, and withdraw it."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, TooMany
from models.tables import Integration
from models.vocabulary import Permission
from resolvers.find import IntegrationRef
from resolvers.operation import operation
from resolvers.publishing.manifest import PublishIntegration
from resolvers.publishing.published import Published
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class Unpublished:
    """The integration that stays; None if it was removed with its publication, or if there was nothing."""

    integration: Integration | None


@operation(needs=Permission.INTEGRATIONS_PUBLISH, refuses=(NotFound, Conflict, InvalidInput, Forbidden, TooMany))
async def publish_integration(work: Work, new: PublishIntegration) -> Published:
    """Publish an app, or a new version of it: all of the manifest or nothing."""
    raise NotImplementedError(work, new)


@operation(needs=Permission.INTEGRATIONS_PUBLISH, refuses=(Forbidden,))
async def unpublish_integration(work: Work, ref: IntegrationRef) -> Unpublished:
    """Withdraw an app, and uninstall it everywhere else. Without one by this name nothing changes."""
    raise NotImplementedError(work, ref)
