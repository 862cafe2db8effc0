"""Places of installations: enable an app on a space or a site, configure it there, take it off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from models.vocabulary import Permission
from resolvers.installations.address import PlaceAddress
from resolvers.installations.shown import AppInstallation, AppPlace
from resolvers.operation import operation
from resolvers.unset import UNSET, Unset
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class SaveInstallationPlace:
    """An installation on a place, made or changed; an absent value stays unchanged.

    `expected_version`: of the installation on this place.
    """

    place: PlaceAddress
    configuration: dict[str, Any] | Unset | None = UNSET
    external_ids: tuple[str, ...] | Unset | None = UNSET
    expected_version: int | Unset | None = UNSET


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, InvalidInput, Forbidden, Stale))
async def save_installation_place(work: Work, new: SaveInstallationPlace) -> AppPlace:
    """Enable an app on a space or a site, or change it there."""
    raise NotImplementedError


@operation(needs=Permission.INSTALLATIONS_WRITE, refuses=(NotFound, Conflict, Forbidden))
async def remove_installation_place(work: Work, place: PlaceAddress) -> AppInstallation:
    """Take an app off a space or a site. Raises Conflict while it is enabled on all of them."""
    raise NotImplementedError
