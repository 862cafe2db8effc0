"""The hub's own events: each change is announced once, in its transaction; nothing that did not change is."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import Conflict, InvalidInput, NotFound
from models.vocabulary import HttpMethod, HubEvent, IntegrationAccess, Permission, Selection
from resolvers.capabilities.declaring import DeclareCapability, DeclareEventType
from resolvers.capabilities.mutations import (
    DeclareCapabilities,
    DeclareEventTypes,
    declare_capabilities,
    declare_event_types,
)
from resolvers.find import IntegrationRef
from resolvers.installations.address import InstallationAddress
from resolvers.installations.mutations import (
    InstallIntegration,
    UpdateInstallation,
    install_integration,
    uninstall_integration,
    update_installation,
)
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.change import UpdateIntegration
from resolvers.integrations.creation import CreateIntegration
from resolvers.integrations.deletion import delete_integration
from resolvers.integrations.mutations import create_integration, update_integration
from resolvers.integrations.sharing import TransferIntegration, transfer_integration
from resolvers.integrations.tags import SetIntegrationTags, set_integration_tags
from resolvers.outbound.request import Header
from resolvers.uploads.set_icon import UploadIntegrationIcon, upload_integration_icon
from tests.events.telling import Telling
from tests.harness.backends import both

SECRET = "s3cr3t-of-the-shop"
ICON = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
GET = DeclareCapability(name="GET", method=HttpMethod.GET, endpoint="https://shop.example.com/items")


@pytest.fixture
async def telling(hub, organization) -> Telling:
    return Telling(hub=hub, tenant=organization)


@pytest.fixture
async def shop(telling) -> Any:
    made = await telling.run(create_integration, CreateIntegration(name="Shop"))
    await telling.news()
    return made


def named(shop: Any, **more: Any) -> dict[str, Any]:
    return {"integrationId": shop.id, "handler": "SHOP", "name": "Shop", **more}


@both
async def test_announces_a_new_integration_and_its_installation(telling):
    made = await telling.run(create_integration, CreateIntegration(name="Shop", capabilities=[GET]))

    created, installed = await telling.news()
    assert created == (HubEvent.INTEGRATION_CREATED, "SHOP", named(made, vendor="custom"))
    assert installed[0] == HubEvent.INSTALLATION_CREATED
    assert installed[1] == installed[2]["installationId"]
    assert installed[2] | {"installationId": ""} == {
        "organizationId": telling.tenant.id,
        "installationId": "",
        "integrationId": made.id,
        "handler": "SHOP",
        "status": "ACTIVE",
    }


async def test_announces_changed_values_with_the_old_ones_but_no_secret(telling, shop):
    headers = [Header(name="X-Key", value=SECRET)]
    auth = IntegrationAuth(headers=headers, client_secret=SECRET, parameters=None)
    new = UpdateIntegration(id=shop.id, name="Store", description="Long", auth=auth)
    await telling.run(update_integration, new)

    ((word, entity, payload),) = await telling.news()
    assert (word, entity) == (HubEvent.INTEGRATION_UPDATED, "SHOP")
    assert payload == named(shop) | {
        "name": "Store",
        "changed": ["clientSecret", "description", "headers", "name"],
        "previous": {"name": "Shop"},
    }
    assert SECRET not in str(payload)


async def test_announces_nothing_when_nothing_changes(telling, shop):
    await telling.run(update_integration, UpdateIntegration(id=shop.id, name="Shop", access=shop.access))
    await telling.run(set_integration_tags, SetIntegrationTags(integration_id=shop.id, tags=[]))
    await telling.run(
        transfer_integration, TransferIntegration(integration_id=shop.id, principal_id=telling.tenant.admin_id)
    )
    await telling.run(declare_capabilities, DeclareCapabilities(integration_id=shop.id, capabilities=[]))
    await telling.run(declare_event_types, DeclareEventTypes(integration_id=shop.id, event_types=[]))

    assert await telling.news() == []


@both
async def test_a_refused_change_announces_nothing(telling, shop):
    refused = [
        (create_integration, CreateIntegration(name="Shop", handler="SHOP"), Conflict),
        (update_integration, UpdateIntegration(id=shop.id, name=""), InvalidInput),
        (install_integration, InstallIntegration(integration=IntegrationRef(id=shop.id)), Conflict),
        (uninstall_integration, InstallationAddress(id="0" * 24), NotFound),
        (delete_integration, "0" * 24, NotFound),
        (declare_capabilities, DeclareCapabilities(integration_id=shop.id, capabilities=[GET, GET]), InvalidInput),
    ]

    for operation, given, error in refused:
        with pytest.raises(error):
            await telling.run(operation, given)

    assert await telling.news() == []


async def test_announces_tags_owner_and_icon(telling, shop):
    other = await telling.tenant.add_user("other")
    await telling.run(set_integration_tags, SetIntegrationTags(integration_id=shop.id, tags=["b", "a"]))
    await telling.run(transfer_integration, TransferIntegration(integration_id=shop.id, principal_id=other))
    await telling.run(
        upload_integration_icon, UploadIntegrationIcon(integration=IntegrationRef(id=shop.id), content=ICON)
    )

    news = await telling.news()
    assert {word for word, _, _ in news} == {HubEvent.INTEGRATION_UPDATED}
    assert [(payload["changed"], payload["previous"]) for _, _, payload in news] == [
        (["tags"], {"tags": []}),
        (["ownerId"], {"ownerId": telling.tenant.admin_id}),
        (["icon"], {}),
    ]


async def test_announces_a_changed_installation(telling, shop):
    (installation,) = await telling.installations()
    change = {"configuration": {"token": SECRET}, "paused": True, "space_selection": Selection.ALL}
    new = UpdateInstallation(id=installation.id, **change)
    for _ in range(2):
        await telling.run(update_installation, new)

    ((word, entity, payload),) = await telling.news()
    assert (word, entity, payload["status"]) == (HubEvent.INSTALLATION_CONFIGURED, installation.id, "PAUSED")
    assert payload["changed"] == ["configuration", "spaceSelection", "status"]
    assert payload["previous"] == {"spaceSelection": "SELECTED", "status": "ACTIVE"}
    assert SECRET not in str(payload)


async def test_announces_the_end_of_an_installation_and_a_new_one(telling, shop):
    (installation,) = await telling.installations()
    await telling.run(uninstall_integration, InstallationAddress(id=installation.id))
    again = await telling.run(install_integration, InstallIntegration(integration=IntegrationRef(id=shop.id)))

    gone, made = await telling.news()
    assert (gone[0], gone[1]) == (HubEvent.INSTALLATION_UNINSTALLED, installation.id)
    assert (made[0], made[1]) == (HubEvent.INSTALLATION_CREATED, again.installation.id)


@both
async def test_announces_a_deletion_with_the_installations_that_end(telling, shop):
    (installation,) = await telling.installations()
    await telling.run(delete_integration, shop.id)

    first, second = await telling.news()
    assert first == (HubEvent.INTEGRATION_DELETED, "SHOP", named(shop))
    assert second[:2] == (HubEvent.INSTALLATION_UNINSTALLED, installation.id)


async def test_announces_a_manifest_with_the_changes_that_break(telling, shop):
    old = {"type": "object", "properties": {"sku": {"type": "string"}, "unit": {"enum": ["kg", "pc"]}}}
    new = {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "unit": {"enum": ["kg"]}}}
    before = [capability("A", old), capability("B", old), capability("GONE", old)]
    after = [capability("A", new), capability("B", old, description="Other words"), capability("NEW", old)]
    for manifest in (before, after, after):
        await telling.run(declare_capabilities, DeclareCapabilities(integration_id=shop.id, capabilities=manifest))

    first, second = await telling.news()
    assert first[2]["capabilities"]["added"] == ["A", "B", "GONE"]
    assert second[:2] == (HubEvent.CAPABILITIES_CHANGED, "SHOP")
    assert second[2]["capabilities"] == {
        "added": ["NEW"],
        "changed": ["A"],
        "removed": ["GONE"],
        "breaking": [
            {"name": "GONE", "change": "REMOVED"},
            {"name": "A", "change": "REQUIRED_ADDED", "path": "sku"},
            {"name": "A", "change": "VALUE_REMOVED", "path": "unit"},
        ],
        "truncated": False,
    }


async def test_names_the_broken_members_of_an_event_type(telling, shop):
    old = {"type": "object", "properties": {"total": {"type": ["number", "string"]}, "note": {}}}
    new = {"type": "object", "properties": {"total": {"type": "integer"}}}
    for schema in (old, new):
        declared = [DeclareEventType(name="SHOP.PAID", schema=schema)]
        await telling.run(declare_event_types, DeclareEventTypes(integration_id=shop.id, event_types=declared))

    _, (_, _, payload) = await telling.news()
    assert payload["eventTypes"]["breaking"] == [
        {"name": "PAID", "change": "TYPE_NARROWED", "path": "total"},
        {"name": "PAID", "change": "MEMBER_REMOVED", "path": "note"},
    ]


async def test_a_payload_of_a_thousand_names_stays_within_its_limit(telling, shop):
    for letter in "ab":
        many = [capability(f"{letter}{number:0119}", None) for number in range(1000)]
        await telling.run(declare_capabilities, DeclareCapabilities(integration_id=shop.id, capabilities=many))

    _, (_, _, payload) = await telling.news()
    lists = payload["capabilities"]
    assert [len(lists[name]) for name in ("added", "removed", "breaking")] == [200, 200, 200]
    assert lists["truncated"] is True


async def test_a_restricted_integrations_events_are_its_own(telling):
    hidden = CreateIntegration(name="Hidden", access=IntegrationAccess.RESTRICTED)
    await telling.run(create_integration, hidden)
    await telling.tenant.add_user("other")
    client = await telling.tenant.signed_in(Permission.EVENTS_READ, username="other")

    assert await telling.news(client) == []
    assert [word for word, _, _ in await telling.news()] == ["Hub.integration.created", "Hub.installation.created"]


def capability(name: str, schema: dict[str, Any] | None, **more: Any) -> DeclareCapability:
    endpoint = "https://shop.example.com/items"
    return DeclareCapability(name=name, method=HttpMethod.POST, endpoint=endpoint, input_schema=schema, **more)
