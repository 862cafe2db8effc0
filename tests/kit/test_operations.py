"""Every operation, walked as nobody, as another organization, lacking its permission, and as who may."""

from __future__ import annotations

import pytest

from models.errors import Forbidden, InvalidInput, NotFound, Unauthenticated
from models.vocabulary import Source
from resolvers.caller import Caller
from resolvers.operation import OPERATOR
from resolvers.page import Slice
from tests.harness.backends import both
from tests.harness.estate import ALL, Estate
from tests.harness.matrix import Foreign, mentioned
from tests.harness.rows import added, changes, ids_in, snapshot
from tests.kit.calls import CALLS, callable_of, every_operation
from tests.kit.faces import reached

pytestmark = both
OPERATIONS = every_operation()
OF_OPERATOR = sorted(name for name, facts in OPERATIONS.items() if facts.needs is OPERATOR)
OF_TENANTS = sorted(OPERATIONS.keys() - set(OF_OPERATOR))
#: One of two permissions is enough; `tests/events/test_catalogue.py` has neither.
OF_EITHER = {"read_event_catalogue"}
#: They change nothing of the hub but their own record, which is written between two transactions that read.
OUTBOUND = {"dispatch", "dispatch_step", "emit_event", "proxy_request"}
#: It changes a webhook only if an outside receiver answers with success.
TRYING = {"test_webhook"}
#: It changes rows of other organizations alone; each of them has an entry there.
ELSEWHERE = {"uninstall_withdrawn"}
#: They keep a durable record of their own, which is not of a change of the hub.
RECORDED_ELSEWHERE = {
    *(
        "dispatch",
        "proxy_request",
        "emit_event",
        "ensure_recurring",
        "reap_dispatches",
        "create_upload",
        "fill_upload",
    ),
    *("expire_idempotency_keys", "expire_uploads", "remove_ended_tokens", "remove_old_jobs", "take_up_deletions"),
    # The switch to all places is recorded; their rows follow, by a job if they are many.
    "enable_places",
    *("remove_connect_sessions", "announce_failed_jobs", "expire_events", "expire_payloads", "expire_deliveries"),
    *("expire_dispatches", "expire_entity_counters", "remove_deliveries", "finish_removal"),
    # It audits `webhook.disabled` in the webhook's organization, which the operator of this test is not in.
    *("disable_dead_webhook", "tell_failing", "tell_recovered", "settle_deliveries"),
    *("replay_bite", "catch_up"),
    # A run is a record itself.
    *("begin_run", "dispatch_step", "open_run", "record_run", "drop_waiting_runs"),
    *("settle_runs", "expire_runs", "expire_samples", "expire_error_records", "remove_contents"),
    *("pin_current", "take_errors", "record_tried", "finish_tries", "take_up_errors"),
    # A task is a job, and is told by an event; a tunnel's end has its entry, and the hand-over follows it.
    *("queue_task", "tell_task", "hand_over", "report_dead_tunnel", "end_old_developments"),
    *("note_credential", "renew_token", "note_token", "sync_catalogue", "add_hosts", "settle_verifications"),
    *("admit_keys", "begin_sealing", "complete_rotation", "retire_key"),
    # A run is a record; no person has moved the next time on.
    *("start_due_flows", "renew_schedules"),
}


#: What is refused for want of a permission, and which.
GUARDED = {
    name: call.lacks or OPERATIONS[name].permissions[0]
    for name, call in sorted(CALLS.items())
    if name in OF_TENANTS and (call.lacks or OPERATIONS[name].permissions) and name not in OF_EITHER
}


@pytest.fixture
def home(name: str, victim: Estate, request: pytest.FixtureRequest) -> Estate:
    """Where an operation is at home: the test's own estate, or the shared one where nothing may change."""
    reads = OPERATIONS[name].reads and name not in OUTBOUND and not CALLS[name].prepares
    return victim if reads else request.getfixturevalue("estate")


def test_every_operation_says_how_it_is_called():
    assert sorted(CALLS) == sorted(OPERATIONS)


def test_every_operation_has_a_face():
    assert sorted(OPERATIONS.keys() - reached()) == []


def test_every_operation_promises_something():
    assert [name for name, facts in OPERATIONS.items() if not facts.promise] == []


@pytest.mark.parametrize("name", sorted(OPERATIONS))
async def test_refuses_nobody(name, hub, database, victim):
    before = await snapshot(database, victim.tenant.id)
    nobody = Caller(hub=hub.app.state.hub, source=Source.GRAPHQL, permissions=ALL)

    with pytest.raises(Unauthenticated):
        await hub.run(callable_of(OPERATIONS[name])(nobody, *CALLS[name].given(victim)))

    assert changes(before, await snapshot(database, victim.tenant.id)) == []


@pytest.mark.parametrize("name", [name for name in OF_TENANTS if CALLS[name].foreign is not Foreign.AT_HOME])
async def test_shows_another_organization_nothing(name, hub, database, victim, stranger):
    call, before = CALLS[name], await snapshot(database, victim.tenant.id)
    at_home = await snapshot(database, stranger.tenant.id)
    caller = stranger.caller(**call.speaker(victim))

    try:
        answer = await hub.run(callable_of(OPERATIONS[name])(caller, *call.given(victim)))
    except NotFound:
        answer = Foreign.NOT_FOUND
    except InvalidInput:
        answer = Foreign.INVALID

    assert _kind(answer) is call.foreign
    assert mentioned(answer) & ids_in(before) == set()
    assert changes(before, await snapshot(database, victim.tenant.id)) == []
    assert changes(at_home, await snapshot(database, stranger.tenant.id)) == []


@pytest.mark.parametrize("name", GUARDED)
async def test_refuses_who_lacks_its_permission_and_records_it(name, hub, database, victim):
    permission, call = GUARDED[name], CALLS[name]
    before = await snapshot(database, victim.tenant.id)
    caller = victim.caller(ALL - {permission}, **call.speaker(victim))

    with pytest.raises(Forbidden) as refused:
        await hub.run(callable_of(OPERATIONS[name])(caller, *call.given(victim)))

    after = await snapshot(database, victim.tenant.id)
    assert refused.value.permission is permission
    assert changes(before, after) == ["+ audit_entry"]
    (entry,) = added(before, after, "audit_entry")
    assert (entry["action"], entry["resource_name"]) == ("permission.refused", name)
    assert entry["changes"] == [{"path": "permission", "oldValue": None, "newValue": permission}]
    assert (entry["actor_id"], entry["source"]) == (caller.principal_id, Source.GRAPHQL)


@pytest.mark.parametrize("name", OF_OPERATOR)
async def test_refuses_an_administrator_what_is_the_operators(name, hub, database, victim):
    before = await snapshot(database, victim.tenant.id)

    with pytest.raises(Forbidden) as refused:
        await hub.run(callable_of(OPERATIONS[name])(victim.caller(), *CALLS[name].given(victim)))

    after = await snapshot(database, victim.tenant.id)
    assert refused.value.permission is None
    assert changes(before, after) == ["+ audit_entry"]
    assert [entry["action"] for entry in added(before, after, "audit_entry")] == ["permission.refused"]


@pytest.mark.parametrize("name", sorted(set(OF_TENANTS) - set(GUARDED) - OF_EITHER))
async def test_answers_whoever_has_a_token_where_nothing_is_needed(name, hub, victim):
    caller = victim.caller((), **CALLS[name].speaker(victim))

    await hub.run(callable_of(OPERATIONS[name])(caller, *CALLS[name].given(victim)))

    assert OPERATIONS[name].reads


@pytest.mark.parametrize("name", OF_TENANTS)
async def test_does_its_work_and_records_it(name, hub, database, home):
    call = CALLS[name]
    await call.prepare(home)
    before = await snapshot(database, home.tenant.id)

    await hub.run(callable_of(OPERATIONS[name])(home.caller(**call.speaker(home)), *call.given(home)))

    after = await snapshot(database, home.tenant.id)
    entries = added(before, after, "audit_entry")
    changed = [change for change in changes(before, after) if change != "+ audit_entry"]
    assert [entry["action"] for entry in entries] == list(call.audits)
    assert bool(changed) == (name not in TRYING | ELSEWHERE and (not OPERATIONS[name].reads or name in OUTBOUND))
    assert {entry["actor_name"] for entry in entries} <= {"admin"}


def test_what_changes_the_hub_is_recorded():
    silent = {name for name, facts in OPERATIONS.items() if not facts.reads and not CALLS[name].audits}

    assert silent | OUTBOUND == RECORDED_ELSEWHERE | ELSEWHERE


@pytest.mark.parametrize("name", OF_OPERATOR)
async def test_does_the_operators_work_and_records_it(name, hub, database, estate):
    before = await snapshot(database, estate.tenant.id)

    answer = await hub.run(
        callable_of(OPERATIONS[name])(Caller.operator(hub.app.state.hub), *CALLS[name].given(estate))
    )

    made = getattr(answer, "organization", None)
    before, where = ({}, made.id) if made else (before, estate.tenant.id)
    after = await snapshot(database, where)
    before = before or {table: {} for table in after}
    assert [entry["action"] for entry in added(before, after, "audit_entry")] == list(CALLS[name].audits)


def _kind(answer: object) -> Foreign:
    if isinstance(answer, Foreign):
        return answer
    if isinstance(answer, Slice):
        return Foreign.OWN if answer.rows else Foreign.EMPTY
    return Foreign.NONE if answer in (None, [None]) else Foreign.OWN
