"""`X-Hub-Id` picks the organization where a token reaches several, and gives nothing away of the others."""

import pytest

from models.errors import InvalidInput
from models.row import new_id
from models.vocabulary import Permission, TokenReach
from resolvers.caller import Caller
from resolvers.people.organization import IssueToken, issue_token
from tests.harness.backends import both
from tests.people.documents import act, integration, names, principal

VIEWER = """{ viewer { organization { slug } organizations { slug } principal { username } token { name }
    permissions } organizations { totalCount nodes { slug } } }"""
DONUT = "/donutwork/2026-02-01/integrations.json"


@pytest.fixture
def subject():
    return f"idp|{new_id()}"


@pytest.fixture
async def homes(new_organization, subject):
    """Two organizations with a user of the same subject, and one without."""
    homes = [await new_organization() for _ in range(3)]
    await principal(homes[0].client, "ada", subject=subject, permissions=["INTEGRATIONS_READ", "EVENTS_READ"])
    away = ["INTEGRATIONS_READ", "INTEGRATIONS_WRITE", "INTEGRATIONS_SHARE", "AUDIT_READ"]
    await principal(homes[1].client, "ada.l", subject=subject, permissions=away)
    for number, home in enumerate(homes):
        await integration(home.client, f"App {number}")
    return homes


@pytest.fixture
def issue(hub):
    """Issues a token for the user ada: `await issue(home, *permissions, reach=…)`."""

    async def issue(home, *permissions, reach=TokenReach.SUBJECT, username="ada"):
        new = IssueToken(
            organization=home.slug, username=username, name="wide", permissions=permissions or None, reach=reach
        )
        return (await hub.run(issue_token(Caller.operator(hub.app.state.hub), new))).secret

    return issue


@both
async def test_acts_at_home_unless_another_organization_is_named(homes, issue, graphql):
    token = await issue(homes[0])

    home = await graphql(token).query(VIEWER)
    away = await graphql(token, X_Hub_Id=homes[1].slug).query(VIEWER)
    by_id = await graphql(token, X_Hub_Id=homes[1].id).query(VIEWER)

    reached = [{"slug": homes[0].slug}, {"slug": homes[1].slug}]
    assert home["viewer"] == {
        "organization": {"slug": homes[0].slug},
        "organizations": reached,
        "principal": {"username": "ada"},
        "token": {"name": "wide"},
        "permissions": ["INTEGRATIONS_READ", "EVENTS_READ"],
    }
    assert away["viewer"] == {
        "organization": {"slug": homes[1].slug},
        "organizations": reached,
        "principal": {"username": "ada.l"},
        "token": None,
        "permissions": ["INTEGRATIONS_READ"],
    }
    assert by_id == away
    assert home["organizations"] == away["organizations"] == {"totalCount": 2, "nodes": reached}
    assert await names(graphql(token)) == ["App 0"]
    assert await names(graphql(token, X_Hub_Id=homes[1].slug)) == ["App 1"]


async def test_may_no_more_than_the_token_and_the_user_there(homes, issue, graphql):
    narrow = graphql(await issue(homes[0], Permission.EVENTS_READ), X_Hub_Id=homes[1].slug)
    wide = graphql(await issue(homes[0], *Permission), X_Hub_Id=homes[1].slug)

    assert (await narrow.query(VIEWER))["viewer"]["permissions"] == []
    assert (await wide.query(VIEWER))["viewer"]["permissions"] == [
        "AUDIT_READ",
        "INTEGRATIONS_READ",
        "INTEGRATIONS_WRITE",
        "INTEGRATIONS_SHARE",
    ]
    assert (await act(wide, "createIntegration", name="Made away"))["__typename"] == "IntegrationPayload"
    assert await names(homes[1].client) == ["App 1", "Made away"]
    assert await names(homes[0].client) == ["App 0"]


async def test_an_organization_that_is_not_reached_is_as_one_that_is_not_there(homes, issue, graphql, http):
    token = await issue(homes[0])
    elsewhere = [homes[2].slug, homes[2].id, "nowhere", "0" * 24, f"{homes[0].slug}, {homes[1].slug}"]

    answers = [await graphql(token, X_Hub_Id=name).raw(VIEWER) for name in elsewhere]
    rest = await http.get(DONUT, headers={"Authorization": f"Bearer {token}", "X-Hub-Id": homes[2].slug})

    assert {answer.status_code for answer in answers} == {404}
    assert {answer.content for answer in answers} == {answers[0].content}
    (error,) = answers[0].json()["errors"]
    assert error == {
        "message": "There is no such organization.",
        "extensions": {"code": "NOT_FOUND", "inputPath": ["X-Hub-Id"]},
    }
    assert rest.status_code == 404
    assert rest.json() == {"error": "There is no such organization."}


async def test_every_face_acts_in_the_organization_that_is_named(homes, issue, http):
    token = await issue(homes[0])

    found = [
        (await http.get(DONUT, headers={"Authorization": f"Bearer {token}"} | more)).json()
        for more in ({}, {"X-Hub-Id": homes[1].slug})
    ]

    assert ["APP_0" in str(body) for body in found] == [True, False]
    assert ["APP_1" in str(body) for body in found] == [False, True]


async def test_a_token_of_one_organization_acts_there_alone(homes, issue, graphql):
    token = await issue(homes[0], reach=TokenReach.ORGANIZATION)

    at_home = [await graphql(token, X_Hub_Id=name).query(VIEWER) for name in (homes[0].slug, homes[0].id)]
    away = await graphql(token, X_Hub_Id=homes[1].slug).raw(VIEWER)

    assert [one["viewer"]["organizations"] for one in at_home] == [[{"slug": homes[0].slug}]] * 2
    assert away.status_code == 404


async def test_a_disabled_user_is_not_reached_and_revoking_ends_it_everywhere(homes, issue, graphql):
    token = await issue(homes[0])
    away = graphql(token, X_Hub_Id=homes[1].slug)
    (there,) = (await homes[1].client.query('{ principals(search: "ada") { nodes { id } } }'))["principals"]["nodes"]
    own = await homes[0].client.query("{ tokens { nodes { id name } } }")

    await act(homes[1].client, "updatePrincipal", there["id"], disabled=True)
    disabled = await away.raw(VIEWER)
    listed = await graphql(token).query(VIEWER)
    await act(homes[1].client, "updatePrincipal", there["id"], disabled=False)
    enabled = await away.raw(VIEWER)
    wide = next(one["id"] for one in own["tokens"]["nodes"] if one["name"] == "wide")
    await homes[0].client.query("mutation ($id: ID!) { revokeToken(id: $id) { __typename } }", id=wide)

    assert (disabled.status_code, enabled.status_code) == (404, 200)
    assert listed["organizations"]["nodes"] == [{"slug": homes[0].slug}]
    assert (await away.raw(VIEWER)).status_code == 401
    assert (await graphql(token).raw(VIEWER)).status_code == 401


async def test_bad_tokens_are_refused_alike_whatever_organization_they_name(homes, graphql):
    answers = [
        await graphql(token, X_Hub_Id=name).raw(VIEWER)
        for token in ("pb_" + "x" * 43, "nonsense", "a.b.c")
        for name in (homes[0].slug, "nowhere")
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.content for answer in answers} == {answers[0].content}


async def test_shows_the_fields_of_the_organization_it_acts_in_only(homes, issue, graphql):
    for home in homes[:2]:
        users = (await home.client.query('{ principals(search: "ada") { nodes { id } } }'))["principals"]["nodes"]
        words = ["ORGANIZATION_READ"] if home is homes[0] else []
        await act(home.client, "updatePrincipal", users[0]["id"], permissions=words)
    await act(homes[1].client, "updateOrganization", customFields={"secret": "theirs"})
    client = graphql(await issue(homes[0]))

    answer = (await client.raw("{ organizations { nodes { slug customFields } } }")).json()
    own = await client.query("{ viewer { organization { customFields } } }")

    assert answer["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert "theirs" not in str(answer)
    assert own["viewer"]["organization"] == {"customFields": {}}


async def test_reach_is_given_to_somebody_by_the_operator_only(homes, issue, graphql):
    asked = await homes[0].client.raw(
        'mutation { createToken(input: {name: "a", permissions: [], reach: SUBJECT}) { __typename } }'
    )

    with pytest.raises(Exception, match="has no subject"):
        await issue(homes[0], username="admin")

    assert asked.json()["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    assert "reach" in asked.text


@pytest.mark.parametrize(
    ("facts", "place"),
    [({"username": "ada"}, "username"), ({"username": "admin", "expires_at": 1}, "expires_at")],
)
async def test_the_operator_makes_no_token_that_could_do_nothing(organization, hub, facts, place):
    user = await principal(organization.client, "ada")
    await act(organization.client, "updatePrincipal", user["id"], disabled=True)
    new = IssueToken(organization=organization.slug, name="test", **facts)

    with pytest.raises(InvalidInput) as refused:
        await hub.run(issue_token(Caller.operator(hub.app.state.hub), new))

    assert refused.value.path == (place,)
    tokens = await organization.client.query("{ tokens { totalCount } }")
    assert tokens["tokens"]["totalCount"] == 1
