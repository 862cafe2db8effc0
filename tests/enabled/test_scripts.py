"""Scripts of apps: the list of a site's, and their content for browsers."""

import hashlib

import pytest

from models.errors import Forbidden, NotFound
from models.row import new_id
from models.vocabulary import InstallationStatus, Permission, PlaceKind, PublicationVisibility
from resolvers.publishing.scripts import ScriptAddress, header_of, list_site_scripts
from tests.enabled.conftest import SCOPES, plain
from tests.harness.backends import both
from tests.harness.estate import caller_of
from tests.harness.statements import counted

SCRIPT = b"export default () => 'caf\xc3\xa9';\n"
TAG = f'"{hashlib.sha256(SCRIPT).hexdigest()}"'
INJECTS = {"scopes": ["may:read", "may:inject"]}


@pytest.fixture
def scripts_of(hub, organization):
    """The scripts of a site."""

    async def listed(place_id):
        caller = caller_of(hub, organization, [Permission.INSTALLATIONS_READ])
        return await hub.run(list_site_scripts(caller, place_id, SCOPES))

    return listed


@pytest.fixture
async def embedded(enabled, publisher):
    """A site with the script of one app: the app, the installation there, and the address of the script."""
    site = await enabled.place(PlaceKind.SITE)
    app = await publisher.publish("Weather", script=SCRIPT, **INJECTS)
    row = await enabled.enable(app, site)
    address = ScriptAddress(name=app.name, installation_id=row.installation_id, place_id=site.id)
    return app, row, address


@both
async def test_lists_the_scripts_that_a_site_embeds(enabled, publisher, scripts_of):
    site, other = await enabled.place(PlaceKind.SITE), await enabled.place(PlaceKind.SITE)
    policy = {"default-src": "'self'", "img-src": "https: data:"}
    baker = await publisher.publish("baker", script=b"1", scopes=["may:cook", "may:inject"])
    weather = await publisher.publish("weather", script=SCRIPT, **INJECTS, content_security_policy=policy)
    rows = {app.name: await enabled.enable(app, site) for app in (weather, baker)}
    for place, facts, app in (
        (site, {}, {"script": b"1", "scopes": ["may:cook"]}),
        (site, {}, INJECTS),
        (site, {"status": InstallationStatus.PAUSED}, {"script": b"1", **INJECTS}),
        (site, {"configured": False}, {"script": b"1", **INJECTS}),
        (other, {}, {"script": b"1", **INJECTS}),
    ):
        await enabled.enable(await publisher.publish(f"x{new_id()}", **app), place, **facts)

    found = await scripts_of(site.id)

    assert [(plain(one.name), one.cookies, one.content_security_policy) for one in found] == [
        ("baker", True, None),
        ("weather", False, "default-src 'self'; img-src https: data:"),
    ]
    for one in found:
        assert one.path == f"/apps/{one.name}/{rows[one.name].installation_id}/sites/{site.id}/script.js"


@both
async def test_lists_50_scripts_in_as_many_statements_as_1(enabled, publisher, hub, scripts_of):
    sent, rows = {}, {}
    for count in (1, 50):
        site = await enabled.place(PlaceKind.SITE)
        for number in range(count):
            await enabled.enable(await publisher.publish(f"{count}-{number}", script=b"1", **INJECTS), site)
        with counted(hub.app.state.hub.database) as statements:
            rows[count] = len(await scripts_of(site.id))
        sent[count] = len(statements)

    assert rows == {1: 1, 50: 50}
    assert sent[1] == sent[50] <= 3


async def test_only_the_organizations_own_sites_have_scripts(enabled, publisher, hub, organization, scripts_of):
    theirs, space = await publisher.place(PlaceKind.SITE), await enabled.place()

    for place_id in (theirs.id, space.id, new_id(), "x"):
        with pytest.raises(NotFound):
            await scripts_of(place_id)
    without = caller_of(hub, organization, frozenset(Permission) - {Permission.INSTALLATIONS_READ})
    with pytest.raises(Forbidden):
        await hub.run(list_site_scripts(without, theirs.id, SCOPES))


@both
async def test_serves_a_script_to_a_browser_without_a_token(embedded, http, scripts_served):
    _, _, address = embedded

    answer = await http.get(scripts_served + address.path)
    shouted = await http.get(scripts_served + address.path.replace("Weather", "WEATHER"))
    head = await http.head(scripts_served + address.path)

    assert (answer.status_code, answer.content) == (200, SCRIPT)
    assert {name: answer.headers[name] for name in EXPECTED} == EXPECTED
    assert "content-security-policy" not in answer.headers
    assert "set-cookie" not in answer.headers
    assert (shouted.status_code, shouted.content) == (200, SCRIPT)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(SCRIPT)))


EXPECTED = {
    "content-type": "text/javascript; charset=utf-8",
    "x-content-type-options": "nosniff",
    "access-control-allow-origin": "*",
    "cross-origin-resource-policy": "cross-origin",
    "cache-control": "public, max-age=60, must-revalidate",
    "etag": TAG,
}


async def test_a_browser_asks_again_for_changes_alone(embedded, http, hub, scripts_served):
    _, _, address = embedded
    url = scripts_served + address.path

    with counted(hub.app.state.hub.database) as statements:
        kept = await http.get(url, headers={"If-None-Match": f'"old", W/{TAG}'})
    changed = await http.get(url, headers={"If-None-Match": '"old"'})

    assert (kept.status_code, kept.content, kept.headers["etag"]) == (304, b"", TAG)
    assert (kept.headers["cache-control"], kept.headers["access-control-allow-origin"]) == (
        EXPECTED["cache-control"],
        "*",
    )
    assert [statement for statement in statements if "asset_piece.content" in statement.partition("FROM")[0]] == []
    assert (changed.status_code, changed.content) == (200, SCRIPT)


async def test_anything_else_is_one_and_the_same_404(enabled, publisher, embedded, http, scripts_served):
    app, row, address = embedded
    space = await enabled.place()
    on_space = await enabled.put(await enabled.install(await publisher.publish("s", script=b"1", **INJECTS)), space)
    silent = await publisher.publish("silent", script=b"1", scopes=["may:cook"])
    bare = await publisher.publish("bare", **INJECTS)
    site = await enabled.place(PlaceKind.SITE)
    on_site = [(await enabled.enable(one, site)).installation_id for one in (silent, bare)]
    wrong = [
        (f"s.{publisher.tenant.id}", on_space.installation_id, space.id),
        (silent.name, on_site[0], site.id),
        (bare.name, on_site[1], site.id),
        (silent.name, row.installation_id, row.place_id),
        (app.name, on_site[0], site.id),
        (app.name, row.installation_id, site.id),
        (app.name, row.id, row.place_id),
        (app.name, new_id(), row.place_id),
        (app.integration_id, row.installation_id, row.place_id),
        (app.name, "x", "y"),
        ("%F0%9F%92%A9", row.installation_id, row.place_id),
        ("n" * 5000, row.installation_id, row.place_id),
    ]

    answers = [await http.get(f"{scripts_served}/apps/{a}/{b}/sites/{c}/script.js") for a, b, c in wrong]
    beside = await http.get(address.path)  # no dialect of this hub has these scopes

    assert {(one.status_code, one.content) for one in (*answers, beside)} == {
        (404, b'{"code":"NOT_FOUND","message":"There is no such script."}')
    }
    assert {one.headers["cache-control"] for one in answers} == {"no-store"}


@both
@pytest.mark.parametrize("change", ["paused", "pending", "unconfigured", "taken off", "withdrawn", "deleted"])
async def test_a_script_goes_with_the_app(enabled, embedded, http, scripts_served, change):
    app, row, address = embedded
    assert (await http.get(scripts_served + address.path)).status_code == 200

    await END[change](enabled, app, row)
    answer = await http.get(scripts_served + address.path, headers={"If-None-Match": TAG})

    assert answer.status_code == 404


END = {
    "paused": lambda e, app, row: e.set_status(row, InstallationStatus.PAUSED),
    "pending": lambda e, app, row: e.set_status(row, InstallationStatus.PENDING),
    "unconfigured": lambda e, app, row: e.change(row, configured=False),
    "taken off": lambda e, app, row: e.remove(row),
    "withdrawn": lambda e, app, row: e.remove(app),
    "deleted": lambda e, app, row: e.begin_deletion(app),
}


@pytest.mark.parametrize("visibility", PublicationVisibility)
async def test_serves_where_it_is_installed_whoever_may_find_it(enabled, embedded, http, scripts_served, visibility):
    app, _, address = embedded

    await enabled.change(app, visibility=visibility)

    assert (await http.get(scripts_served + address.path)).status_code == 200


@pytest.mark.parametrize(
    ("policy", "header"),
    [
        (None, None),
        ("", None),
        ({}, None),
        (" \r\n ", None),
        ("default-src 'self'", "default-src 'self'"),
        ("default-src 'self';\n  img-src *;\n", "default-src 'self'; img-src *;"),
        ({"default-src": "'self'", "upgrade-insecure-requests": ""}, "default-src 'self'; upgrade-insecure-requests"),
        ("default-src 'self'\r\nSet-Cookie: a=b", "default-src 'self' Set-Cookie: a=b"),
        ({"img-src\r\nx": "https:\0//a\x7f\x85\u2028b"}, "img-src x https: //a b"),
        ("img-src https://bücher.example %41", "img-src https://b%C3%BCcher.example %41"),
    ],
)
async def test_a_policy_is_one_line_of_a_header(enabled, embedded, http, scripts_served, policy, header):
    app, _, address = embedded
    await enabled.change(app, content_security_policy=policy)

    answer = await http.get(scripts_served + address.path)
    kept = await http.get(scripts_served + address.path, headers={"If-None-Match": TAG})

    assert header_of(policy) == header
    assert [one.headers.get("content-security-policy") for one in (answer, kept)] == [header, header]
    assert (answer.status_code, kept.status_code) == (200, 304)
    assert "set-cookie" not in answer.headers


async def test_a_token_in_the_address_is_refused(embedded, http, scripts_served):
    _, _, address = embedded

    answer = await http.get(f"{scripts_served}{address.path}?access_token=pb_secret")

    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
    assert (await http.get(f"{scripts_served}{address.path}?v=2")).status_code == 200
