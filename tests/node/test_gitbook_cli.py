"""GitBook's own command line at the hub: sign in, publish, watch events, unpublish."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col, select

from models.database import Database
from models.tables import Event, Integration, Publication
from tests.harness.server import RunningHub
from tests.harness.tenants import Tenant
from tests.harness.waiting import eventually
from tests.node.gitbook_cli import Failed, GitBookCli, Tail
from tests.node.test_gitbook_client import PIXEL
from tests.node.tools import install

pytestmark = [pytest.mark.needs("node"), pytest.mark.long]

SCRIPT = "const greet = (name: string): string => `Hello ${name}`;\nexport default { fetch: () => greet('you') };\n"


@pytest.fixture
def cli(tmp_path: Path) -> GitBookCli:
    """Not signed in."""
    install()
    return GitBookCli(folder=tmp_path, variables={"WEATHER_KEY": "hunter2"})


@pytest.fixture
async def signed_in(cli: GitBookCli, hub: RunningHub, organization: Tenant) -> GitBookCli:
    """Signed in as the organization's administrator, with a manifest in its folder."""
    await cli.run("auth", "--token", organization.token, "--endpoint", f"{hub.url}/gitbook")
    cli.write_manifest(manifest(organization), icon_png=PIXEL, preview_png=PIXEL, index_ts=SCRIPT)
    return cli


def manifest(organization: Tenant) -> dict[str, object]:
    return {
        "name": name_of(organization),
        "title": "Weather card",
        "description": "Shows the weather in a page",
        "summary": "# Weather",
        "script": "./index.ts",
        "icon": "./icon.png",
        "previewImages": ["./preview.png"],
        "visibility": "public",
        "target": "all",
        "scopes": ["space:content:read", "site:script:inject"],
        "categories": ["content"],
        "organization": organization.slug,
        "externalLinks": [{"label": "Docs", "url": "https://weather.example.com"}],
        "blocks": [{"id": "card", "title": "Weather", "urlUnfurl": ["https://weather.example.com/**"]}],
        "contentSecurityPolicy": "default-src 'self'",
        "secrets": {"KEY": "${{ env.WEATHER_KEY }}"},
    }


def name_of(organization: Tenant) -> str:
    return f"weather-{organization.id}"


async def test_signs_in_with_a_token_and_says_who_it_is(
    cli: GitBookCli, hub: RunningHub, organization: Tenant
) -> None:
    endpoint = f"{hub.url}/gitbook"

    greeting = await cli.run("auth", "--token", organization.token, "--endpoint", f"{endpoint}/")
    told = await cli.run("whoami")

    viewer = (await organization.client.query("{ viewer { principal { displayName } } }"))["viewer"]["principal"]
    assert greeting.splitlines()[-1] == f"You are now authenticated as {viewer['displayName']}."
    assert told.splitlines()[:2] == [f"Authenticated as {viewer['displayName']}", f"ID: {organization.admin_id}"]
    assert told.splitlines()[-1] == f"API: {endpoint}"


async def test_prints_the_hubs_sentence_when_a_token_is_refused(cli: GitBookCli, hub: RunningHub) -> None:
    with pytest.raises(Failed, match="401"):
        await cli.run("auth", "--token", "nonsense", "--endpoint", f"{hub.url}/gitbook")

    with pytest.raises(Failed, match="You must be authenticated"):
        await cli.run("whoami")


async def test_publishes_a_manifest_with_a_script_that_it_builds(
    signed_in: GitBookCli, organization: Tenant, database: Database
) -> None:
    output = await signed_in.run("publish")
    again = await signed_in.run("publish", WEATHER_KEY="hunter3")

    assert f'Integration "{name_of(organization)}" published' in output
    assert output.splitlines()[-1].startswith("👉 http")
    assert again == output
    integration, publication = await published(database, organization)
    assert (integration.name, publication.version) == ("Weather card", 2)
    assert publication.preview_asset_ids


async def test_refuses_to_publish_for_an_unknown_organization(
    signed_in: GitBookCli, organization: Tenant, database: Database
) -> None:
    with pytest.raises(Failed, match="404"):
        await signed_in.run("publish", "--organization", "nobodys")

    assert await published(database, organization) is None


async def test_unpublishes_after_the_developer_agrees(
    signed_in: GitBookCli, organization: Tenant, database: Database
) -> None:
    await signed_in.run("publish")

    await signed_in.run("unpublish", name_of(organization), answers="n\n")
    kept = await published(database, organization)
    output = await signed_in.run("unpublish", name_of(organization), answers="y\n")

    assert kept is not None
    assert output.splitlines()[-1].endswith(f'Integration "{name_of(organization)}" has been deleted')
    assert await published(database, organization) is None


async def test_tails_three_events_of_one_millisecond_each_once(
    signed_in: GitBookCli, organization: Tenant, database: Database, http: httpx.AsyncClient, new_organization
) -> None:
    await signed_in.run("publish")
    installer = Installer(http, await new_organization(), f"/gitbook/v1/integrations/{name_of(organization)}")
    await installer.install()
    await eventually(partial(installer.sees, 1))
    await in_one_millisecond(database, organization)

    with signed_in.tail() as tail:
        await eventually(partial(printed, tail, 1))
        await installer.configure("Rome", "Oslo")
        await in_one_millisecond(database, organization)
        await eventually(partial(installer.sees, 3))
        tail.poll()
        await eventually(partial(printed, tail, 3))
        tail.poll()
        await eventually(partial(polled, tail, 3))

    assert len(set(tail.events)) == len(tail.events) == 3
    assert len({event.split("]")[1] for event in tail.events}) == 1


@dataclass
class Installer:
    """An organization that installs an app through the dialect, at the app's address."""

    http: httpx.AsyncClient
    tenant: Tenant
    app: str
    installation: str = ""

    async def install(self) -> None:
        self.installation = (await self._send("POST", "installations", {"organization": self.tenant.id}))["id"]

    async def configure(self, *cities: str) -> None:
        """A change for each."""
        for city in cities:
            await self._send("PATCH", f"installations/{self.installation}", {"configuration": {"city": city}})

    async def sees(self, count: int) -> bool:
        """Whether the app has this many events here."""
        return len((await self._send("GET", "events"))["items"]) == count

    async def _send(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"Authorization": f"Bearer {self.tenant.token}"}
        answer = await self.http.request(method, f"{self.app}/{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()


async def in_one_millisecond(database: Database, organization: Tenant) -> None:
    """Sets the time of all events of the organization's app to the same."""
    async with database.write() as session:
        apps = select(Integration.id).where(Integration.organization_id == organization.id)
        await session.execute(
            update(Event).where(col(Event.integration_id).in_(apps)).values(created_at=1_700_000_000_123)
        )


async def printed(tail: Tail, count: int) -> bool:
    return len(tail.events) >= count


async def polled(tail: Tail, count: int) -> bool:
    return tail.polls >= count


async def published(database: Database, organization: Tenant) -> tuple[Integration, Publication] | None:
    """The app of the organization, if it has one."""
    async with database.read() as session:
        both = select(Integration, Publication).join(Publication, col(Publication.integration_id) == Integration.id)
        return (await session.execute(both.where(Publication.organization_id == organization.id))).first()
