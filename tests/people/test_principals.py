"""Users and teams: made, changed, disabled and removed by administrators, within what these may do themselves."""

import asyncio

import pytest

from models.errors import InvalidInput
from models.vocabulary import Permission
from resolvers.caller import Caller
from resolvers.people.organization import CreateOrganization, create_organization
from tests.harness.backends import both
from tests.people.documents import act, audit, principal

LIST = """query ($kind: PrincipalKind, $search: String, $first: Int, $after: String) {
    principals(kind: $kind, search: $search, first: $first, after: $after) {
        totalCount nodes { username } pageInfo { endCursor hasNextPage } } }"""
UNSEEN = "It must not hold control characters or others that cannot be seen."


async def listed(client, **given):
    found = (await client.query(LIST, **given))["principals"]
    return [node["username"] for node in found["nodes"]]


async def test_makes_a_user_as_it_was_given(organization):
    made = await principal(
        organization.client,
        "ada",
        email="ada@example.com",
        subject="idp|1",
        customFields={"team": "a"},
        permissions=["EVENTS_READ", "AUDIT_READ"],
    )

    assert made | {"id": "", "databaseId": ""} == {
        "id": "",
        "databaseId": "",
        "kind": "USER",
        "username": "ada",
        "displayName": "Ada",
        "email": "ada@example.com",
        "customFields": {"team": "a"},
        "permissions": ["AUDIT_READ", "EVENTS_READ"],
        "disabledAt": None,
        "teams": [],
        "members": [],
    }
    entry = (await audit(organization.client, "principal.created"))[0]
    assert entry["resourceName"] == "ada"
    assert {"path": "subject", "oldValue": None, "newValue": "idp|1"} in entry["changes"]


@both
async def test_a_teams_members_are_replaced_and_the_change_is_recorded(organization):
    people = [await principal(organization.client, name) for name in ("ada", "bob", "cyd")]
    ids = [person["id"] for person in people]
    team = await principal(organization.client, "crew", "TEAM", memberIds=[ids[0], ids[1], ids[0]])

    changed = await act(organization.client, "updatePrincipal", team["id"], memberIds=[ids[2], ids[1]])

    assert [member["username"] for member in team["members"]] == ["ada", "bob"]
    assert [member["username"] for member in changed["principal"]["members"]] == ["bob", "cyd"]
    rows = [person["databaseId"] for person in people]
    entry = (await audit(organization.client, "principal.updated"))[0]
    assert entry["changes"] == [{"path": "memberIds", "oldValue": sorted(rows[:2]), "newValue": sorted(rows[1:])}]
    shown = await organization.client.query("{ principals(kind: USER) { nodes { username teams { username } } } }")
    teams = {node["username"]: [one["username"] for one in node["teams"]] for node in shown["principals"]["nodes"]}
    assert teams == {"admin": [], "ada": [], "bob": ["crew"], "cyd": ["crew"]}


async def test_an_absent_field_stays_and_null_clears(organization):
    user = await principal(organization.client, "ada", email="a@example.com", customFields={"a": 1})

    renamed = await act(organization.client, "updatePrincipal", user["id"], displayName="Countess")
    cleared = await act(organization.client, "updatePrincipal", user["id"], email=None, customFields=None)

    assert (renamed["principal"]["email"], renamed["principal"]["customFields"]) == ("a@example.com", {"a": 1})
    assert (cleared["principal"]["email"], cleared["principal"]["customFields"]) == (None, {})
    assert cleared["principal"]["displayName"] == "Countess"


@both
@pytest.mark.parametrize("field", ["username", "subject"])
async def test_refuses_a_name_that_is_taken(organization, new_organization, field):
    given = {"username": "ada", "subject": "idp|1"}
    other = {"username": "bob", "subject": "idp|2"} | {field: given[field]}
    await act(organization.client, "createPrincipal", kind="USER", displayName="A", **given)

    refused = await act(organization.client, "createPrincipal", kind="USER", displayName="B", **other)

    assert (refused["code"], refused["path"]) == ("CONFLICT", ["input", field])
    assert await listed(organization.client) == ["ada", "admin"]
    elsewhere = (await new_organization()).client
    assert (await act(elsewhere, "createPrincipal", kind="USER", displayName="A", **given))["principal"]


@pytest.mark.parametrize(
    ("username", "sentence"),
    [
        ("ada ", "It must not begin or end with a blank."),
        (" ada", "It must not begin or end with a blank."),
        ("a\u200bda", UNSEEN),
        ("a\u00adda", UNSEEN),
        ("a\u202eda", UNSEEN),
        ("a\nda", UNSEEN),
        ("ada\u3164", UNSEEN),
        ("ada\ufe0f", UNSEEN),
        ("\uff41da", "Write it in the Unicode form NFKC: ada"),
        ("zoe\u0308", "Write it in the Unicode form NFKC: zo\u00eb"),
        ("\ufb01n", "Write it in the Unicode form NFKC: fin"),
    ],
)
async def test_refuses_a_username_that_looks_like_another(hub, lasting, username, sentence):
    given = {"kind": "USER", "username": username, "displayName": "Ada"}
    document = """mutation ($input: CreatePrincipalInput!) { createPrincipal(input: $input) {
      ... on InvalidInput { violations { path message } } } }"""

    refused = (await lasting.client.query(document, input=given))["createPrincipal"]
    new = CreateOrganization(name="Other", username=username)
    with pytest.raises(InvalidInput) as at_the_command_line:
        await hub.run(create_organization(Caller.operator(hub.app.state.hub), new))

    assert refused == {"violations": [{"path": ["input", "username"], "message": sentence}]}
    assert [one.message for one in at_the_command_line.value.violations] == [sentence]


@pytest.mark.parametrize("username", ["Zoë Ñ", "ada@example.com", "李明", "o'neil-2", "admin, by night"])
async def test_takes_a_username_of_any_alphabet(organization, username):
    assert (await principal(organization.client, username))["username"] == username


@both
async def test_of_twenty_that_take_a_username_at_once_one_does(organization):
    made = await asyncio.gather(
        *(
            act(organization.client, "createPrincipal", kind="USER", username="ada", displayName="A")
            for _ in range(20)
        )
    )

    assert sorted(one["__typename"] for one in made) == ["Conflict"] * 19 + ["PrincipalPayload"]
    assert await listed(organization.client) == ["ada", "admin"]


async def test_gives_no_permission_that_the_caller_lacks(organization):
    client = await organization.signed_in(Permission.ORGANIZATION_ADMIN, Permission.EVENTS_READ)
    user = await principal(organization.client, "ada", permissions=["AUDIT_READ"])

    made = await act(
        client,
        "createPrincipal",
        kind="USER",
        username="eve",
        displayName="Eve",
        permissions=["EVENTS_READ", "TOKENS_WRITE"],
    )
    raised = await act(client, "updatePrincipal", user["id"], permissions=["AUDIT_READ", "TOKENS_WRITE"])
    kept = await act(client, "updatePrincipal", user["id"], permissions=["AUDIT_READ", "EVENTS_READ"])

    assert (made["code"], made["path"]) == ("INVALID_INPUT", ["input", "permissions", "1"])
    assert (raised["code"], raised["path"]) == ("INVALID_INPUT", ["input", "permissions", "1"])
    assert kept["principal"]["permissions"] == ["AUDIT_READ", "EVENTS_READ"]
    assert await listed(organization.client, search="eve") == []


@pytest.mark.parametrize(
    ("kind", "given", "path"),
    [
        ("USER", {"username": ""}, ["input", "username"]),
        ("USER", {"username": "x" * 121}, ["input", "username"]),
        ("USER", {"displayName": "a\nb"}, ["input", "displayName"]),
        ("USER", {"subject": ""}, ["input", "subject"]),
        ("TEAM", {"subject": "idp|1"}, ["input", "subject"]),
        ("USER", {"customFields": [1]}, ["input", "customFields"]),
        ("USER", {"memberIds": ["0" * 24]}, ["input", "memberIds"]),
    ],
)
async def test_refuses_what_cannot_be(lasting, kind, given, path):
    fields = {"kind": kind, "username": "ada", "displayName": "Ada"} | given

    refused = await act(lasting.client, "createPrincipal", **fields)

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", path)
    assert await listed(lasting.client) == ["admin"]


async def test_a_member_is_a_user_of_the_organization(organization, new_organization):
    stranger = await principal((await new_organization()).client, "eve")
    user = await principal(organization.client, "ada")
    team = await principal(organization.client, "crew", "TEAM", memberIds=[user["id"]])

    foreign = await act(organization.client, "updatePrincipal", team["id"], memberIds=[user["id"], stranger["id"]])
    nested = await act(organization.client, "updatePrincipal", team["id"], memberIds=[team["id"]])
    of_user = await act(organization.client, "updatePrincipal", user["id"], memberIds=[user["id"]])

    assert (foreign["code"], foreign["path"]) == ("NOT_FOUND", ["input", "memberIds", "1"])
    assert (nested["code"], nested["path"]) == ("INVALID_INPUT", ["input", "memberIds", "0"])
    assert (of_user["code"], of_user["path"]) == ("INVALID_INPUT", ["input", "memberIds"])
    shown = await organization.client.query("{ principals(kind: TEAM) { nodes { members { username } } } }")
    assert shown["principals"]["nodes"] == [{"members": [{"username": "ada"}]}]


async def test_disabling_a_user_ends_its_tokens_at_once_and_enabling_brings_them_back(organization):
    user = await principal(organization.client, "ada")
    client = await organization.signed_in(Permission.INTEGRATIONS_READ, username="ada")
    assert (await client.raw("{ viewer { organization { slug } } }")).status_code == 200

    disabled = await act(organization.client, "updatePrincipal", user["id"], disabled=True)
    refused = await client.raw("{ viewer { organization { slug } } }")
    await act(organization.client, "updatePrincipal", user["id"], disabled=False)

    assert disabled["principal"]["disabledAt"] is not None
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["message"] == "Give a valid token as `Authorization: Bearer …`."
    assert (await client.raw("{ viewer { organization { slug } } }")).status_code == 200


async def test_a_team_is_not_disabled(organization):
    team = await principal(organization.client, "crew", "TEAM")

    refused = await act(organization.client, "updatePrincipal", team["id"], disabled=True)

    assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "disabled"])


async def test_an_administrator_does_not_lock_themselves_out(organization):
    user = await principal(organization.client, "ada", permissions=["ORGANIZATION_ADMIN", "ORGANIZATION_READ"])
    client = await organization.signed_in(Permission.ORGANIZATION_ADMIN, username="ada")

    off = await act(client, "updatePrincipal", user["id"], disabled=True, displayName="Gone")
    less = await act(client, "updatePrincipal", user["id"], permissions=["ORGANIZATION_READ"])
    none = await act(client, "updatePrincipal", user["id"], permissions=None)
    gone = await act(client, "deletePrincipal", user["id"])

    assert (off["code"], off["path"]) == ("INVALID_INPUT", ["input", "disabled"])
    for refused in (less, none):
        assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["input", "permissions"])
    assert (gone["code"], gone["path"]) == ("CONFLICT", ["id"])
    assert await listed(organization.client) == ["ada", "admin"]
    assert await audit(organization.client, "principal.updated") == []


async def test_narrowing_a_users_permissions_narrows_its_tokens_at_once(organization):
    user = await principal(organization.client, "ada")
    client = await organization.signed_in(Permission.INTEGRATIONS_WRITE, username="ada")

    await act(organization.client, "updatePrincipal", user["id"], permissions=["INTEGRATIONS_READ"])

    assert (await act(client, "createIntegration", name="Late"))["code"] == "FORBIDDEN"
    assert (await client.query("{ viewer { permissions } }"))["viewer"]["permissions"] == ["INTEGRATIONS_READ"]


async def test_another_organizations_user_does_not_exist(organization, new_organization):
    stranger = await principal((other := await new_organization()).client, "eve")

    changed = await act(organization.client, "updatePrincipal", stranger["id"], displayName="Mine")
    removed = await act(organization.client, "deletePrincipal", stranger["id"])
    unknown = await act(organization.client, "deletePrincipal", "0" * 24)

    assert changed["code"] == "NOT_FOUND"
    assert removed == unknown
    assert await listed(other.client) == ["admin", "eve"]


@both
async def test_lists_by_name_with_words_and_kind_and_pages(organization):
    for name in ("carol", "alice", "bob"):
        await principal(organization.client, name)
    await principal(organization.client, "alpha", "TEAM")

    assert await listed(organization.client) == ["admin", "alice", "alpha", "bob", "carol"]
    assert await listed(organization.client, kind="TEAM") == ["alpha"]
    assert await listed(organization.client, search="AL") == ["alice", "alpha"]
    first = (await organization.client.query(LIST, first=3))["principals"]
    rest = await listed(organization.client, first=3, after=first["pageInfo"]["endCursor"])
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], rest) == (5, True, ["bob", "carol"])


async def test_needs_the_permissions_of_an_administrator(organization):
    user = await principal(organization.client, "ada")
    client = await organization.signed_in(Permission.ORGANIZATION_READ, Permission.TOKENS_WRITE)

    made = await act(client, "createPrincipal", kind="USER", username="eve", displayName="Eve")
    changed = await act(client, "updatePrincipal", user["id"], displayName="Eve")
    removed = await act(client, "deletePrincipal", user["id"])
    blind = await (await organization.signed_in(Permission.AUDIT_READ)).raw(LIST)

    assert [made["code"], changed["code"], removed["code"]] == ["FORBIDDEN"] * 3
    assert blind.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert await listed(organization.client) == ["ada", "admin"]


async def test_members_within_teams_within_members_are_weighed(organization):
    document = "{ principals(first: 100) { nodes { teams { members { teams { username } } } } } }"

    refused = (await organization.client.raw(document)).json()

    assert refused["errors"][0]["extensions"]["code"] == "TOO_COSTLY"
