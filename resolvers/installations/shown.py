"""Installations and their places with everything that a face shows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.tables import Installation, InstallationPlace, Integration, Place, Publication
from models.vocabulary import InstallationStatus


@dataclass(frozen=True, kw_only=True)
class AppInstallation:
    """An installation with its app. `organization_id`: the installing one. `space_count`: spaces it is enabled on."""

    installation: Installation
    integration: Integration
    publication: Publication | None
    organization_id: str
    external_ids: tuple[str, ...] = ()
    configuration: dict[str, Any]
    space_count: int = 0


@dataclass(frozen=True, kw_only=True)
class AppPlace:
    """An installation on one place, with its app. `created`: the operation that answers it has made it."""

    row: InstallationPlace
    place: Place
    installation: Installation
    integration: Integration
    publication: Publication | None
    external_ids: tuple[str, ...] = ()
    configuration: dict[str, Any]
    status: InstallationStatus
    created: bool = False
