"""Each refusal has its form in every face: a member of the union where it is in it, else an error with its code."""

from __future__ import annotations

import re
import sys

import httpx
import pytest
from graphql import GraphQLUnionType, get_named_type

from models.errors import DomainError
from schema.kit.errors import _KINDS
from schema.kit.result import Result
from tests.harness.graph import SCHEMA, is_mutation, root_fields
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP
from tests.kit.calls import every_operation
from tests.kit.refusing import KINDS, refusing
from tests.kit.roots import ROOTS

MEMBERS = {
    "NotFound": "NOT_FOUND",
    "Conflict": "CONFLICT",
    "InvalidInput": "INVALID_INPUT",
    "Oversized": "INVALID_INPUT",
    "Forbidden": "FORBIDDEN",
    "Stale": "STALE",
    "TooMany": "TOO_MANY",
    "NotReady": "NOT_READY",
    "UpstreamFailed": "UPSTREAM_FAILED",
    "UpstreamTimeout": "UPSTREAM_FAILED",
    "UpstreamBlocked": "UPSTREAM_FAILED",
    "TokenRefused": "UPSTREAM_FAILED",
}
ERRORS_ONLY = {
    "Unauthenticated": "UNAUTHENTICATED",
    "WrongMethod": "INVALID_INPUT",
    "TooLarge": "INVALID_INPUT",
    "Unavailable": "UNAVAILABLE",
    "Contended": "UNAVAILABLE",
    "SecretUnreadable": "INTERNAL_SERVER_ERROR",
}
CODES = {**MEMBERS, **ERRORS_ONLY}
SELECTION = "{ __typename ... on Problem { code message path } }"
MUTATIONS = [name for name in root_fields() if is_mutation(name)]


def kinds(root: type[DomainError] = DomainError) -> set[type[DomainError]]:
    return set().union(*({kind} | kinds(kind) for kind in root.__subclasses__()))


def snake(name: str) -> str:
    return re.sub(r"(?=[A-Z])", "_", name).lower()


@pytest.fixture(scope="module")
def refusing_url(hub, database_url, victim):
    with refusing(hub.app.state.hub, database_url, victim.tenant.id) as url:
        yield url


@pytest.fixture
async def client(refusing_url):
    async with httpx.AsyncClient(base_url=refusing_url, timeout=30, **PLAIN_HTTP) as http:
        yield GraphQL(http)


def test_every_refusal_is_tried_here():
    assert {kind.__name__ for kind in kinds()} == {kind.__name__ for kind in KINDS} == set(CODES)


@pytest.mark.parametrize("kind", MEMBERS)
async def test_a_refusal_is_a_member_of_the_union_that_has_it(kind, client):
    document = f"mutation($kind: String!) {{ whole(input: {{kind: $kind}}) {SELECTION} }}"

    answer = await client.query(document, kind=kind)

    refusal = next(one for one in KINDS.values() if type(one).__name__ == kind)
    member = next(name for name, code in MEMBERS.items() if code == CODES[kind])
    path = None if refusal.path is None else list(refusal.path)
    assert answer["whole"] == {
        "__typename": member,
        "code": CODES[kind],
        "message": refusal.message,
        "path": path,
    }


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("field", ["whole", "narrow", "alone", "ask"])
async def test_a_refusal_outside_of_the_union_is_an_error_with_its_code(field, kind, client):
    inside = {"whole": MEMBERS, "narrow": {"NotFound"}, "alone": {"Conflict"}, "ask": set()}[field]
    call = (
        f"{{ ask(kind: {kind!r}) }}"
        if field == "ask"
        else f"mutation {{ {field}(input: {{kind: {kind!r}}}) {SELECTION} }}"
    )

    answer = (await client.raw(call.replace("'", '"'))).json()

    codes = [error["extensions"]["code"] for error in answer.get("errors", [])]
    assert codes == ([] if kind in inside else [CODES[kind]])
    assert "postgres://" not in str(answer)


@pytest.mark.parametrize(
    "name",
    [*MUTATIONS, "planDispatch", "planEmit", "planDelivery", "planOpenApiImport", "previewSchedule"],
)
def test_a_union_has_every_refusal_of_its_operation(name):
    union = get_named_type(root_fields()[name].type)
    assert isinstance(union, GraphQLUnionType)
    members = {member.name for member in union.types}

    refuses = {kind.__name__ for kind in every_operation()[snake(name)].refuses}

    assert refuses - set(ERRORS_ONLY) <= members
    assert "Forbidden" in members


def test_a_union_promises_besides_only_refusals_that_no_operation_declares():
    modules = [module for name, module in sys.modules.items() if name.startswith("schema.")]

    results = {value for module in modules for value in vars(module).values() if isinstance(value, Result)}

    assert len(results) == len([name for name in SCHEMA.type_map if name.endswith("Result")])
    assert [one.besides & one.refused for one in results if one.besides & one.refused] == []


@pytest.mark.parametrize("name", ROOTS)
def test_a_description_says_the_permission_that_is_needed(name):
    description, permission = root_fields()[name].description, ROOTS[name].lacks

    needs = re.search(r"Needs ([A-Z_]+(?: or [A-Z_]+)*)", description or "")

    if permission is None or name in {"node", "nodes"}:  # what it needs is the found thing's matter
        assert needs is None
    else:
        assert needs is not None
        assert permission in needs[1].split(" or ")


def test_every_problem_of_the_graph_stands_for_a_refusal():
    problem = SCHEMA.type_map["Problem"]

    shown = {kind.name for kind in SCHEMA.get_implementations(problem).objects}

    assert shown == {problem.__name__ for problem, _, _ in _KINDS.values()}
