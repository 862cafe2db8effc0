"""Commands about flows, and the values of a flow after them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.row import name_key
from models.tables import Flow
from models.vocabulary import FlowCatchUp, FlowKeep, FlowOverlap, FlowStepRole, FlowTriggerKind, LookupMiss
from resolvers.schedules.times import next_after
from resolvers.schedules.zones import zone_rules
from resolvers.unset import UNSET, Unset

#: Columns that decide what a flow does, beside its steps: whoever changes one lends the flow its rights.
DEEDS: Final = frozenset(
    {"trigger", "event_type", "event_filter", "cron", "time_zone", "allows_loops", "runs_a_minute", "overlap"}
)
_OF_TRIGGER: Final = ("trigger", "event_type", "event_filter", "cron", "time_zone", "exact")
_PLAIN: Final = (
    *("name", "description", "enabled", "group_id", "overlap", "catch_up", "keep", "runs_a_minute", "allows_loops"),
)
_TIMED: Final = frozenset({"trigger", "cron", "time_zone", "enabled"})


@dataclass(frozen=True, kw_only=True)
class EventTrigger:
    """An event that starts a flow. `filter`: JMESPath over `type`, `entityId` and `payload` that must be true."""

    type: str
    filter: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScheduleTrigger:
    """A time that starts a flow. `exact`: at the very second, without a spread."""

    cron: str
    time_zone: str = "UTC"
    exact: bool = False


@dataclass(frozen=True, kw_only=True)
class FlowTrigger:
    """The thing that starts a flow: exactly one of these; `manual` is true."""

    event: EventTrigger | None = None
    schedule: ScheduleTrigger | None = None
    manual: bool | None = None


@dataclass(frozen=True, kw_only=True)
class PlacedStep:
    """A step's place in a flow. Without a `role`, exports on top are sources and all others processors."""

    step_id: str
    role: FlowStepRole | None = None
    proceed_on_failure: bool = False
    response_mapping: str | None = None
    on_miss: LookupMiss = LookupMiss.KEEP


@dataclass(frozen=True, kw_only=True)
class CreateFlow:
    """A new flow, with its steps in order."""

    name: str
    trigger: FlowTrigger
    steps: Sequence[PlacedStep]
    integration_id: str | None = None
    description: str | None = None
    enabled: bool = True
    group_id: str | None = None
    overlap: FlowOverlap = FlowOverlap.QUEUE_ONE
    catch_up: FlowCatchUp = FlowCatchUp.LATEST
    keep: FlowKeep = FlowKeep.SAMPLE
    runs_a_minute: int = 600
    allows_loops: bool = False


@dataclass(frozen=True, kw_only=True)
class UpdateFlow:
    """New values of a flow; an absent one stays unchanged. The trigger and the steps are replaced as wholes."""

    id: str
    expected_version: int | Unset | None = UNSET
    name: str | Unset | None = UNSET
    description: str | Unset | None = UNSET
    trigger: FlowTrigger | Unset | None = UNSET
    steps: Sequence[PlacedStep] | Unset | None = UNSET
    enabled: bool | Unset | None = UNSET
    group_id: str | Unset | None = UNSET
    overlap: FlowOverlap | Unset | None = UNSET
    catch_up: FlowCatchUp | Unset | None = UNSET
    keep: FlowKeep | Unset | None = UNSET
    runs_a_minute: int | Unset | None = UNSET
    allows_loops: bool | Unset | None = UNSET


def new_values(command: CreateFlow | UpdateFlow) -> dict[str, Any]:
    """The values that a checked command gives, by column."""
    given = {name: getattr(command, name) for name in _PLAIN}
    values = {name: value for name, value in given.items() if not isinstance(value, Unset)}
    if "description" in values:
        values["description"] = values["description"] or ""
    if isinstance(command.trigger, FlowTrigger):
        values |= dict.fromkeys(_OF_TRIGGER) | _trigger_values(command.trigger)
    return values


def apply(flow: Flow, values: dict[str, Any]) -> set[str]:
    """Set checked values. Answers the columns that have another value now."""
    changed = {name for name, value in values.items() if getattr(flow, name) != value}
    for name in changed:
        setattr(flow, name, values[name])
    flow.name_key = name_key(flow.name)
    return changed


def plan_next(flow: Flow, changed: set[str], now: int) -> None:
    """Set the time at which its schedule fires next: after `now`, so that no change fires it by the way.

    It is left alone by a change of other things, and None without a schedule or while the flow is disabled.
    """
    if not changed & _TIMED:
        return
    if flow.trigger is FlowTriggerKind.SCHEDULE and flow.enabled and flow.cron is not None:
        flow.next_run_at, flow.zone_rules = next_after(flow.cron, flow.time_zone or "UTC", now), zone_rules()
    else:
        flow.next_run_at = flow.zone_rules = None


def _trigger_values(trigger: FlowTrigger) -> dict[str, Any]:
    if trigger.event is not None:
        event = trigger.event
        return _of(FlowTriggerKind.EVENT, event_type=event.type, event_filter=event.filter)
    if trigger.schedule is not None:
        schedule = trigger.schedule
        return _of(FlowTriggerKind.SCHEDULE, cron=schedule.cron, time_zone=schedule.time_zone, exact=schedule.exact)
    return _of(FlowTriggerKind.MANUAL)


def _of(kind: FlowTriggerKind, **values: Any) -> dict[str, Any]:
    return {"trigger": kind, "exact": False, **values}
