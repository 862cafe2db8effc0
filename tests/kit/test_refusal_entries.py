"""A request has one audit entry for its refusals of permission, however many it collects."""

import pytest

from models.vocabulary import Permission
from tests.people.documents import audit

MUTATIONS = "mutation {" + "".join(
    f'm{n}: createPlace(input: {{kind: SITE, name: "P{n}"}}) {{ ... on Problem {{ code }} }}' for n in range(50)
)

QUERIES = "{" + "".join(f"q{n}: principals(first: 1) {{ totalCount }}" for n in range(50)) + "}"


@pytest.mark.parametrize(
    ("document", "first"),
    [
        (MUTATIONS + ' d: deletePlace(id: "x") { ... on Problem { code } } }', "create_place"),
        (QUERIES, "list_principals"),
    ],
    ids=["mutations, one after the other", "queries, side by side"],
)
async def test_fifty_refusals_of_one_document_are_one_entry(organization, document, first):
    client = await organization.signed_in(Permission.EVENTS_READ)

    answer = (await client.raw(document)).json()
    again = (await client.raw(document)).json()

    assert "FORBIDDEN" in str(answer)
    assert "FORBIDDEN" in str(again)
    assert [entry["resourceName"] for entry in await audit(organization.client, "permission.refused")] == [first] * 2
