"""Installations of an app as its publisher and its own tokens read them, and their places."""

from __future__ import annotations

from dataclasses import dataclass

from models.errors import NotFound
from models.vocabulary import Permission, PlaceKind
from resolvers.find import IntegrationRef
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.shown import AppInstallation, AppPlace
from resolvers.operation import operation
from resolvers.page import Slice, SliceRequest
from resolvers.work import Work


@dataclass(frozen=True, kw_only=True)
class AppInstallations:
    """Installations of one app. `external_id`: only those to which the app gave this id."""

    app: IntegrationRef
    external_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class InstallationPlaces:
    """The spaces or the sites of one installation."""

    installation: InstallationAddress
    kind: PlaceKind


@dataclass(frozen=True, kw_only=True)
class AppPlaces:
    """Spaces or sites of all installations of one app. `external_id`: only those with this id of their own."""

    app: IntegrationRef
    kind: PlaceKind
    external_id: str | None = None


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def read_app_installation(work: Work, address: InstallationAddress) -> AppInstallation:
    """Read one installation of an app, on the caller's organization or of the caller's own app."""
    raise NotImplementedError


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def list_app_installations(work: Work, wanted: AppInstallations, page: SliceRequest) -> Slice[AppInstallation]:
    """List the installations of an app, newest first: all of them for its publisher, else the caller's own."""
    raise NotImplementedError


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def list_installation_places(work: Work, wanted: InstallationPlaces, page: SliceRequest) -> Slice[AppPlace]:
    """List the spaces or the sites on which an installation is enabled, newest first."""
    raise NotImplementedError


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def read_installation_place(work: Work, place: PlaceAddress) -> AppPlace:
    """Read an installation on one space or site."""
    raise NotImplementedError


@operation(needs=Permission.INSTALLATIONS_READ, refuses=(NotFound,), reads=True)
async def list_app_places(work: Work, wanted: AppPlaces, page: SliceRequest) -> Slice[AppPlace]:
    """List the spaces or the sites on which an app is enabled, over all installations, newest first."""
    raise NotImplementedError
