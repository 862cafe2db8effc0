"""Addresses of installations and of places of them, as a published app calls them."""

from __future__ import annotations

from dataclasses import dataclass

from models.vocabulary import PlaceKind
from resolvers.find import IntegrationRef


@dataclass(frozen=True, kw_only=True)
class InstallationAddress:
    """One installation by its id. `app`: the app that it must be of, if that is named too."""

    id: str
    app: IntegrationRef | None = None


@dataclass(frozen=True, kw_only=True)
class PlaceAddress:
    """One space or site of an installation. `place_id`: the space or site. `kind`: the kind that it must have."""

    installation: InstallationAddress
    place_id: str
    kind: PlaceKind | None = None
