"""Breaker, limits after a fault, and disabling: what attempts do to a webhook and its gate."""

import pytest

from models.pace import Pace
from models.vocabulary import BreakerState
from resolvers.webhooks import health
from resolvers.webhooks.health import APART_MS, HOUR_MS, MOST_FAILURES, PATIENCE_MS
from tests.harness.backends import both
from tests.webhooks.records import ago

PACE = Pace()
DAY_MS = 24 * HOUR_MS
NEAR_MS = 5_000


class Patient:
    """A webhook to which attempts happen."""

    def __init__(self, records, webhook):
        self.records, self.webhook = records, webhook

    async def fails(self, times=1, *, used_up=False):
        for _ in range(times):
            await self.records.apply(health.failure(await self.row(), PACE, used_up=used_up))

    async def succeeds(self, times=1):
        for _ in range(times):
            await self.records.apply(health.success(await self.row(), PACE))

    async def is_overloaded(self, asked_ms=None):
        await self.fails()
        await self.records.apply(health.throttle(await self.row(), PACE, asked_ms))

    async def time_comes(self):
        """What it waits for is over: its breaker, its gate, the next step."""
        now = await self.records.now()
        row = await self.row()
        if row.breaker_until is not None:
            await self.records.set(self.webhook, breaker_until=now - 1)
        gate = await self.gate()
        await self.records.set(gate, widens_at=0, opens_at=None if gate.opens_at is None else 0)

    async def row(self):
        return await self.records.read(self.webhook)

    async def gate(self):
        return await self.records.gate(self.webhook)

    async def waits(self):
        """Milliseconds until its gate opens."""
        return (await self.gate()).opens_at - await self.records.now()


@pytest.fixture
async def patient(records):
    return Patient(records, await records.webhook())


@both
async def test_ten_failures_in_a_row_open_the_breaker_for_a_minute(patient):
    await patient.fails(MOST_FAILURES - 1)
    before, open_before = await patient.row(), await patient.waits()
    await patient.fails()

    after, gate = await patient.row(), await patient.gate()
    assert (before.breaker, before.failures) == (BreakerState.CLOSED, 9)
    assert open_before < 0
    assert (after.breaker, after.failures) == (BreakerState.OPEN, 10)
    assert 60_000 - NEAR_MS < await patient.waits() <= 60_000
    assert (gate.opens_at, gate.capacity, gate.interval_ms) == (after.breaker_until, 1, 1000)


@both
async def test_attempts_that_were_under_way_when_it_opened_change_nothing(patient):
    await patient.fails(MOST_FAILURES)
    before = await patient.row()
    await patient.fails(5)

    after = await patient.row()
    assert (after.failures, after.breaker_until) == (before.failures, before.breaker_until)


@both
async def test_each_failed_trial_doubles_the_wait_up_to_half_an_hour(patient):
    await patient.fails(MOST_FAILURES)
    waits = []
    for _ in range(7):
        await patient.time_comes()
        await patient.fails()
        waits.append(await patient.waits())

    rounded = [round(wait / 60_000) for wait in waits]
    assert rounded == [2, 4, 8, 16, 30, 30, 30]


@both
async def test_one_of_three_that_fails_opens_no_breaker(patient):
    for _ in range(12):
        await patient.fails()
        await patient.succeeds(2)

    row, gate = await patient.row(), await patient.gate()
    assert (row.breaker, row.failures, row.failing_since) == (BreakerState.CLOSED, 0, None)
    assert (gate.capacity, gate.interval_ms) == (10, 0)


@both
async def test_after_an_outage_limits_double_step_by_step_until_it_is_closed(patient):
    await patient.fails(MOST_FAILURES)
    seen = []
    for _ in range(12):
        await patient.time_comes()
        await patient.succeeds(2)  # the second one within a step widens nothing
        gate, row = await patient.gate(), await patient.row()
        seen.append((gate.capacity, gate.interval_ms, row.breaker))

    half = BreakerState.HALF_OPEN
    assert [each[:2] for each in seen[:5]] == [(2, 500), (4, 250), (8, 125), (10, 62), (10, 31)]
    assert [each[2] for each in seen[:9]] == [half] * 9
    assert seen[-1] == (10, 0, BreakerState.CLOSED)


@both
async def test_a_webhook_with_an_event_a_day_is_not_half_open_for_weeks(patient, records):
    await patient.fails(MOST_FAILURES)
    await patient.time_comes()
    await patient.succeeds()
    await records.set(await patient.gate(), widens_at=1)

    await patient.succeeds(2)

    gate, row = await patient.gate(), await patient.row()
    assert (gate.capacity, gate.interval_ms, row.breaker) == (10, 0, BreakerState.CLOSED)


@both
async def test_a_failure_on_the_way_opens_it_again(patient):
    await patient.fails(MOST_FAILURES)
    await patient.time_comes()
    await patient.succeeds()
    await patient.time_comes()
    await patient.fails()

    row, gate = await patient.row(), await patient.gate()
    assert (row.breaker, row.failures) == (BreakerState.OPEN, 1)
    assert (gate.capacity, gate.interval_ms) == (1, 1000)
    assert 60_000 - NEAR_MS < await patient.waits() <= 60_000


@both
async def test_a_fresh_webhook_doubles_with_each_success(records):
    patient = Patient(records, await records.webhook(concurrency=6, gate={"capacity": 1}))
    seen = []
    for _ in range(4):
        await patient.succeeds()
        seen.append((await patient.gate()).capacity)

    assert seen == [2, 4, 6, 6]


@both
@pytest.mark.parametrize(("asked_ms", "seconds"), [(None, 60), (1_000, 60), (7_200_000, 7200)])
async def test_an_overloaded_one_is_left_alone_for_a_minute_or_as_it_asks(patient, asked_ms, seconds):
    await patient.is_overloaded(asked_ms)

    gate, row = await patient.gate(), await patient.row()
    assert seconds * 1000 - NEAR_MS < await patient.waits() <= seconds * 1000
    assert (gate.capacity, gate.interval_ms, row.breaker) == (1, 1000, BreakerState.CLOSED)


@both
async def test_a_later_answer_shortens_no_wait(patient):
    await patient.is_overloaded(7_200_000)
    await patient.is_overloaded()
    await patient.fails(MOST_FAILURES)
    await patient.succeeds()

    gate = await patient.gate()
    assert await patient.waits() > 7_000_000
    assert (gate.capacity, gate.interval_ms) == (1, 1000)


@both
async def test_the_webhooks_own_rate_is_the_end_of_the_ramp_and_its_beginning(records):
    fast = Patient(records, await records.webhook(rate_limit=100, gate={"interval_ms": 10, "burst": 10}))
    slow = Patient(records, await records.webhook(rate_limit=1, gate={"interval_ms": 1000}))
    ends = []
    for patient in (fast, slow):
        await patient.fails(MOST_FAILURES)
        for _ in range(12):
            await patient.time_comes()
            await patient.succeeds()
        gate = await patient.gate()
        ends.append((gate.interval_ms, gate.burst, (await patient.row()).breaker))

    assert ends == [(10, 10, BreakerState.CLOSED), (1000, 1, BreakerState.CLOSED)]


@both
async def test_a_limit_that_was_changed_meanwhile_stays(records):
    patient = Patient(records, await records.webhook(gate={"capacity": 1, "interval_ms": 500}))
    known = await patient.row()
    await records.set(known, rate_limit=2)

    await records.apply(health.success(known, PACE))

    assert (await patient.gate()).interval_ms == 500


@both
async def test_the_gate_of_a_disabled_webhook_is_opened_by_nothing_and_closed_if_it_is_open(records):
    shut = Patient(records, await records.webhook(enabled=False, gate={"opens_at": None}))
    left_open = Patient(records, await records.webhook(enabled=False))
    for patient in (shut, left_open):
        await patient.fails(MOST_FAILURES)
        await patient.is_overloaded()
        await patient.succeeds()
        await records.apply(health.hold(await patient.row()))

    assert [(await patient.gate()).opens_at for patient in (shut, left_open)] == [None, None]


@both
async def test_a_success_begins_the_five_days_anew(patient):
    await patient.fails(2, used_up=True)
    failed = await patient.row()
    await patient.succeeds()

    row = await patient.row()
    assert None not in (failed.failing_since, failed.first_failed_at, failed.last_failed_at)
    assert (row.failing_since, row.first_failed_at, row.last_failed_at, row.failures) == (None, None, None, 0)


@both
async def test_a_healthy_webhook_is_not_written(patient, records):
    """Each of its deliveries would wait for the row."""
    effects = health.success(await patient.row(), PACE)

    counts = [await records.count(effect) for effect in effects]

    assert counts == [0, 0]


@pytest.mark.parametrize(
    ("since", "first", "last", "used_up", "ends"),
    [
        (PATIENCE_MS, APART_MS, None, True, True),
        (PATIENCE_MS, 2 * DAY_MS, DAY_MS, False, True),
        (PATIENCE_MS - HOUR_MS, 2 * DAY_MS, DAY_MS, True, False),  # not five days yet
        (PATIENCE_MS + DAY_MS, HOUR_MS, None, True, False),  # two that ended together
        (PATIENCE_MS + DAY_MS, 4 * DAY_MS, 4 * DAY_MS, False, False),  # one delivery on a quiet webhook
        (PATIENCE_MS + DAY_MS, None, None, True, False),  # the first that has used up its tries
        (None, None, None, True, False),
    ],
)
async def test_is_hopeless_after_five_days_with_two_deliveries_half_a_day_apart(
    records, since, first, last, used_up, ends
):
    times = {"failing_since": since, "first_failed_at": first, "last_failed_at": last or first}
    webhook = await records.webhook(**{name: time and ago(time) for name, time in times.items()})

    assert health.is_hopeless(webhook, ago(0), used_up=used_up) is ends


@pytest.mark.parametrize(
    ("failures", "since", "told"),
    [(9, 0, True), (8, 0, False), (1, PATIENCE_MS // 2, True), (1, 2 * DAY_MS, False), (0, None, False)],
)
async def test_is_failing_when_its_breaker_opens_or_half_way(records, failures, since, told):
    webhook = await records.webhook(failures=failures, failing_since=None if since is None else ago(since))

    assert health.is_failing(webhook, ago(0)) is told
