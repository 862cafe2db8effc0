"""Checking a given flow: every fault of its values, in the order of the input, before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlmodel import col

from models.errors import NotFound
from models.row import is_id
from models.tables import EventType, Step
from models.vocabulary import FlowStepRole, HubEvent, StepDirection
from resolvers.faults import NAME, TEXT, Faults
from resolvers.flows.change import CreateFlow, EventTrigger, FlowTrigger, PlacedStep, ScheduleTrigger, UpdateFlow
from resolvers.flows.placing import roles_of, steps_of
from resolvers.flows.step_check import check_text
from resolvers.schedules.cron import check_cron
from resolvers.schedules.zones import check_zone
from resolvers.unset import Unset
from resolvers.webhooks.patterns import nearest
from resolvers.work import Work

MOST_STEPS: Final = 100
MOST_RUNS_A_MINUTE: Final = 6_000
_MOST_NAMES: Final = 10_000
_NEVER_NULL: Final = (
    *("name", "trigger", "steps", "enabled", "overlap", "catch_up", "keep", "runs_a_minute", "allows_loops"),
)


async def check_flow(work: Work, given: CreateFlow | UpdateFlow) -> dict[str, Step]:
    """Raise InvalidInput with every fault of the values that are given. Answers the steps that are named, by id.

    Raises NotFound for a step that does not exist for the caller.
    """
    placed: Sequence[PlacedStep] = () if isinstance(given.steps, Unset) or given.steps is None else given.steps
    faults = Faults()
    for name in _NEVER_NULL:
        faults.check(getattr(given, name) is not None, name, "It cannot be null.")
    faults.name("name", given.name)
    faults.text("description", given.description, most=TEXT)
    grouped = not isinstance(given.group_id, str) or is_id(given.group_id)
    faults.check(grouped, "group_id", "It must be the id of a group: 24 hexadecimal digits.")
    if isinstance(given.trigger, FlowTrigger):
        await _check_trigger(work, faults, given.trigger)
    rate = given.runs_a_minute
    fits = not isinstance(rate, int) or 1 <= rate <= MOST_RUNS_A_MINUTE
    faults.check(fits, "runs_a_minute", f"It must be from 1 to {MOST_RUNS_A_MINUTE:,}.")
    few = faults.check(len(placed) <= MOST_STEPS, "steps", f"A flow has at most {MOST_STEPS} steps.")
    steps = await _check_steps(work, faults, placed) if few else {}
    faults.refuse()
    return steps


async def _check_trigger(work: Work, faults: Faults, trigger: FlowTrigger) -> None:
    given = [one for one in (trigger.event, trigger.schedule, trigger.manual) if one is not None and one is not False]
    if not faults.check(len(given) == 1, "trigger", "Give exactly one of event, schedule and manual: true."):
        return
    if isinstance(trigger.event, EventTrigger):
        await _check_event(work, faults, trigger.event)
    if isinstance(trigger.schedule, ScheduleTrigger):
        for name, problem in (
            ("cron", check_cron(trigger.schedule.cron)),
            ("time_zone", check_zone(trigger.schedule.time_zone)),
        ):
            faults.check(problem is None, ("trigger", "schedule", name), problem or "")


async def _check_event(work: Work, faults: Faults, event: EventTrigger) -> None:
    place = ("trigger", "event", "type")
    if faults.text(place, event.type, most=NAME, least=1) and event.type not in set(map(str, HubEvent)):
        declared = work.mine(EventType)
        if await work.first(declared.where(col(EventType.name) == event.type)) is None:
            names = declared.with_only_columns(col(EventType.name)).distinct().limit(_MOST_NAMES)
            known = [*(await work.session.execute(names)).scalars(), *HubEvent]
            near = ", ".join(nearest(event.type, known))
            told = f" Near ones: {near}." if near else " Declare it with its integration first."
            faults.add(place, f"It is no declared event type and none of the hub's own.{told}")
    check_text(work, faults, ("trigger", "event", "filter"), event.filter)


async def _check_steps(work: Work, faults: Faults, placed: Sequence[PlacedStep]) -> dict[str, Step]:
    steps = await steps_of(work, [one.step_id for one in placed])
    seen: set[str] = set()
    for index, (one, role) in enumerate(zip(placed, roles_of(placed, steps), strict=True)):
        place = ("steps", str(index))
        if one.step_id not in steps:
            raise NotFound("step", path=(*place, "step_id"))
        once = "It stands in the flow already; make a copy: the keys of a step's writes are by record and step."
        faults.check(one.step_id not in seen, (*place, "step_id"), once)
        seen.add(one.step_id)
        if role is FlowStepRole.SOURCE:
            exports = steps[one.step_id].direction is StepDirection.EXPORT
            faults.check(exports, (*place, "role"), "A SOURCE is an EXPORT; an IMPORT is a PROCESSOR.")
            answers = one.response_mapping is None
            faults.check(answers, (*place, "response_mapping"), "A SOURCE has none: its records are its answer.")
        check_text(work, faults, (*place, "response_mapping"), one.response_mapping)
    return steps
