"""A stored secret that was tampered with is used for nothing, and its row is named in the audit."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from models.database import Database
from models.secret_place import SecretPlace
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQLFailed
from tests.keys.sealed import envelopes

SECRET = "shelf-secret-of-the-vendor"
GET = capability("GET", "GET", "/ok")
ENTRIES = """{ auditEntries(first: 100) { nodes {
  action resourceType resource { ... on ConnectedAccount { databaseId } } changes { path oldValue newValue } } } }"""
#: Where an envelope's parts begin; the tag is at its end.
BYTES = {"format": 0, "version": 4, "IV": 7, "ciphertext": 20, "tag": -1}


@pytest.fixture
async def shop(organization, upstream) -> App:
    """An app with a shared secret."""
    return await _shop(organization.client, upstream.url)


@pytest.mark.parametrize("part", BYTES)
async def test_one_flipped_bit_and_nothing_is_sent(shop: App, organization, database, upstream, part: str) -> None:
    place, sealed = await _secret_of(database, organization.id)
    flipped = bytearray(sealed)
    flipped[BYTES[part]] ^= 1
    await _put(database, place.row_id, bytes(flipped))

    answer = await _refused(shop)

    assert upstream.requests == []
    assert SECRET not in str(answer)
    assert place.row_id not in str(answer), "what is not the caller's to see is said to the operator only"
    assert await _unreadable(shop) == [place.row_id]


async def test_the_secret_of_another_row_is_none_of_this_one(shop: App, organization, database, upstream) -> None:
    place, _ = await _secret_of(database, organization.id)
    other = await _shop(organization.client, upstream.url)
    rows = {one: sealed for one, sealed in (await envelopes(database)).items() if _is_of(one, organization.id)}
    (copied,) = [sealed for one, sealed in rows.items() if one != place]
    await _put(database, place.row_id, copied)

    await _refused(shop)

    assert upstream.requests == []
    assert await _unreadable(shop) == [place.row_id]
    assert (await other.run("GET"))["dispatch"]["outcome"] == "SUCCEEDED"


async def test_the_secret_of_another_organization_is_none_of_this_one(
    shop: App, organization, new_organization, database, upstream
) -> None:
    stranger = await new_organization()
    await _shop(stranger.client, upstream.url)
    place, _ = await _secret_of(database, organization.id)
    _, copied = await _secret_of(database, stranger.id)
    await _put(database, place.row_id, copied)

    await _refused(shop)

    assert upstream.requests == []
    assert await _unreadable(shop) == [place.row_id]


async def _shop(client: Any, url: str) -> App:
    return await app(client, url, GET, mode="SHARED", auth={"type": "BEARER"}, secret={"bearerToken": SECRET})


async def _refused(shop: App) -> Any:
    with pytest.raises(GraphQLFailed) as failed:
        await shop.run("GET")
    assert failed.value.codes == ["INTERNAL_SERVER_ERROR"]
    return failed.value.answer


async def _unreadable(shop: App) -> list[str]:
    """The rows that the audit names, and it names no more of them than that."""
    entries = [
        entry
        for entry in (await shop.client.query(ENTRIES))["auditEntries"]["nodes"]
        if entry["action"] == "secret.unreadable"
    ]
    assert all(entry["changes"] == [{"path": "secret", "oldValue": "***", "newValue": "***"}] for entry in entries)
    return [entry["resource"]["databaseId"] for entry in entries if entry["resourceType"] == "Connection"]


async def _secret_of(database: Database, organization_id: str) -> tuple[SecretPlace, bytes]:
    (found,) = [(one, sealed) for one, sealed in (await envelopes(database)).items() if _is_of(one, organization_id)]
    return found


def _is_of(place: SecretPlace, organization_id: str) -> bool:
    return (place.table, place.organization_id) == ("connection", organization_id)


async def _put(database: Database, row_id: str, sealed: bytes) -> None:
    async with database.write() as session:
        await session.execute(
            text("UPDATE connection SET secret = :sealed WHERE id = :id"), {"sealed": sealed, "id": row_id}
        )
