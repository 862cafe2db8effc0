"""Trying the expressions of a flow on payloads of its event before it is saved."""

from __future__ import annotations

import asyncio
from asyncio import to_thread
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import col

from models.errors import InvalidInput, Path
from models.tables import Capability, EventType, Step
from proxy.inputs import Validator
from proxy.records import Use, check_text
from resolvers.hub import Hub
from resolvers.webhooks.trial import recent_events
from resolvers.work import Work

#: Events on which a filter is tried, and the time for all of them.
MOST_TRIED: Final = 10
_SECONDS: Final = 2.0
_MOST_WARNINGS: Final = 20
_FILTER: Final[Path] = ("trigger", "event", "filter")


@dataclass(frozen=True, kw_only=True)
class Trial:
    """Expressions to try. `samples`: values as a filter of events sees them, newest first.

    `step`: the first one, which gets the event's payload as its record; None if a source feeds the flow. `schema`:
    of the inputs of its capability. `place`: of the step in the command.
    """

    organization_id: str
    samples: Sequence[dict[str, Any]] = ()
    filter: str | None = None
    step: Step | None = None
    schema: dict[str, Any] | None = None
    place: Path = ("steps",)


async def samples_of(work: Work, event_type: str) -> list[dict[str, Any]]:
    """The last events of a type that the caller sees, at most ten; without any, the example of its declaration."""
    events = [sample.value for sample in await recent_events(work, [event_type], None)][:MOST_TRIED]
    if events:
        return events
    declared = work.mine(EventType).where(col(EventType.name) == event_type, col(EventType.example).is_not(None))
    found = await work.first(declared)
    return [] if found is None else [{"type": event_type, "entityId": found.suffix, "payload": found.example}]


async def trial_of(
    work: Work, event_type: str | None, filter: str | None, step: Step | None = None, place: Path = ("steps",)
) -> Trial:
    """The trial of a flow. Without an event, there is nothing to try on."""
    if event_type is None or (filter is None and step is None):
        return Trial(organization_id=work.organization_id)
    capability = None if step is None else await work.find(Capability, step.capability_id or "")
    return Trial(
        organization_id=work.organization_id,
        samples=await samples_of(work, event_type),
        filter=filter,
        step=step,
        schema=None if capability is None else capability.input_schema,
        place=place,
    )


async def try_expressions(hub: Hub, trial: Trial) -> tuple[str, ...]:
    """Evaluate them outside of any transaction. Raises InvalidInput for one that fails; answers doubts as sentences.

    A doubt is a name that a sample lacks, or a value that the capability would refuse: other records may differ.
    """
    doubts: list[str] = []
    clock = asyncio.get_running_loop().time
    end = clock() + _SECONDS
    for sample in trial.samples:
        if trial.filter is None or clock() > end:
            break
        doubts += await _tried(hub, trial, trial.filter, Use.FILTER, sample, _FILTER)
    if trial.step is not None and trial.samples:
        doubts += await _try_step(hub, trial, trial.step, trial.samples[0]["payload"])
    return tuple(dict.fromkeys(doubts))[:_MOST_WARNINGS]


async def _try_step(hub: Hub, trial: Trial, step: Step, payload: Any) -> list[str]:
    doubts: list[str] = []
    if step.filter is not None:
        doubts += await _tried(hub, trial, step.filter, Use.FILTER, payload, trial.place)
    if step.mapping is None:
        return doubts + await to_thread(_objections, trial, payload)
    checked = await check_text(hub.expressions, step.mapping, Use.MAPPING, sample=payload, lane=trial.organization_id)
    _refuse(checked.faults, trial.place)
    doubts += checked.warnings
    return doubts if checked.result is None else doubts + await to_thread(_objections, trial, checked.result)


async def _tried(hub: Hub, trial: Trial, text: str, use: Use, sample: Any, place: Path) -> tuple[str, ...]:
    checked = await check_text(hub.expressions, text, use, sample=sample, lane=trial.organization_id)
    _refuse(checked.faults, place)
    return checked.warnings


def _refuse(faults: Sequence[str], place: Path) -> None:
    if faults:
        raise InvalidInput.at(place, f"It fails on an event. {faults[0]}")


def _objections(trial: Trial, inputs: Any) -> list[str]:
    """The objections of the capability to the inputs that a sample leads to."""
    if trial.schema is None or trial.step is None or trial.step.batch_size > 1:
        return []
    found = Validator.of(trial.schema).at_once(inputs, ()) or []
    return [f"{trial.step.name}: {': '.join(filter(None, ('.'.join(one.path), one.message)))}" for one in found]
