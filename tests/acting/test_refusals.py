"""Who acts for whom: every kind of caller and of person, on every operation; nothing is sent on a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models.vocabulary import Permission
from tests.acting.conftest import BACK_END, MEMBER, House
from tests.harness.backends import both

pytestmark = both

NEW = """mutation($input: CreatePrincipalInput!) { createPrincipal(input: $input) {
  ... on PrincipalPayload { principal { databaseId } } } }"""
ADA = {"username": "ada"}
PROBLEM = "... on Problem { __typename code message path ... on Forbidden { permission } }"


def _run(house: House) -> dict[str, Any]:
    return {"capability": {"named": {"handler": house.shop.handler, "name": "OK"}}}


#: By field: its document, and an input for the shop.
OPERATIONS: dict[str, tuple[str, Callable[[House], dict[str, Any]]]] = {
    "dispatch": (f"mutation($input: DispatchInput!) {{ dispatch(input: $input) {{ {PROBLEM} }} }}", _run),
    "planDispatch": (f"query($input: DispatchInput!) {{ planDispatch(input: $input) {{ {PROBLEM} }} }}", _run),
    "proxyRequest": (
        f"mutation($input: ProxyRequestInput!) {{ proxyRequest(input: $input) {{ {PROBLEM} }} }}",
        lambda house: {"integration": {"id": house.shop.id}, "path": "/ok", "method": "POST"},
    ),
    "emitEvent": (
        f"mutation($input: EmitEventInput!) {{ emitEvent(input: $input) {{ {PROBLEM} }} }}",
        lambda house: {"integration": {"id": house.shop.id}, "type": "DONE"},
    ),
}


async def ask(house: House, client: Any, field: str, act_as: dict[str, Any]) -> dict[str, Any]:
    """The problem of an operation; empty if there was none."""
    document, asked = OPERATIONS[field]
    return (await client.query(document, input=asked(house) | {"actAs": act_as}))[field]


async def callers(house: House) -> dict[str, Any]:
    """A client for each kind of caller; those who may act for others come first."""
    without = [word for word in BACK_END if word != "ACT_AS"]
    admin, ada = house.tenant.admin_id, house.people["ada"]
    tokens = {
        "app with it": await house.token(),
        "administrator with it": await house.token(*BACK_END, "ORGANIZATION_ADMIN", principalId=admin),
        "member with it": await house.token(*BACK_END, principalId=ada),
        "app without it": await house.token(*without),
        "administrator without it": await house.token(*without, "ORGANIZATION_ADMIN", principalId=admin),
        "member without it": await house.token(*without, principalId=ada),
    }
    return {name: house.graphql(token) for name, token in tokens.items()}


@pytest.mark.parametrize("field", OPERATIONS)
async def test_the_caller_needs_act_as(field, house) -> None:
    clients = await callers(house)

    answers = {name: await ask(house, client, field, {"username": "otto"}) for name, client in clients.items()}
    unknown = await ask(house, clients["app without it"], field, {"username": "nobody"})

    assert unknown == answers["app without it"], "it does not say who exists"
    for name, answer in answers.items():
        if name.endswith("without it"):
            assert (answer["code"], answer["permission"]) == ("FORBIDDEN", "ACT_AS"), name
            assert answer["path"] == ["input", "actAs"]
        else:
            assert answer == {}, name
    sends = field in ("dispatch", "proxyRequest")
    assert house.arrived() == ([(["Bearer otto"], ["otto"])] * 3 if sends else [])


@pytest.mark.parametrize("field", OPERATIONS)
async def test_only_a_working_user_of_the_organization_without_administration_is_acted_for(
    field, house, new_organization
) -> None:
    stranger = await new_organization()
    foreign = await stranger.add_user("foreign", *MEMBER)
    await house.add("gone")
    await house.change("gone", disabled=True)
    await house.add("boss", *MEMBER, Permission.ORGANIZATION_ADMIN)
    team = {"kind": "TEAM", "username": "team", "displayName": "T", "permissions": ["DISPATCH_WRITE"]}
    made = (await house.tenant.client.query(NEW, input=team))["createPrincipal"]["principal"]
    client = house.graphql(await house.token())
    refusals = {
        "disabled": [{"username": "gone"}, {"id": house.people["gone"]}],
        "an administrator": [{"username": "boss"}, {"username": "admin"}, {"id": house.people["boss"]}],
        "a team": [{"username": "team"}, {"id": made["databaseId"]}],
        "no such user": [
            *(
                {"id": one}
                for one in (foreign, stranger.admin_id, house.shop.id, "0" * 24, "", "x", house.people["ada"] + " ")
            ),
            *({name: text} for name in ("username", "subject") for text in ("foreign", "", "ADA", "ada ")),
        ],
    }
    before = await house.rows()

    for word, refs in refusals.items():
        for ref in refs:
            answer = await ask(house, client, field, ref)

            code = "NOT_FOUND" if word == "no such user" else "FORBIDDEN"
            assert (answer.get("code"), answer.get("path")) == (code, ["input", "actAs"]), ref
            assert word in answer["message"], ref
            assert answer.get("permission") is None

    assert house.upstream.requests == []
    assert set(await house.changed(before)) == {"+ audit_entry"}


async def test_names_exactly_one_user(house) -> None:
    client = house.graphql(await house.token())
    for ref in ({}, {"id": house.people["ada"], "username": "ada"}, {"username": None}):
        answer = await client.raw(OPERATIONS["dispatch"][0], input=_run(house) | {"actAs": ref})
        assert "errors" in answer.json(), ref
    assert house.upstream.requests == []


async def test_no_act_as_is_the_caller_itself(house) -> None:
    client = house.clients["ada"]

    assert await client.query(OPERATIONS["dispatch"][0], input=_run(house) | {"actAs": None}) == {"dispatch": {}}

    assert house.arrived() == [(["Bearer ada"], ["ada"])]


async def test_a_person_is_acted_for_until_they_are_disabled(house) -> None:
    client = house.graphql(await house.token())

    before = await ask(house, client, "dispatch", ADA)
    await house.change("ada", disabled=True)
    after = await ask(house, client, "dispatch", ADA)

    assert (before, after["code"]) == ({}, "FORBIDDEN")
    assert len(house.upstream.requests) == 1
