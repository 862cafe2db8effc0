"""Every fault of an input is named in every face, up to a hundred, with the number of all."""

from __future__ import annotations

import httpx
import pytest
from graphql import get_named_type, parse, validate

from models.errors import InvalidInput, Violation
from models.vocabulary import Permission
from tests.harness.acting import refusal
from tests.harness.calling import app, capability, given
from tests.harness.graph import SCHEMA

FEW, MANY = 3, 150


@pytest.fixture
async def faulty(organization, upstream):
    """An app whose capability takes no input named by us, and nothing of `n` but integers."""
    return await app(organization.client, upstream.url, capability("RUN", "POST", "/ok", given("n", "INTEGER")))


async def test_graphql_lists_a_hundred_and_counts_all(faulty, organization, upstream) -> None:
    few = await faulty.refused("RUN", {f"k{index}": 1 for index in range(FEW)})
    many = await faulty.refused("RUN", {f"k{index:03}": 1 for index in range(MANY)})

    sentences = [f"input.inputs.k{index}: It is not declared; remove it." for index in range(FEW)]
    places = [".".join(one["path"]) for one in few["violations"]]
    assert places == [one.partition(":")[0] for one in sentences]
    assert few["violationCount"] == FEW
    assert few["message"] == " ".join(sentences)
    assert (len(many["violations"]), many["violationCount"]) == (100, MANY)
    assert many["message"].endswith(f" There are at least {MANY - 100} more.")
    assert many["path"] == many["violations"][0]["path"]
    assert upstream.connections == 0


async def test_donutwork_names_all_in_its_sentence(faulty, organization, upstream, http: httpx.AsyncClient) -> None:
    token = await organization.issue(Permission.DISPATCH_WRITE)
    path = f"/donutwork/2026-02-01/integrations/{faulty.handler}/RUN.json"

    async def sentence(count: int) -> str:
        inputs = {f"k{index:03}": 1 for index in range(count)}
        answer = await http.post(path, json=inputs, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 400
        return answer.json()["error"]

    assert await sentence(FEW) == " ".join(f"k{index:03}: It is not declared; remove it." for index in range(FEW))
    assert (await sentence(MANY)).count("remove it.") == 100
    assert (await sentence(MANY)).endswith(f" There are at least {MANY - 100} more.")


async def test_informer_names_all_in_its_message(organization, http: httpx.AsyncClient) -> None:
    token = await organization.issue(Permission.INTEGRATIONS_WRITE)
    headers = {f"X Bad {index:03}": "v" for index in range(MANY)}

    answer = await http.post(
        "/informer/api/integrations",
        json={"name": "", "type": "x", "apiBaseUri": "nothing", "headers": headers},
        headers={"Authorization": f"Bearer {token}"},
    )

    message = answer.json()["message"]
    assert answer.status_code == 400
    assert "name: It must not be empty." in message
    assert "apiBaseUri: " in message
    assert "more)" not in message


def test_a_copy_in_the_names_of_a_face_keeps_the_count():
    refused = InvalidInput([Violation(path=("a", str(index)), message="No.") for index in range(MANY)])

    renamed = refused.renamed(lambda path: ("b", *path[1:]))

    assert (len(renamed.violations), renamed.count) == (100, MANY)
    assert renamed.message.startswith("b.0: No. b.1: No.")
    assert renamed.path == ("b", "0")


async def test_a_catalogue_of_faults_of_a_definition_is_counted(organization) -> None:
    given = {"vendor": "own", "definition": {f"k{index}": 1 for index in range(MANY)}}

    refused = await refusal(organization.client, "saveDefinition", given)

    assert (len(refused["violations"]), refused["violationCount"] > MANY) == (100, True)


def test_both_reasons_of_a_union_can_be_selected_at_once():
    document = """mutation($i: DispatchInput!) { dispatch(input: $i) {
      ... on NotReady { unavailableReason } ... on UpstreamFailed { upstreamReason } } }"""

    assert validate(SCHEMA, parse(document)) == []
    for name in ("NotReady", "UpstreamFailed"):
        fields = get_named_type(SCHEMA.type_map[name]).fields
        assert "2027-06-01" in (fields["reason"].deprecation_reason or "")
