"""Every root field by every role, in each way to call: done, refused, or as if nothing were there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import get_named_type

from models.database import Database
from models.vocabulary import IntegrationAccess, Permission
from resolvers.people.token import completed
from tests.harness.estate import Estate
from tests.harness.graph import document_of, root_fields
from tests.harness.graphql import GraphQL
from tests.harness.lending import Lending
from tests.harness.matrix import Foreign
from tests.harness.roles import MEMBERS, Due, Role, Texts, Way, app_token, due, settle
from tests.harness.rows import changes, snapshot
from tests.harness.tenants import Tenant
from tests.kit.conftest import MakeEstate
from tests.kit.roots import ROOTS
from tests.kit.test_roots import kind_of

ACT_AS = Permission.ACT_AS

#: One permission is not enough for these: they show what two of them are for.
OF_TWO = {"createStep", "planDelivery", "takeOverFlow", "updateStep"}
REFUSED = {"FORBIDDEN": Due.FORBIDDEN, "NOT_FOUND": Due.ABSENT, "INVALID_INPUT": Due.INVALID}


@dataclass(frozen=True, kw_only=True)
class House:
    """An estate with people in roles."""

    estate: Estate
    texts: Texts

    @property
    def tenant(self) -> Tenant:
        return self.estate.tenant


@pytest.fixture(scope="session")
def houses(build_estate: MakeEstate, database: Database) -> dict[IntegrationAccess, Lending[House]]:
    """By the access of the estate's rich integration."""

    def lending(access: IntegrationAccess) -> Lending[House]:
        async def furnish() -> House:
            estate = await build_estate()
            return House(estate=estate, texts=await settle(estate.hub, estate.tenant, estate.integration, access))

        return Lending(database, furnish)

    return {access: lending(access) for access in IntegrationAccess}


@pytest.fixture
async def house(role: Role, houses: dict[IntegrationAccess, Lending[House]]) -> AsyncIterator[House]:
    """One where the role can be."""
    async with houses[role.access].lent() as house:
        yield house


def acts(name: str) -> bool:
    """Whether the field's input names a user to act for."""
    given = root_fields()[name].args.get("input")
    return given is not None and "actAs" in get_named_type(given.type).fields


CASES = [
    pytest.param(name, role, way, id=f"{name}-{role.name.lower()}-{way.name.lower()}")
    for name in ROOTS
    for role in Role
    for way in Way
    if way is not Way.ACTOR or acts(name)
]


@pytest.mark.parametrize(("name", "role", "way"), CASES)
async def test_answers_each_role_what_it_is_due(
    name: str, role: Role, way: Way, house: House, graphql: Callable[..., GraphQL], database: Database
):
    call, expected = ROOTS[name], due(role, way, ROOTS[name].right, ROOTS[name].lacks)
    await call.prepare(house.estate)
    given = dict(call.given(house.estate))
    if way is Way.ACTOR:
        given["input"] = {**given["input"], "actAs": {"username": role.username}}
    if name == "installIntegration":
        await uninstall(house)
    before = await snapshot(database, house.tenant.id)

    answer = await graphql(house.texts[role, way]).raw(document_of(name, given), **given)

    assert due_of(answer.json(), name) is expected, answer.text
    if expected is not Due.DONE:
        audited = ["+ audit_entry"] if expected is Due.FORBIDDEN else []
        assert changes(before, await snapshot(database, house.tenant.id)) == audited


@pytest.mark.parametrize("role", [Role.MEMBER], ids=["member"])
@pytest.mark.parametrize(
    "name", [name for name, call in ROOTS.items() if call.lacks in MEMBERS and name not in OF_TWO]
)
async def test_one_permission_is_enough(name: str, role: Role, house: House, graphql: Callable[..., GraphQL]):
    call = ROOTS[name]
    text = await house.tenant.issue(call.lacks, username=role.username)
    await call.prepare(house.estate)
    given = call.given(house.estate)
    if name == "installIntegration":
        await uninstall(house)

    answer = await graphql(text).raw(document_of(name, given), **given)

    assert due_of(answer.json(), name) is due(role, Way.PERSONAL, call.right, call.lacks), answer.text


@pytest.mark.parametrize("role", [Role.MEMBER], ids=["member"])
@pytest.mark.parametrize("name", [name for name in ROOTS if acts(name)])
async def test_acting_needs_the_permission_of_both(name: str, role: Role, house: House, graphql: Any):
    call, tenant = ROOTS[name], house.tenant
    few = [word for word in MEMBERS if call.lacks not in completed([word])]
    await tenant.add_user("few", *few)
    made = await app_token(house.estate.hub, house.estate.caller(), house.estate.integration, [*few, ACT_AS])
    given = dict(call.given(house.estate))

    for username, text in {"few": house.texts[role, Way.ACTOR], role.username: made}.items():
        asked = {**given, "input": {**given["input"], "actAs": {"username": username}}}
        answer = await graphql(text).raw(document_of(name, asked), **asked)

        assert due_of(answer.json(), name) is Due.FORBIDDEN, answer.text
        assert call.lacks in answer.text


async def uninstall(house: House) -> None:
    """Make room for an installation."""
    document = document_of("uninstallIntegration", ["installationId"])
    await house.tenant.client.query(document, installationId=house.estate.installation.id)


def due_of(answer: dict[str, Any], name: str) -> Due:
    """What an answer is."""
    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    member = (answer.get("data") or {}).get(name)
    if isinstance(member, dict) and "code" in member:
        codes.append(member["code"])
    if codes:
        return REFUSED[codes[0]]
    return Due.DONE if member != [] and kind_of(member) is Foreign.OWN else Due.ABSENT
