"""Ids, name keys and column types behave alike in every process and on both databases."""

import itertools
import multiprocessing
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from models.row import name_key, new_id
from models.tables import Place
from models.vocabulary import PlaceKind
from tests.harness.backends import both

pytestmark = both

ROOT = Path(__file__).parents[2]

AWKWARD = [
    "", " ", "a", "A", "B", "aa", "a b", "a-b", "a_b", "a.b", "10", "9", "é", "e\u0301", "É", "z", "ß", "ss", "SS",
    "İ", "i\u0307", "ı", "I", "ｆｕｌｌ", "full", "ﬁ", "fi", "Ωmega", "ω", "日本", "中文", "𝒜", "😀", "\U0010ffff",
    "\ue000", "a\u200b", "\u202eabc", "~", "ÿ", "ā", "\x01", "x" * 254 + "é", "x" * 300, "ß" * 200,
]  # fmt: skip


def test_an_id_is_24_lower_case_hex_characters_led_by_its_time():
    ids = {new_id(1_700_000_000_123) for _ in range(100)}

    assert len(ids) == 100
    assert all(re.fullmatch(r"[0-9a-f]{24}", made) for made in ids)
    assert {made[:8] for made in ids} == {f"{1_700_000_000:08x}"}
    assert {int(made[8:18], 16) >> 30 for made in ids} == {123}


def test_ids_ascend_in_the_order_they_were_made():
    made = [new_id() for _ in range(100_000)]

    assert all(one < other for one, other in itertools.pairwise(made))


def test_ids_ascend_with_their_times():
    times = [0, 1, 999, 1000, 1_700_000_000_000, 1_700_000_000_999, 1_700_000_001_000, 4_294_967_295_999]

    made = [new_id(time) for time in times]

    assert made == sorted(made)


def test_processes_make_different_ids():
    program = "from models.row import new_id; print('\\n'.join(new_id(0) for _ in range(20_000)))"
    command = [sys.executable, "-c", program]

    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate()[0] for process in running]

    assert len({made for output in outputs for made in output.split()}) == 40_000
    assert len({made[8:18] for output in outputs for made in output.split()}) == 2


def test_a_forked_child_makes_other_ids_than_its_parent():
    context = multiprocessing.get_context("fork")
    queue = context.SimpleQueue()
    child = context.Process(target=lambda: queue.put([new_id(0) for _ in range(1000)]))

    child.start()
    theirs = queue.get()
    child.join()
    ours = [new_id(0) for _ in range(1000)]

    assert {made[8:18] for made in theirs}.isdisjoint({made[8:18] for made in ours})
    assert child.exitcode == os.EX_OK


@pytest.mark.parametrize(
    ("one", "other"),
    [("Straße", "STRASSE"), ("ｆｕｌｌ", "FULL"), ("é", "e\u0301"), ("É", "é"), ("ﬁ", "FI"), ("①", "1")],
)
def test_names_that_read_alike_have_one_key(one, other):
    assert name_key(one) == name_key(other)


def test_a_key_is_cut_after_folding():
    assert name_key("ß" * 200) == "s" * 255
    assert name_key("x" * 254 + "é!") == "x" * 254 + "é"


async def test_both_databases_order_by_name_alike(database, tenant):
    places = [
        Place(organization_id=tenant, kind=PlaceKind.SPACE, name=n[:255], name_key=name_key(n)) for n in AWKWARD
    ]
    async with database.write() as session:
        session.add_all(places)

    async with database.read() as session:
        query = "SELECT name_key, id FROM place WHERE organization_id = :tenant ORDER BY name_key, id"
        ordered = [tuple(row) for row in await session.execute(text(query), {"tenant": tenant})]

    assert ordered == sorted((place.name_key, place.id) for place in places)


@pytest.mark.parametrize(
    "value",
    [
        {"z": 1, "a": {"y": [3, 1, 2], "b": None}, "10": 0, "9": 0},
        {},
        {"text": 'é 😀 \u2028 " \\ \n', "": ""},
        {"big": 9_007_199_254_740_993, "small": 0.1, "e": 1e300, "no": False},
    ],
    ids=["order", "empty", "unicode", "numbers"],
)
async def test_json_comes_back_as_it_was_given(database, tenant, value):
    place = Place(organization_id=tenant, kind=PlaceKind.SITE, name="A", name_key="a", details=value)
    async with database.write() as session:
        session.add(place)

    async with database.read() as session:
        read = await session.get_one(Place, place.id, populate_existing=True)

    assert read.details == value
    assert repr(read.details) == repr(value)


async def test_json_null_and_no_json_are_told_apart_from_empty(database, tenant):
    place = Place(organization_id=tenant, kind=PlaceKind.SITE, name="A", name_key="a", details={"none": None})
    async with database.write() as session:
        session.add(place)

    async with database.read() as session:
        raw = (await session.execute(text("SELECT details FROM place WHERE id = :id"), {"id": place.id})).scalar_one()

    assert raw == '{"none":null}'


async def test_a_word_is_read_as_its_enum(database, tenant):
    place = Place(organization_id=tenant, kind=PlaceKind.SITE, name="A", name_key="a")
    async with database.write() as session:
        session.add(place)

    async with database.read() as session:
        read = await session.get_one(Place, place.id)

    assert read.kind is PlaceKind.SITE


async def test_refuses_a_word_of_no_vocabulary(database, tenant):
    with pytest.raises(StatementError, match="'MOON' is not a valid PlaceKind"):
        async with database.write() as session:
            session.add(Place(organization_id=tenant, kind="MOON", name="A", name_key="a"))

    assert await _count(database, "place", tenant) == 0


async def _count(database, table, tenant):
    query = text(f"SELECT count(*) FROM {table} WHERE organization_id = :tenant")
    async with database.read() as session:
        return (await session.execute(query, {"tenant": tenant})).scalar_one()
