"""Servers go on while keys rotate: no call fails, new secrets follow the new key, cursors hold."""

from __future__ import annotations

from models.database import Database
from models.secret import Keyring
from tests.harness.acting import act
from tests.harness.calling import app
from tests.harness.graphql import GraphQL, GraphQLFailed
from tests.harness.waiting import eventually
from tests.keys.calls import AT_ONCE, LATE, SIGNED, Load, connect, followed, new_shop
from tests.keys.operating import Operated
from tests.keys.sealed import versions

#: No process looks again which key seals.
ONCE = '{"key_look": 60, "key_follow": 0.1}'
PAGE = "query($after: String) { events(first: 1, after: $after) { nodes { id } pageInfo { endCursor } } }"


async def test_cursors_hold_until_their_key_is_removed(operated: Operated) -> None:
    first = await operated.serve()
    async with operated.client(first) as client:
        for name in ("A", "B", "C"):
            await _event(client, name)
        cursor = (await client.query(PAGE))["events"]["pageInfo"]["endCursor"]
        before = await client.query(SIGNED)
        await operated.must("keys", "rotate")
        await followed(client, before)
        expected = (await client.query(PAGE, after=cursor))["events"]
    second = await operated.serve()

    async with operated.client(second) as client:
        kept = (await client.query(PAGE, after=cursor))["events"]
    await operated.must("keys", "remove", "1")

    async with operated.client(second) as client:
        codes = await eventually(lambda: _refusal(client, cursor))
        newer = (await client.query(PAGE, after=expected["pageInfo"]["endCursor"]))["events"]
    assert len(expected["nodes"]) == 1
    assert kept == expected
    assert codes == ["INVALID_INPUT"], "a process that runs forgets a removed key"
    assert len(newer["nodes"]) == 1, "what was given out after the rotation holds"


async def test_a_machine_with_a_copy_of_the_key_goes_on(operated: Operated, beside: Database, upstream) -> None:
    operated.settings["pace"] = LATE
    elsewhere = operated.home.with_name("elsewhere")
    elsewhere.mkdir()
    (elsewhere / "master.key").write_text(operated.key_file.read_text())
    async with operated.client(await operated.serve(elsewhere)) as client:
        shop, before = await new_shop(client, upstream.url), await client.query(SIGNED)

        async with Load().on(shop) as load:
            await operated.must("keys", "add")
            (elsewhere / "master.key").write_text(operated.key_file.read_text())
            await operated.must("keys", "rotate")
            await followed(client, before)
            await connect(client)
            await load.more(2 * AT_ONCE)

    assert load.failed == []
    assert await versions(beside) == {2: 3}


async def test_keys_in_a_variable_are_the_operators_to_change(operated: Operated, beside: Database, upstream) -> None:
    operated.settings["pace"] = ONCE
    old = operated.key_file.read_text()
    first = await operated.serve(master_keys=old)
    refused = await operated.run("keys", "rotate", master_keys=old)
    line = await operated.must("keys", "add", master_keys=old)
    both = old + line
    restarted = await operated.serve(master_keys=both)

    async with operated.client(restarted) as knows, operated.client(first) as knows_not:
        shop = await new_shop(knows, upstream.url)
        early = await shop.by(knows_not).run("GET")
        before = await versions(beside)
    first.terminate()
    again = await operated.serve(master_keys=both)
    async with operated.client(again) as client, Load().on(shop.by(client)) as load:
        rotated = await operated.run("keys", "rotate", master_keys=both)

    assert refused.code == 1
    assert "`keys add` prints a line: append it to that variable, restart every process" in refused.err
    assert early["dispatch"]["outcome"] == "SUCCEEDED"
    assert before == {1: 2}, "who knows the new key does not seal with it before all do"
    assert (rotated.code, load.failed) == (0, [])
    assert await versions(beside) == {2: 2}
    assert Keyring.parse(both).versions == (1, 2)
    assert operated.key_file.read_text() == old


async def _refusal(client: GraphQL, cursor: str) -> list[str]:
    """The codes of the errors of a cursor that holds no more; none where it holds."""
    try:
        await client.query(PAGE, after=cursor)
    except GraphQLFailed as refused:
        return refused.codes
    return []


async def _event(client: GraphQL, name: str) -> None:
    made = await app(client, "http://127.0.0.1:9", name=name)
    happened = {"name": f"{made.handler}.HAPPENED"}
    await act(client, "declareEventTypes", {"integrationId": made.id, "eventTypes": [happened]}, "id")
    await act(
        client, "emitEvent", {"integration": {"id": made.id}, "type": "HAPPENED", "payload": {}}, "event { id }"
    )
