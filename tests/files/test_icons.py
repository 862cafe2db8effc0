"""Icons: claimed once, shown to browsers from a signed address, in a sandbox, for ever."""

import asyncio
import hashlib

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from models.row import new_id
from models.tables import AuditEntry
from models.vocabulary import IntegrationAccess, Permission
from resolvers.uploads.links import asset_path
from tests.files.conftest import refused
from tests.files.pictures import GOOD, SVG, png
from tests.harness.backends import both

MADE = 1  # the version of an app that was made and declared no capabilities
ICON = "query ($id: ID!) { integration(by: {id: $id}) { iconUrl version } }"
SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'"


@pytest.mark.parametrize("name", GOOD)
async def test_shows_an_icon_to_a_browser_without_a_token(uploads, apps, http, name):
    content, content_type = GOOD[name]
    app = await apps.make("Box")

    done = await uploads.set_icon(app, await uploads.send(content))
    answer = await http.get(done["integration"]["iconUrl"])

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == content_type
    assert answer.headers["content-security-policy"] == SANDBOX
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    extension = {"image/svg+xml": "svg", "image/jpeg": "jpg"}.get(content_type, content_type.removeprefix("image/"))
    assert answer.headers["content-disposition"] == f'inline; filename="icon.{extension}"'
    assert (done["__typename"], done["integration"]["version"]) == ("IntegrationPayload", MADE + 1)


async def test_a_browser_keeps_an_icon(uploads, apps, http):
    done = await uploads.set_icon(await apps.make("Box"), await uploads.send(SVG))
    url, tag = done["integration"]["iconUrl"], f'"{hashlib.sha256(SVG).hexdigest()}"'

    first = await http.get(url)
    again = await http.get(url, headers={"If-None-Match": f'"other", W/{tag}'})
    other = await http.get(url, headers={"If-None-Match": f'"{"0" * 64}"'})
    head = await http.head(url)

    assert (first.headers["etag"], first.headers["cache-control"]) == (tag, "public, max-age=31536000, immutable")
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert again.headers["content-security-policy"] == SANDBOX
    assert (other.status_code, other.content) == (200, SVG)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(SVG)))


@both
async def test_a_replaced_icon_goes_with_its_address(uploads, apps, http, assets):
    app = await apps.make("Box")
    before = (await uploads.set_icon(app, await uploads.send(SVG)))["integration"]

    after = (await uploads.set_icon(app, await uploads.send(png())))["integration"]

    assert before["iconUrl"] != after["iconUrl"]
    assert refused(await http.get(before["iconUrl"]), 404) == "NOT_FOUND"
    assert (await http.get(after["iconUrl"])).content == png()
    assert [asset.content for asset in await assets()] == [png()]


async def test_null_removes_the_icon_and_removing_none_changes_nothing(uploads, apps, http, assets):
    app = await apps.make("Box")
    url = (await uploads.set_icon(app, await uploads.send(SVG)))["integration"]["iconUrl"]

    removed = await uploads.set_icon(app, None)
    again = await uploads.set_icon(app, None)

    assert removed["integration"] == again["integration"] == {"iconUrl": None, "version": MADE + 2}
    assert refused(await http.get(url), 404) == "NOT_FOUND"
    assert await assets() == []


async def test_an_icon_that_is_not_mentioned_is_not_removed(uploads, apps, assets):
    app = await apps.make("Box")
    await uploads.set_icon(app, await uploads.send(SVG))
    document = """mutation ($id: ID!) { setIntegrationIcon(input: {integrationId: $id}) {
      __typename ... on Problem { path } } }"""

    answer = await uploads.client.query(document, id=app.id)

    assert answer["setIntegrationIcon"] == {"__typename": "InvalidInput", "path": ["input", "uploadId"]}
    assert [asset.content for asset in await assets()] == [SVG]


@both
async def test_an_upload_is_used_once(uploads, apps):
    one, other = await apps.make("Box"), await apps.make("Bin")
    upload_id = await uploads.send(SVG)

    answers = await asyncio.gather(*(uploads.set_icon(app, upload_id) for app in (one, other) * 4))
    late = await uploads.set_icon(other, upload_id)

    kinds = sorted(answer["__typename"] for answer in answers)
    assert kinds == ["Conflict"] * 7 + ["IntegrationPayload"]
    assert (late["__typename"], late["path"]) == ("Conflict", ["input", "uploadId"])
    shown = [(await uploads.client.query(ICON, id=app.id))["integration"] for app in (one, other)]
    assert sorted(row["version"] for row in shown) == [MADE, MADE + 1]


async def test_refuses_what_is_no_filled_icon_of_ones_own(uploads, stranger, apps, assets):
    app = await apps.make("Box")
    empty = (await uploads.create(size=1))["uploadId"]
    preview = await uploads.send(png(), "PREVIEW")
    theirs = await stranger.send(SVG)

    answers = [await uploads.set_icon(app, one) for one in (empty, preview, theirs, new_id(), "x")]

    assert [answer["__typename"] for answer in answers] == ["InvalidInput"] * 2 + ["NotFound"] * 3
    assert {tuple(answer["path"]) for answer in answers} == {("input", "uploadId")}
    assert answers[2] == answers[3] == answers[4]
    shown = await uploads.client.query(ICON, id=app.id)
    assert shown["integration"] == {"iconUrl": None, "version": MADE}
    assert [asset.integration_id for asset in await assets()] == [None, None]


async def test_refuses_another_organizations_integration(stranger, apps):
    app = await apps.make("Box")

    theirs = await stranger.set_icon(app, await stranger.send(SVG))

    assert (theirs["__typename"], theirs["path"]) == ("NotFound", ["input", "integrationId"])


async def test_a_restricted_integrations_icon_is_for_who_manages_it(uploads, speak, organization, apps):
    app = await apps.make("Box", access=IntegrationAccess.RESTRICTED)
    few = (Permission.INTEGRATIONS_READ, Permission.INTEGRATIONS_WRITE)
    await organization.add_user("ann", *few)
    ann = speak(await organization.issue(*few, username="ann"))

    answer = await ann.set_icon(app, await ann.send(SVG))

    assert answer["__typename"] in {"Forbidden", "NotFound"}
    assert (await uploads.client.query(ICON, id=app.id))["integration"]["iconUrl"] is None


async def test_an_address_opens_one_asset_of_one_organization_and_nothing_else(uploads, apps, http, hub, assets):
    done = await uploads.set_icon(await apps.make("Box"), await uploads.send(SVG))
    _, _, organization_id, asset_id, signature = done["integration"]["iconUrl"].split("/")
    keyring = hub.app.state.hub.keyring
    unused = await uploads.send(png())
    other = await uploads.send(png())
    await uploads.set_icon(await apps.make("Bin"), other)
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]

    wrong = [
        f"/assets/{organization_id}/{asset_id}/{flipped}",
        f"/assets/{organization_id}/{asset_id}/{signature}=",
        f"/assets/{organization_id}/{asset_id}/%C3%A4",
        f"/assets/{organization_id}/{other}/{signature}",
        f"/assets/{new_id()}/{asset_id}/{signature}",
        asset_path(keyring, new_id(), asset_id),
        asset_path(keyring, organization_id, unused),
        asset_path(keyring, organization_id, new_id()),
    ]
    answers = [await http.get(address) for address in wrong]

    assert {refused(answer, 404) for answer in answers} == {"NOT_FOUND"}
    assert len({answer.content for answer in answers}) == 1
    assert (await http.get(asset_path(keyring, organization_id, asset_id))).content == SVG


@pytest.mark.parametrize(
    ("purpose", "content"), [("SCRIPT", b"alert(1)"), ("DOCUMENT", b"<b>"), ("TEMPLATE", b"PK\3\4")]
)
async def test_shows_nothing_but_pictures(uploads, apps, http, hub, database, assets, purpose, content):
    app = await apps.make("Box")
    await uploads.send(content, purpose)
    async with database.write() as session:
        claim = text("UPDATE asset SET expires_at = NULL, integration_id = :app WHERE organization_id = :mine")
        await session.execute(claim, {"app": app.id, "mine": app.organization_id})
    (asset,) = await assets()

    answer = await http.get(asset_path(hub.app.state.hub.keyring, app.organization_id, asset.id))

    assert refused(answer, 404) == "NOT_FOUND"


async def test_an_installer_sees_the_publishers_icon(
    uploads, stranger, apps, hub, database, http, new_organization, graphql
):
    app = await apps.make("Box")
    url = (await uploads.set_icon(app, await uploads.send(SVG)))["integration"]["iconUrl"]
    elsewhere = await new_organization()
    await type(apps)(hub=hub, database=database, tenant=elsewhere).install(app, "BOX")

    shown = await elsewhere.client.query(ICON, id=app.id)

    assert shown["integration"]["iconUrl"] == url
    assert (await http.get(url)).content == SVG


async def test_the_audit_tells_which_icon_took_the_place_of_which(uploads, apps, database, organization):
    app = await apps.make("Box")
    one, two = await uploads.send(SVG), await uploads.send(png())
    for icon in (one, two, None):
        await uploads.set_icon(app, icon)

    async with database.read() as session:
        mine = select(AuditEntry).where(
            col(AuditEntry.resource_id) == app.id, col(AuditEntry.action) == "integration.updated"
        )
        entries = (await session.execute(mine.order_by(col(AuditEntry.id)))).scalars().all()

    changes = [change for entry in entries for change in entry.changes]
    assert [(change["path"], change["oldValue"], change["newValue"]) for change in changes] == [
        ("icon_asset_id", None, one),
        ("icon_asset_id", one, two),
        ("icon_asset_id", two, None),
    ]
    assert {entry.actor_id for entry in entries} == {organization.admin_id}


@both
async def test_an_integrations_icon_goes_with_it(uploads, apps, http, assets):
    app = await apps.make("Box")
    url = (await uploads.set_icon(app, await uploads.send(SVG)))["integration"]["iconUrl"]
    delete = "mutation ($id: ID!) { deleteIntegration(id: $id) { __typename } }"

    answer = await uploads.client.query(delete, id=app.id)

    assert answer["deleteIntegration"]["__typename"] == "DeletePayload"
    assert refused(await http.get(url), 404) == "NOT_FOUND"
    assert await assets() == []


async def test_a_hub_that_knows_its_address_says_it(strict, apps):
    app = await apps.make("Box")

    promised = await strict.create(size=len(SVG))
    await strict.put(promised["url"].removeprefix("https://hub.example.com"), SVG)
    done = await strict.set_icon(app, promised["uploadId"])

    assert promised["url"] == f"https://hub.example.com/uploads/{promised['uploadId']}"
    assert done["integration"]["iconUrl"].startswith(f"https://hub.example.com/assets/{app.organization_id}/")
