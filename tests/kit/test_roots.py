"""Every root field over HTTP: as nobody, as another organization, lacking its permission, and as who may."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import schema
from models.vocabulary import Permission
from resolvers.people.token import completed
from tests.harness.estate import Estate
from tests.harness.graph import document_of, is_mutation, root_fields
from tests.harness.matrix import Foreign, mentioned
from tests.harness.rows import added, changes, ids_in, snapshot
from tests.kit.roots import ROOTS

GUARDED = [name for name, call in ROOTS.items() if call.lacks]


@pytest.fixture
def home(name: str, victim: Estate, request: pytest.FixtureRequest) -> Estate:
    """Where a field is asked by who may: the test's own estate, or the shared one where nothing can change."""
    return request.getfixturevalue("estate") if is_mutation(name) else victim


def test_every_root_field_says_how_it_is_called():
    assert sorted(ROOTS) == sorted(root_fields())


def test_the_pages_of_a_noun_are_all_counted_or_none_is():
    """Both kinds have one name in the graph, so that the schema would silently show the one that it meets first."""
    [root] = schema.__path__
    sources = [file.read_text() for file in Path(root).rglob("*.py")]

    kinds = {kind for text in sources for kind in re.findall(r": ((?:Counted)?PageOf)\[(?:Annotated\[)?(\w+)", text)}

    nouns = [noun for _, noun in kinds]
    assert len(nouns) > 10
    assert sorted(nouns) == sorted(set(nouns))


@pytest.mark.parametrize("name", ROOTS)
async def test_refuses_nobody(name, graphql, database, victim):
    given, before = ROOTS[name].given(victim), await snapshot(database, victim.tenant.id)

    answer = await graphql().raw(document_of(name, given), **given)

    assert answer.status_code == 401
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["UNAUTHENTICATED"]
    assert changes(before, await snapshot(database, victim.tenant.id)) == []


@pytest.mark.parametrize("name", [name for name, call in ROOTS.items() if call.foreign is not Foreign.AT_HOME])
async def test_shows_another_organization_nothing(name, database, victim, stranger):
    given, before = ROOTS[name].given(victim), await snapshot(database, victim.tenant.id)
    at_home = await snapshot(database, stranger.tenant.id)

    answer = await stranger.tenant.client.query(document_of(name, given), **given)

    assert kind_of(answer[name]) is ROOTS[name].foreign
    assert mentioned(answer) & ids_in(before) == set()
    assert changes(before, await snapshot(database, victim.tenant.id)) == []
    assert changes(at_home, await snapshot(database, stranger.tenant.id)) == []


@pytest.mark.parametrize("name", GUARDED)
async def test_refuses_a_token_that_lacks_its_permission_and_records_it(name, graphql, database, victim):
    permission, given = ROOTS[name].lacks, ROOTS[name].given(victim)
    client = graphql(await victim.tenant.issue(*(word for word in Permission if permission not in completed([word]))))
    before = await snapshot(database, victim.tenant.id)

    answer = (await client.raw(document_of(name, given), **given)).json()

    after = await snapshot(database, victim.tenant.id)
    code, sentence = _refusal(answer, name)
    assert code == "FORBIDDEN"
    assert permission in sentence.removeprefix("This needs the permission ").removesuffix(".").split(" or ")
    assert changes(before, after) == ["+ audit_entry"]
    assert [entry["action"] for entry in added(before, after, "audit_entry")] == ["permission.refused"]


@pytest.mark.parametrize("name", ROOTS)
async def test_answers_who_may(name, home):
    if is_mutation(name):
        await ROOTS[name].prepare(home)
    given = ROOTS[name].given(home)
    if name == "installIntegration":
        await home.tenant.client.query(
            document_of("uninstallIntegration", ["installationId"]), installationId=home.installation.id
        )

    answer = await home.tenant.client.query(document_of(name, given), **given)

    assert kind_of(answer[name]) is Foreign.OWN


def kind_of(answer: Any) -> Foreign:
    if answer in (None, [None]):
        return Foreign.NONE
    if isinstance(answer, dict) and answer.get("code") == "NOT_FOUND":
        return Foreign.NOT_FOUND
    if isinstance(answer, dict) and "code" in answer:
        raise AssertionError(answer)
    return Foreign.EMPTY if answer == {"nodes": []} else Foreign.OWN


def _refusal(answer: dict[str, Any], name: str) -> tuple[str, str]:
    """A member of the union where the field has one; else an entry of `errors`."""
    member = (answer.get("data") or {}).get(name)
    if is_mutation(name) or name.startswith(("plan", "preview")):
        return member["code"], member["message"]
    (error,) = answer["errors"]
    return error["extensions"]["code"], error["message"]
