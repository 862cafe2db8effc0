"""Group commit: nobody waits for ever, nobody pays for another's fault, everybody learns of their own."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from sqlalchemy import select

from models.row import new_id, now_ms
from models.tables import Connection, Dispatch, Organization
from models.vocabulary import DispatchOutcome, HttpMethod, Source
from resolvers.recorder import Existing, Intent, Key, Outcome, open_recorder
from resolvers.recorder.group import GroupCommit


@asynccontextmanager
async def recording(database):
    recorder = open_recorder(database)
    try:
        yield recorder
    finally:
        await recorder.close()


@pytest.fixture
async def organization(database):
    row = Organization(name="Recorded", slug=new_id(), name_key="recorded")
    async with database.write() as session:
        session.add(row)
    return row.id


def intent(organization, **facts):
    made = {
        **dict.fromkeys(("integration_id", "installation_id", "capability_id", "capability_name")),
        **dict.fromkeys(("connection_id", "principal_id", "token_id")),
        "id": new_id(),
        "created_at": now_ms(),
        "organization_id": organization,
        "source": Source.GRAPHQL,
        "method": HttpMethod.POST,
        "url": "https://example.com/",
        "request_digest": "0" * 64,
        "correlation_id": new_id(),
        "deadline_at": now_ms() + 30_000,
    }
    return Intent(**{**made, **facts})


def outcome(dispatch_id, **facts):
    made = Outcome(
        dispatch_id=dispatch_id,
        outcome=DispatchOutcome.SUCCEEDED,
        external_status=200,
        error=None,
        attempt_count=1,
        response_bytes=2,
        response=None,
        finished_at=now_ms(),
        used_connection_id=None,
    )
    return replace(made, **facts)


async def recorded(database, organization):
    async with database.read() as session:
        rows = await session.execute(select(Dispatch).where(Dispatch.organization_id == organization))
        return {row.id: row.outcome for row in rows.scalars()}


async def test_records_every_call_of_many_at_once_with_its_outcome(database, organization):
    intents = [intent(organization) for _ in range(60)]

    async def one(made):
        await recorder.write([made])
        await recorder.write([outcome(made.id)])

    async with recording(database) as recorder:
        await asyncio.gather(*map(one, intents))

    assert await recorded(database, organization) == dict.fromkeys(
        [made.id for made in intents], DispatchOutcome.SUCCEEDED
    )


async def test_a_record_that_cannot_be_written_spoils_no_other_of_its_group(database, organization):
    intents = [intent(organization) for _ in range(8)]
    wrong = replace(intents[3], id=new_id(), organization_id=new_id())

    async with recording(database) as recorder:
        answers = await asyncio.gather(
            *(recorder.write([one]) for one in [*intents[:4], wrong, *intents[4:]]), return_exceptions=True
        )

    assert [type(answer) for answer in answers if answer != [None]] == [type(answers[4])]
    assert isinstance(answers[4], Exception)
    assert await recorded(database, organization) == dict.fromkeys([one.id for one in intents])


async def test_one_of_many_at_once_takes_a_key_and_all_others_learn_whose_it_is(database, organization):
    key = Key(owner_id=new_id(), operation="dispatch", key="once", expires_at=now_ms() + 60_000)
    intents = [intent(organization, key=key) for _ in range(12)]

    async with recording(database) as recorder:
        answers = await asyncio.gather(*(recorder.write([one]) for one in intents))

    (winner,) = await recorded(database, organization)
    held = Existing(request_digest="0" * 64, result_id=winner)
    assert answers == [[None] if one.id == winner else [held] for one in intents]


async def test_writes_what_was_handed_in_by_a_caller_that_left(database, organization):
    made = [intent(organization) for _ in range(3)]

    async with recording(database) as recorder:
        writing = [asyncio.create_task(recorder.write([one])) for one in made]
        await asyncio.sleep(0)
        writing[1].cancel()
        answers = await asyncio.gather(*writing, return_exceptions=True)

    assert isinstance(answers[1], asyncio.CancelledError)
    assert await recorded(database, organization) == dict.fromkeys([one.id for one in made])


async def test_notes_the_use_of_a_connection_once_a_minute(database, organization):
    connection = Connection(
        organization_id=organization, name="C", name_key="c", mode="SHARED", auth_type="NONE", secret=b""
    )
    async with database.write() as session:
        session.add(connection)
    ends = [1_000_000, 1_030_000, 1_060_001]
    used = []

    async with recording(database) as recorder:
        for end in ends:
            made = intent(organization)
            await recorder.write([made])
            await recorder.write([outcome(made.id, finished_at=end, used_connection_id=connection.id)])
            async with database.read() as session:
                used.append((await session.get(Connection, connection.id)).last_used_at)

    assert used == [1_000_000, 1_000_000, 1_060_001]


async def test_what_comes_while_a_group_is_written_goes_together_in_the_next():
    groups, begun, gate = [], asyncio.Event(), asyncio.Event()

    async def write(batch):
        groups.append(list(batch))
        begun.set()
        await gate.wait()
        return [None] * len(batch)

    group = GroupCommit(write)
    first = asyncio.create_task(group.write(["a"]))
    await begun.wait()
    later = [asyncio.create_task(group.write([letter])) for letter in "bcd"]
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, *later)
    await group.write(["e"])

    assert groups == [["a"], ["b", "c", "d"], ["e"]]
