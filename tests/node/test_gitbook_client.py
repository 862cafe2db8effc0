"""GitBook's own client makes every call of its reference at the hub, in both vintages."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from models.vocabulary import Permission, PlaceKind
from resolvers.people.place import CreatePlace, create_place
from tests.harness.contracts import contract
from tests.harness.estate import caller_of
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.node.gitbook_client import READS, VINTAGES, GitBook, gitbook
from tests.upstreams.faults import FaultServer

pytestmark = [pytest.mark.needs("node", "contracts"), pytest.mark.long]

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
MANIFEST = {
    "title": "Weather card",
    "description": "Shows the weather in a page",
    "summary": "# Weather",
    "script": "export default {};",
    "scopes": ["space:content:read", "site:script:inject", "site:script:cookies"],
    "icon": base64.b64encode(PIXEL).decode(),
    "previewImages": [base64.b64encode(PIXEL).decode()],
    "visibility": "public",
    "target": "all",
    "categories": ["content"],
    "blocks": [{"id": "card", "title": "Weather", "urlUnfurl": ["https://weather.example.com/**"]}],
    "contentSources": [{"id": "reports", "title": "Reports", "configuration": {"componentId": "setup"}}],
    "externalLinks": [{"url": "https://weather.example.com/docs", "label": "Docs"}],
    "configurations": {
        "account": {"properties": {"city": {"type": "string", "title": "City"}}, "required": ["city"]}
    },
    "contentSecurityPolicy": {"default-src": "'self'"},
    "secrets": {"KEY": "hunter2"},
}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A client, the publisher's organization and another one with a space and a site."""

    client: GitBook
    name: str
    publisher: Tenant
    installer: Tenant
    space: str
    site: str

    async def publish(self, **changes: Any) -> dict[str, Any]:
        manifest = MANIFEST | {"organization": self.publisher.slug} | changes
        return (await self.client(self.publisher.token, "publishIntegration", self.name, manifest)).body

    async def install(self) -> str:
        """The id of an installation in the other organization."""
        wanted = {"organization": self.installer.id}
        return (await self.client(self.installer.token, "installIntegration", self.name, wanted)).body["id"]

    async def app_token(self) -> str:
        """A token of the app itself."""
        found = await self.publisher.client.query("{ integrations(first: 1) { nodes { id } } }")
        (app,) = (node["id"] for node in found["integrations"]["nodes"])
        wanted = {"name": "app", "permissions": list(Permission), "integrationId": app}
        document = "mutation($new: CreateTokenInput!) { createToken(input: $new) { ... on TokenPayload { secret } } }"
        return (await self.publisher.client.query(document, new=wanted))["createToken"]["secret"]


@pytest.fixture(params=VINTAGES)
async def stage(
    request: pytest.FixtureRequest, hub: RunningHub, organization: Tenant, new_organization
) -> AsyncIterator[Stage]:
    """In an organization of the test's own, with an app name of its own."""
    installer = await new_organization()
    with gitbook(request.param, hub.url) as client:
        yield Stage(
            client=client,
            name=f"weather-{organization.slug}"[:100],
            publisher=organization,
            installer=installer,
            space=await _place(hub, installer, PlaceKind.SPACE),
            site=await _place(hub, installer, PlaceKind.SITE),
        )


async def _place(hub: RunningHub, tenant: Tenant, kind: PlaceKind) -> str:
    new = CreatePlace(kind=kind, name=f"My {kind.lower()}")
    return (await hub.run(create_place(caller_of(hub, tenant), new))).id


async def test_makes_every_call_of_the_reference(stage: Stage, faults: FaultServer) -> None:
    client, name = stage.client, stage.name

    published = await stage.publish()
    installation, app = await stage.install(), await stage.app_token()
    await changes_the_installation(stage, app, installation)
    await looks_at_places_as_the_installation(stage, app, installation)
    await looks_at_the_organization(stage)
    await looks_at_events_and_develops(stage, app, f"{faults.url}/ok")
    uninstalled = await client(stage.installer.token, "uninstallIntegration", name, installation)
    unpublished = await client(stage.publisher.token, "unpublishIntegration", name)

    assert published["name"] == name
    assert (uninstalled.status, unpublished.status) == (205, 205)
    assert client.called == contract("gitbook", VINTAGES[client.package]).operations.keys()
    assert (await client.refused(stage.installer.token, "getIntegrationByName", name))[0] == 404


async def changes_the_installation(stage: Stage, app: str, installation: str) -> None:
    client, name, user = stage.client, stage.name, stage.installer.token

    listed = await client(stage.publisher.token, "listIntegrations", {"search": name, "limit": 1})
    read = await client(user, "getIntegrationByName", name)
    changes = {"configuration": {"city": "Rome"}, "externalIds": ["team-1"], "space_selection": "all"}
    updated = await client(app, "updateIntegrationInstallation", name, installation, changes)
    added = await client(
        user, "installIntegrationOnSite", name, installation, {"siteId": stage.site}, {"extended": True}
    )
    found = await client(app, "listIntegrationInstallations", name, {"externalId": "team-1"})
    one = await client(user, "getIntegrationInstallationById", name, installation)

    assert [each["name"] for each in listed.body["items"]] == [read.body["name"]] == [name]
    assert (updated.body["configuration"], updated.body["status"]) == ({"city": "Rome"}, "active")
    assert (added.status, added.body["site"]["id"]) == (201, stage.site)
    assert added.location
    assert [each["id"] for each in found.body["items"]] == [one.body["id"]] == [installation]


async def looks_at_places_as_the_installation(stage: Stage, app: str, installation: str) -> None:
    client, name, own = stage.client, stage.name, (stage.name, installation)

    token = await client(app, "createIntegrationInstallationToken", name, installation)
    space = await client(app, "getIntegrationSpaceInstallation", name, installation, stage.space, installation=own)
    site = await client(app, "getIntegrationSiteInstallation", name, installation, stage.site, installation=own)
    spaces = await client(app, "listIntegrationInstallationSpaces", name, installation, installation=own)
    sites = await client(app, "listIntegrationInstallationSites", name, installation, installation=own)
    everywhere = await client(app, "listIntegrationSpaceInstallations", name, {"limit": 10, "extended": True})

    assert token.body["token"]
    assert [each["site"] for each in sites.body["items"]] == [site.body["site"]] == [stage.site]
    assert [each["space"] for each in spaces.body["items"]] == [space.body["space"]] == [stage.space]
    assert [each["space"]["id"] for each in everywhere.body["items"]] == [stage.space]


async def looks_at_the_organization(stage: Stage) -> None:
    client, name, user, organization = stage.client, stage.name, stage.installer.token, stage.installer.id

    status = await client(user, "getOrganizationIntegrationStatus", organization, name)
    statuses = await client(user, "listOrganizationIntegrationsStatus", organization)
    scripts = await client(user, "listSiteIntegrationScripts", organization, stage.site)
    on_site = await client(user, "listSiteIntegrations", organization, stage.site)
    in_space = await client(user, "listSpaceIntegrations", stage.space, {"search": name})
    blocks = await client(user, "listSpaceIntegrationsBlocks", stage.space)

    assert status.body == {"status": "active"}
    assert [(each["integration"]["name"], each["status"]) for each in statuses.body["items"]] == [(name, "active")]
    assert [each["cookies"] for each in scripts.body] == [True]
    assert [each["name"] for each in on_site.body["items"] + in_space.body["items"] + blocks.body] == [name] * 3


async def looks_at_events_and_develops(stage: Stage, app: str, tunnel: str) -> None:
    client, name, publisher = stage.client, stage.name, stage.publisher.token

    events = await client(app, "listIntegrationEvents", name, {"limit": 2})
    event = await client(app, "getIntegrationEvent", name, events.body["items"][0]["id"])
    await client(app, "queueIntegrationTask", name, {"task": {"type": "refresh"}, "schedule": 60})
    await client(publisher, "setIntegrationDevelopmentMode", name, {"tunnelUrl": tunnel, "all": True})
    await client(publisher, "disableIntegrationDevelopmentMode", name)

    assert len(events.body["items"]) == 2
    assert event.body["event"] == events.body["items"][0]


async def test_makes_the_reads_that_integrations_need_besides(stage: Stage) -> None:
    client, token, organization = stage.client, stage.installer.token, stage.installer.id

    user = await client(token, "getAuthenticatedUser")
    own = await client(token, "getOrganizationById", organization)
    space = await client(token, "getSpaceById", stage.space)
    site = await client(token, "getSiteById", organization, stage.site)

    assert user.body["id"] == stage.installer.admin_id
    assert own.body["id"] == organization
    assert (space.body["id"], space.body["title"]) == (stage.space, "My space")
    assert (site.body["id"], site.body["title"]) == (stage.site, "My site")
    assert client.called == READS


async def test_reads_the_sentence_of_each_refusal(stage: Stage) -> None:
    client, name, user = stage.client, stage.name, stage.installer.token
    await stage.publish()
    app, installation = await stage.app_token(), await stage.install()
    owned, there = {"organization": stage.publisher.slug}, {"organization": stage.installer.slug}

    refusals = {
        "no token": await client.refused(None, "getIntegrationByName", name),
        "a token of nobody": await client.refused("nonsense", "getIntegrationByName", name),
        "a token of another kind": await client.refused(app, "uninstallIntegration", name, installation),
        "an installation's own token": await client.refused(
            app, "publishIntegration", name, MANIFEST | there, installation=(name, installation)
        ),
        "an unknown app": await client.refused(user, "getIntegrationByName", "nothing"),
        "another organization": await client.refused(stage.publisher.token, "getSpaceById", stage.space),
        "installed before": await client.refused(user, "installIntegration", name, there),
        "a short title": await client.refused(
            stage.publisher.token, "publishIntegration", name, MANIFEST | owned | {"title": "x"}
        ),
        "many external ids": await client.refused(
            app, "updateIntegrationInstallation", name, installation, {"externalIds": [str(one) for one in range(6)]}
        ),
        "a late task": await client.refused(app, "queueIntegrationTask", name, {"task": {}, "schedule": 86_401}),
    }

    assert {case: status for case, (status, _) in refusals.items()} == {
        "no token": 401,
        "a token of nobody": 401,
        "a token of another kind": 403,
        "an installation's own token": 403,
        "an unknown app": 404,
        "another organization": 404,
        "installed before": 409,
        "a short title": 400,
        "many external ids": 400,
        "a late task": 400,
    }
    assert [message for _, message in refusals.values() if not message.endswith(".")] == []
