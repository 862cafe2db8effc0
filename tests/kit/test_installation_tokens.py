"""The token of an installation, through every operation and field: nothing else of the organization exists for it."""

from __future__ import annotations

from typing import Any

import pytest

from models.errors import DomainError
from models.row import new_id
from models.tables import Installation, Publication, Token
from models.vocabulary import Permission
from resolvers.operation import OPERATOR
from resolvers.people.installation_token import GRANTED
from schema.kit.ids import parse_global_id
from tests.harness.graph import document_of
from tests.harness.matrix import mentioned
from tests.harness.publications import plant, publication_of, set_columns
from tests.harness.rows import changes, ids_in, snapshot
from tests.harness.walk import walk
from tests.kit.calls import CALLS, callable_of, every_operation
from tests.kit.roots import ROOTS

OPERATIONS = every_operation()
OF_TENANTS = sorted(name for name in CALLS if OPERATIONS[name].needs is not OPERATOR)
#: They answer whoever holds a secret link, with or without a token.
BY_LINK = {"read_connect_page", "read_sign_in"}
NEW_TOKEN = """mutation($id: ID!) { createInstallationToken(installationId: $id) {
    ... on TokenPayload { secret token { databaseId } } ... on Problem { message } } }"""


@pytest.fixture
async def guest(victim, stranger, database, graphql) -> Any:
    """A foreign app's installation on the estate, and a client with a token of it."""
    app = stranger.integration
    installation = Installation(organization_id=victim.tenant.id, integration_id=app.id, handler=f"GUEST_{new_id()}")
    publication = publication_of(app, name=f"guest-{app.id}")
    await plant(database, installation, publication)
    made = await stranger.tenant.client.query(NEW_TOKEN, id=installation.id)
    token = made["createInstallationToken"]
    yield installation, token["token"]["databaseId"], graphql(token["secret"])
    async with database.write() as session:
        await session.delete(await session.get(Installation, installation.id))
        await session.delete(await session.get(Publication, publication.id))


def _own(victim, installation, token_id) -> set[str]:
    return {victim.tenant.id, installation.id, installation.integration_id, token_id}


@pytest.mark.parametrize("name", [name for name in OF_TENANTS if name not in BY_LINK])
async def test_no_operation_shows_or_changes_another_row(name, guest, victim, hub, database) -> None:
    installation, token_id, _ = guest
    before = await snapshot(database, victim.tenant.id)
    facts = {"principal_id": None, "token_id": token_id, "installation_id": installation.id}
    caller = victim.caller(GRANTED, **facts)

    try:
        answer = await hub.run(callable_of(OPERATIONS[name])(caller, *CALLS[name].given(victim)))
    except DomainError as refusal:
        answer = [str(refusal), getattr(refusal, "existing", None)]

    after = await snapshot(database, victim.tenant.id)
    hidden = ids_in(before) - _own(victim, installation, token_id)
    assert mentioned(answer) & hidden == set()
    assert victim.word not in str(mentioned(answer))
    assert set(changes(before, after)) <= {"+ audit_entry"}


@pytest.mark.parametrize("name", ROOTS)
async def test_no_root_field_shows_or_changes_another_row(name, guest, victim, database) -> None:
    installation, token_id, client = guest
    given = ROOTS[name].given(victim)
    before = await snapshot(database, victim.tenant.id)

    answer = (await client.raw(document_of(name, given), **given)).json()

    after = await snapshot(database, victim.tenant.id)
    given_ids = mentioned(given)
    hidden = ids_in(before) - _own(victim, installation, token_id) - given_ids
    shown = {parse_global_id(one)[1] if _is_global(one) else one for one in mentioned(answer.get("data"))}
    assert shown & hidden == set()
    assert set(changes(before, after)) <= {"+ audit_entry", "~ token"}


async def test_the_graph_around_it_is_its_own_whatever_its_permissions(guest, victim, database) -> None:
    installation, token_id, client = guest
    theirs = ids_in(await snapshot(database, victim.tenant.id))
    await set_columns(database, Token, token_id, permissions=[str(word) for word in Permission])

    seen = await walk(client)

    reached = {parse_global_id(one)[1] for one in seen}
    assert reached & theirs <= _own(victim, installation, token_id)
    assert installation.id in reached
    assert [text for text in mentioned(seen) if victim.word in text] == []


def _is_global(text: str) -> bool:
    try:
        return bool(parse_global_id(text))
    except (DomainError, ValueError):
        return False
