"""Every endpoint of every dialect: with each permission alone, with all else, without a token, and by every role."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from models.database import Database
from models.errors import InvalidInput
from models.vocabulary import Permission
from resolvers.people.token import completed
from rest import dialects
from tests.harness.roles import Due, Right, Role, Way
from tests.harness.rows import added, changes, snapshot
from tests.rest.conftest import House
from tests.rest.doors import Entry, entries, leads_to
from tests.upstreams.faults import FaultServer

ENTRIES = entries()
GUARDED = [entry for entry in ENTRIES if entry.door.needs]
NOBODY = [None, "", "Bearer", "Bearer pb_short", "Bearer pb_" + "A" * 43, "Basic cGI6cGI=", "Bearer " + "x" * 9000]
STATUS = {Due.FORBIDDEN: 403, Due.ABSENT: 404}
each_entry = pytest.mark.parametrize("entry", ENTRIES, ids=map(str, ENTRIES))
each_guarded = pytest.mark.parametrize("entry", GUARDED, ids=map(str, GUARDED))


def test_every_endpoint_has_a_door():
    for dialect in dialects():
        doors = [entry.door for entry in ENTRIES if entry.dialect.name == dialect.name]
        closed = [one.path for one in dialect.endpoints if not any(leads_to(door, one) for door in doors)]
        assert closed == [], dialect.name


@each_entry
async def test_one_permission_opens_what_needs_it_and_nothing_else(entry: Entry, http, house: House):
    entry = entry.at(house.ids)
    needed, opened = entry.door.needs, set()
    either = {needed, entry.door.enough_for_apps} - {None}
    enough = {word for word in Permission if needed is None or either & completed([word])}

    for word in sorted(Permission, key=lambda word: word in enough):  # what opens it may change it: last
        if word in enough and opened and entry.door.method != "GET":
            continue
        of_users = entry.door.of_users or entry.door.right is Right.FOUNDING  # an app's token founds nothing
        token = await house.tenant.issue(word) if of_users else house.holders[word]
        answer = await entry.call(http, token)
        if entry.opened(answer):
            opened.add(word)
        else:
            assert entry.refused(answer, 403) in entry.refusals

    assert opened
    assert opened <= enough


@each_guarded
async def test_a_user_with_all_else_is_refused_and_nothing_is_done(
    entry: Entry, http, house: House, database: Database, faults: FaultServer
):
    entry = entry.at(house.ids)
    lacking = [word for word in Permission if entry.door.needs not in completed([word])]
    token = await house.tenant.issue(*lacking)
    before, arrivals = await snapshot(database, house.tenant.id), faults.arrivals

    answer = await entry.call(http, token)

    assert entry.refused(answer, 403) in entry.refusals
    assert faults.arrivals == arrivals
    after = await snapshot(database, house.tenant.id)
    assert changes(before, after) == ["+ audit_entry"]
    (audited,) = added(before, after, "audit_entry")
    assert (audited["action"], audited["source"]) == ("permission.refused", entry.dialect.source)
    (change,) = audited["changes"]
    assert (change["path"], change["oldValue"]) == ("permission", None)
    assert any(change["newValue"] in said for said in entry.refusals)


@each_entry
@pytest.mark.parametrize("authorization", NOBODY)
async def test_without_a_good_token_every_door_is_closed_alike(
    entry: Entry, authorization: str | None, http, faults: FaultServer
):
    arrivals = faults.arrivals
    headers = {} if authorization is None else {"Authorization": authorization}

    answer = await entry.call(http, None, **headers)

    assert entry.refused(answer, 401) == entry.doors.closed
    assert answer.headers["www-authenticate"] == "Bearer"
    assert faults.arrivals == arrivals


@each_entry
@pytest.mark.parametrize("way", Way, ids=lambda way: way.name.lower())
@pytest.mark.parametrize("role", Role, ids=lambda role: role.name.lower())
async def test_answers_each_role_what_it_is_due(
    entry: Entry, role: Role, way: Way, http: httpx.AsyncClient, house_of: House, database: Database
):
    entry = entry.at(house_of.ids)
    expected = entry.due(role, way)
    headers = {"X-Act-As": f"username:{role.username}"} if way is Way.ACTOR else {}
    before = await snapshot(database, house_of.tenant.id)

    answer = await entry.call(http, house_of.texts[role, way], **headers)

    if expected is Due.ABSENT and entry.endpoint.absent is not None:
        assert answer.status_code == entry.endpoint.absent.status
        assert changes(before, await snapshot(database, house_of.tenant.id)) == []
    elif expected is Due.DONE:
        assert entry.opened(answer), answer.text
    else:
        status = entry.dialect.statuses.get(InvalidInput, 400) if expected is Due.INVALID else STATUS[expected]
        sentence = entry.refused(answer, status)
        assert ("X-Act-As" in sentence) == (expected is Due.INVALID)
        audited: list[Any] = ["+ audit_entry"] if expected is Due.FORBIDDEN else []
        assert changes(before, await snapshot(database, house_of.tenant.id)) == audited
