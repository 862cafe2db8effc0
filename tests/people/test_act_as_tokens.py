"""ACT_AS: a permission of tokens alone, which an administrator puts into a token, for its own organization."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import InvalidInput
from models.vocabulary import Permission, TokenReach
from resolvers.caller import Caller
from resolvers.people.organization import CreateOrganization, IssueToken, create_organization, issue_token
from tests.harness.acting import act, listed, refusal
from tests.harness.backends import both
from tests.harness.rows import changes, snapshot
from tests.people import documents

MADE = "secret token { permissions }"
MAY = "{ viewer { permissions } }"


async def may(client: Any) -> list[str]:
    return (await client.query(MAY))["viewer"]["permissions"]


async def test_only_an_administrator_puts_it_into_a_token(organization, graphql, database) -> None:
    admin = await organization.signed_in(Permission.TOKENS_WRITE, Permission.ORGANIZATION_ADMIN)
    holder = await organization.signed_in(Permission.TOKENS_WRITE, Permission.ACT_AS)
    before = await snapshot(database, organization.id)

    refused = await refusal(holder, "createToken", {"name": "t", "permissions": ["TOKENS_WRITE", "ACT_AS"]})
    after = await snapshot(database, organization.id)
    made = await act(admin, "createToken", {"name": "t", "permissions": ["ACT_AS"]}, MADE)

    assert (refused["code"], refused["permission"]) == ("FORBIDDEN", "ORGANIZATION_ADMIN")
    assert (refused["path"], "ACT_AS" in refused["message"]) == (["input", "permissions", "1"], True)
    assert changes(before, after) == ["+ audit_entry"]
    assert await may(graphql(made["secret"])) == ["ACT_AS"]


async def test_no_other_permission_brings_it(organization, graphql) -> None:
    everything = [word for word in Permission if word is not Permission.ACT_AS]

    made = await act(organization.client, "createToken", {"name": "t", "permissions": everything}, MADE)

    assert "ACT_AS" not in made["token"]["permissions"]
    assert "ACT_AS" not in await may(organization.client), "the token of `token create` has the user's permissions"


async def test_no_user_has_it(organization, hub) -> None:
    new = """mutation($input: CreatePrincipalInput!) { createPrincipal(input: $input) {
      __typename ... on InvalidInput { violations { path } } } }"""
    changed = """mutation($input: UpdatePrincipalInput!) { updatePrincipal(input: $input) {
      __typename ... on InvalidInput { violations { path } } } }"""
    member = await organization.add_user("ada", Permission.EVENTS_READ)
    fault = {"__typename": "InvalidInput", "violations": [{"path": ["input", "permissions", "0"]}]}
    founder = CreateOrganization(name="Other", permissions=[Permission.ACT_AS])

    person = {"kind": "USER", "username": "u", "displayName": "U", "permissions": ["ACT_AS"]}
    created = await organization.client.query(new, input=person)
    updated = await organization.client.query(changed, input={"id": member, "permissions": ["ACT_AS"]})

    assert created["createPrincipal"] == fault
    assert updated["updatePrincipal"] == fault
    with pytest.raises(InvalidInput):
        await hub.run(create_organization(Caller.operator(hub.app.state.hub), founder))
    names = await listed(organization.client, "principals", "username")
    assert names == [{"username": "ada"}, {"username": "admin"}]


async def test_an_apps_token_has_it_while_its_maker_is_an_administrator(organization, graphql) -> None:
    change = "mutation($input: UpdatePrincipalInput!) { updatePrincipal(input: $input) { __typename } }"
    hand_over = "mutation($input: TransferTokenInput!) { transferToken(input: $input) { __typename } }"
    boss = await organization.add_user("boss")
    client = await organization.signed_in(*Permission, username="boss")
    shop = await act(organization.client, "createIntegration", {"name": "Shop"})
    new = {"name": "t", "permissions": ["ACT_AS", "EVENTS_READ"], "integrationId": shop["id"]}
    made = await act(client, "createToken", new, "secret token { id }")
    back_end = graphql(made["secret"])

    at_first = await may(back_end)
    await organization.client.query(change, input={"id": boss, "permissions": ["EVENTS_READ"]})
    then = await may(back_end)
    given = {"id": made["token"]["id"], "principalId": organization.admin_id}
    await organization.client.query(hand_over, input=given)

    assert (at_first, then) == (["EVENTS_READ", "ACT_AS"], ["EVENTS_READ"])
    assert await may(back_end) == ["EVENTS_READ", "ACT_AS"], "an administrator gives it without having it"


@both
async def test_a_personal_token_has_it_while_an_administrator_stands_behind_it(organization, graphql) -> None:
    boss, ada = await organization.add_user("boss"), await organization.add_user("ada", Permission.EVENTS_READ)
    client = await organization.signed_in(*Permission, username="boss")

    async def made(by: Any, *more: str, **owner: Any) -> Any:
        new = {"name": "t", "permissions": ["ACT_AS", "EVENTS_READ", *more], **owner}
        return graphql((await act(by, "createToken", new, "secret"))["secret"])

    own = await made(client, "ORGANIZATION_ADMIN", "TOKENS_WRITE")
    tokens = [await made(own), await made(client, principalId=ada), await made(organization.client, principalId=ada)]

    at_first = [await may(one) for one in tokens]
    await _change(organization, boss, permissions=["EVENTS_READ"])
    demoted = [await may(one) for one in (own, *tokens)]
    await _change(organization, ada, permissions=["EVENTS_READ", "ORGANIZATION_ADMIN"])

    assert at_first == [["EVENTS_READ", "ACT_AS"]] * 3
    assert demoted == [["EVENTS_READ"]] * 3 + [["EVENTS_READ", "ACT_AS"]]
    assert await may(tokens[1]) == ["EVENTS_READ", "ACT_AS"], "its user is one now"


@both
@pytest.mark.parametrize("end", ["disabled", "removed"])
async def test_nor_has_another_users_token_once_the_administrator_that_made_it_is_gone(organization, graphql, end):
    boss, ada = await organization.add_user("boss"), await organization.add_user("ada", Permission.EVENTS_READ)
    client = await organization.signed_in(*Permission, username="boss")
    new = {"name": "t", "permissions": ["ACT_AS", "EVENTS_READ"], "principalId": ada}
    theirs = graphql((await act(client, "createToken", new, "secret"))["secret"])
    by_operator = await organization.signed_in(Permission.ACT_AS, username="ada")

    if end == "disabled":
        await _change(organization, boss, disabled=True)
    else:
        await documents.act(organization.client, "deletePrincipal", boss)

    assert await may(theirs) == ["EVENTS_READ"]
    assert await may(by_operator) == ["ACT_AS"]


async def test_it_counts_in_the_organization_of_the_token_only(new_organization, hub, graphql) -> None:
    home, elsewhere = await new_organization(subject="sub-1"), await new_organization(subject="sub-1")
    wanted = IssueToken(
        organization=home.slug,
        username="admin",
        name="t",
        permissions=[Permission.ACT_AS, Permission.EVENTS_READ],
        reach=TokenReach.SUBJECT,
    )
    token = (await hub.run(issue_token(Caller.operator(hub.app.state.hub), wanted))).secret

    assert await may(graphql(token)) == ["EVENTS_READ", "ACT_AS"]
    assert await may(graphql(token, X_Hub_Id=elsewhere.slug)) == ["EVENTS_READ"]


async def _change(organization: Any, principal: str, **values: Any) -> None:
    assert "principal" in await documents.act(organization.client, "updatePrincipal", principal, **values)
