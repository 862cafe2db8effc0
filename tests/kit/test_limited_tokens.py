"""A token that is limited to capabilities runs them, and changes nothing else: every mutation of the graph."""

from __future__ import annotations

from typing import Any

import pytest

from models.vocabulary import Permission
from schema.kit.ids import global_id
from tests.harness.acting import act
from tests.harness.estate import Estate
from tests.harness.graph import document_of, is_mutation
from tests.harness.graphql import GraphQL
from tests.harness.rows import added, changes, snapshot
from tests.kit.roots import ROOTS

#: The mutations that such a token is not refused: it runs, emits, tests, makes tokens of its limits and ends its own.
OPEN = {"dispatch", "emitEvent", "testConnection", "createToken"}
SENTENCE = "This token may only run its allowed capabilities; use another token."
MUTATIONS = [name for name in ROOTS if is_mutation(name)]


async def _limited(estate: Estate, graphql) -> GraphQL:
    """Everything that a user may do, with one capability."""
    words = [str(word) for word in Permission]
    ids = [global_id("Capability", estate.capability.id)]
    new = {"name": "limited", "permissions": words, "allowedCapabilityIds": ids}
    return graphql((await act(estate.tenant.client, "createToken", new, "secret"))["secret"])


def test_every_open_mutation_exists():
    assert set(MUTATIONS) >= OPEN


@pytest.mark.parametrize("name", [name for name in MUTATIONS if name not in OPEN])
async def test_a_limited_token_changes_nothing(name, graphql, database, victim) -> None:
    limited, given = await _limited(victim, graphql), ROOTS[name].given(victim)
    before = await snapshot(database, victim.tenant.id)

    refused = (await limited.query(document_of(name, given), **given))[name]

    after = await snapshot(database, victim.tenant.id)
    assert (refused.get("code"), refused.get("message")) == ("FORBIDDEN", SENTENCE)
    assert set(changes(before, after)) <= {"+ audit_entry", "~ token"}
    assert [entry["action"] for entry in added(before, after, "audit_entry")] == ["permission.refused"]


@pytest.mark.parametrize("name", sorted(OPEN))
async def test_a_limited_token_runs_its_capability_and_passes_on_its_limits(name, graphql, estate) -> None:
    limited, given = await _limited(estate, graphql), ROOTS[name].given(estate)

    answer: dict[str, Any] = (await limited.query(document_of(name, given), **given))[name]

    assert "code" not in answer, answer


async def test_a_limited_token_ends_itself(graphql, victim) -> None:
    limited = await _limited(victim, graphql)
    own = (await limited.query("{ viewer { token { id } } }"))["viewer"]["token"]["id"]

    ended = await limited.query(document_of("revokeToken", {"id": own}), id=own)

    assert "code" not in ended["revokeToken"], ended
