"""Houses: organizations with the integration STOCK, its people in their roles, and a token for each permission."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

import pytest

from models.database import Database
from models.tables import Integration
from models.vocabulary import (
    AuthType,
    ConnectionMode,
    HttpMethod,
    IntegrationAccess,
    Permission,
    PlaceKind,
    UploadPurpose,
)
from resolvers.apps.events import list_app_events
from resolvers.caller import Caller
from resolvers.capabilities.declaring import DeclareCapability, DeclareEventType
from resolvers.capabilities.mutations import DeclareEventTypes, declare_event_types
from resolvers.find import IntegrationRef
from resolvers.installations.address import InstallationAddress, PlaceAddress
from resolvers.installations.app_queries import AppInstallations, list_app_installations
from resolvers.installations.places import SaveInstallationPlace, save_installation_place
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.mutations import create_integration
from resolvers.integrations.sharing import ShareIntegration, share_integration
from resolvers.page import SliceRequest
from resolvers.people.place import CreatePlace, create_place
from resolvers.secret import Secret
from resolvers.uploads.mutations import CreateUpload, FillUpload, create_upload, fill_upload
from resolvers.uploads.set_icon import SetIntegrationIcon, set_integration_icon
from tests.harness.estate import ICON, caller_of, icon_bytes
from tests.harness.lending import Lending
from tests.harness.ran import run_once
from tests.harness.roles import Role, Texts, app_token, settle
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.upstreams.faults import FaultServer

Access = IntegrationAccess
_METHODS = (HttpMethod.GET, HttpMethod.POST, HttpMethod.PUT, HttpMethod.DELETE)


@dataclass(frozen=True, kw_only=True)
class House:
    """An organization with STOCK, which has an action for each method, an event type, an icon, a share and a key.

    `holders` are tokens of the integration for each permission alone, made by an administrator. `ids`: of the things
    that doors name.
    """

    tenant: Tenant
    texts: Texts
    holders: Mapping[Permission, str]
    ids: Mapping[str, str]


@pytest.fixture(scope="session")
def houses(
    hub: RunningHub,
    database: Database,
    new_lasting_organization: Callable[[], Awaitable[Tenant]],
    faults: FaultServer,
) -> Mapping[Access, Lending[House]]:
    """By the access of STOCK."""

    def lending(access: Access) -> Lending[House]:
        async def furnish() -> House:
            tenant = await new_lasting_organization()
            admin = caller_of(hub, tenant)
            stock = await _stock(hub, tenant, admin, faults.url)
            holders = {word: await app_token(hub, admin, stock, [word]) for word in Permission}
            ids = await _ids(hub, tenant, stock) | {"upstream": faults.url}
            return House(tenant=tenant, texts=await settle(hub, tenant, stock, access), holders=holders, ids=ids)

        return Lending(database, furnish)

    return {access: lending(access) for access in Access}


@pytest.fixture
async def house(houses: Mapping[Access, Lending[House]]) -> AsyncIterator[House]:
    """One whose STOCK is open to the organization."""
    async with houses[Access.ORGANIZATION].lent() as house:
        yield house


@pytest.fixture
async def house_of(role: Role, houses: Mapping[Access, Lending[House]]) -> AsyncIterator[House]:
    """One where the role can be."""
    async with houses[role.access].lent() as house:
        yield house


async def _stock(hub: RunningHub, tenant: Tenant, admin: Caller, upstream: str) -> Integration:
    new = CreateIntegration(
        name="Stock",
        mode=ConnectionMode.SHARED,
        auth=IntegrationAuth(type=AuthType.API_KEY, api_base_url=upstream),
        secret=Secret(api_key="k" * 20),
        capabilities=[DeclareCapability(name=word, method=word, endpoint="/ok") for word in _METHODS],
    )
    stock: Integration = await hub.run(create_integration(admin, new))
    gone = DeclareEventTypes(integration_id=stock.id, event_types=[DeclareEventType(name="Stock.GONE")])
    await hub.run(declare_event_types(admin, gone))
    icon = await hub.run(create_upload(admin, CreateUpload(purpose=UploadPurpose.ICON, size=len(ICON))))
    await hub.run(fill_upload(admin, FillUpload(id=icon.id, receive=icon_bytes)))
    await hub.run(set_integration_icon(admin, SetIntegrationIcon(integration_id=stock.id, upload_id=icon.id)))
    member = await tenant.add_user("member")
    await hub.run(share_integration(admin, ShareIntegration(integration_id=stock.id, principal_id=member)))
    return stock


async def _ids(hub: RunningHub, tenant: Tenant, stock: Integration) -> dict[str, str]:
    """STOCK's installation, on a space and a site beside which there is one more of each, and an event of it."""
    admin = caller_of(hub, tenant)
    app = IntegrationRef(published_name=stock.id)
    (installed,) = (await hub.run(list_app_installations(admin, AppInstallations(app=app), SliceRequest()))).rows
    (event, *_) = (await hub.run(list_app_events(admin, app, SliceRequest()))).rows
    ids = {
        "organization": tenant.id,
        "app": stock.id,
        "installation": installed.installation.id,
        "event": event.event.id,
        "flow": (await hub.run(run_once(hub, stock, event.event))).flow.id,
    }
    for kind in PlaceKind:
        for word in (kind.lower(), f"{kind.lower()}_beside"):
            ids[word] = (await hub.run(create_place(admin, CreatePlace(kind=kind, name=word)))).id
        address = InstallationAddress(id=installed.installation.id)
        place = PlaceAddress(installation=address, place_id=ids[kind.lower()])
        await hub.run(save_installation_place(admin, SaveInstallationPlace(place=place)))
    return ids
