"""The rule that a key stays while anything needs it is the operation's own, whoever calls it."""

from __future__ import annotations

import pytest

from models.database import Database
from models.errors import Conflict, NotFound
from models.key_file import KeyFile
from resolvers.rotation.mutations import begin_sealing, retire_key
from resolvers.rotation.queries import list_keys
from resolvers.rotation.ring import add_key
from tests.keys.operating import Operated
from tests.keys.sealed import seal_connections


async def test_refuses_to_retire_a_key_that_seals_what_is_there(operated: Operated, beside: Database) -> None:
    await seal_connections(beside, operated.keyring, 2)
    async with operated.operator() as operator:
        await add_key(operator, KeyFile(operated.key_file))
        await begin_sealing(operator, 2)

        with pytest.raises(Conflict) as refused:
            await retire_key(operator, 1)

        assert refused.value.message == "Master key 1 still seals 2 of connection.secret; run `keys rotate` first."
        assert [key.removed_at for key in await list_keys(operator)] == [None, None]


async def test_retires_no_key_that_is_unknown(operated: Operated) -> None:
    async with operated.operator() as operator:
        with pytest.raises(NotFound):
            await retire_key(operator, 9)
