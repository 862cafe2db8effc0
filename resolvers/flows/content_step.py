"""A step in the content of a flow, with the declaration of its capability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Self

from models.tables import Capability, FlowStep, Step
from models.vocabulary import (
    ArrayFormat,
    BodyFormat,
    CapabilityEffect,
    HttpMethod,
    LookupMiss,
    NullMembers,
    StepDirection,
)
from resolvers.capabilities.declaring import effect_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: Members of `extra` that ask for what no run can do; an empty one asks for nothing.
NOT_RUN: Final = {
    "hooks": "hooks",
    "routers": "routers",
    "script": "a script",
    "scripts": "scripts",
    "templates": "templates",
    "transform": "a transformation",
}
_OF_DECLARATION: Final = (
    *("id", "name", "integration_id", "method", "endpoint", "effect", "input_schema", "output_schema"),
    *("body_format", "array_format", "required_scopes", "timeout_seconds", "digest"),
)
_OF_STEP: Final = (
    *("integration_id", "name", "direction", "request", "connection_id", "filter", "mapping", "nulls"),
    *("record_key", "pagination", "delta", "batch_size", "batch"),
)


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A capability as it was declared: its columns of the same names. `digest`: of them, as in its row."""

    id: str
    name: str
    integration_id: str
    method: HttpMethod
    endpoint: str
    effect: CapabilityEffect
    input_schema: dict[str, Any]
    output_schema: dict[str, Any] | None
    body_format: BodyFormat
    array_format: ArrayFormat
    required_scopes: list[str]
    timeout_seconds: int
    digest: str

    @classmethod
    def of(cls, row: Capability) -> Self:
        """The declaration of a capability as it is now."""
        return cls(**{name: getattr(row, name) for name in _OF_DECLARATION})

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The declaration in a stored document."""
        words = {
            "method": HttpMethod(document["method"]),
            "effect": CapabilityEffect(document["effect"]),
            "body_format": BodyFormat(document["body_format"]),
            "array_format": ArrayFormat(document["array_format"]),
        }
        return cls(**{**document, **words})


@dataclass(frozen=True, kw_only=True)
class ContentStep:
    """A step at its place in a flow: the columns of `Step` and `FlowStep`, and the declaration of its capability.

    Either `capability` or `request` is present, unless `cannot` says in a sentence why the step cannot run.
    """

    step_id: str
    integration_id: str | None
    name: str
    direction: StepDirection
    capability: Declaration | None
    request: dict[str, Any] | None
    connection_id: str | None
    filter: str | None
    mapping: str | None
    nulls: NullMembers | None
    record_key: str | None
    pagination: dict[str, Any] | None
    delta: dict[str, Any] | None
    batch_size: int
    batch: dict[str, Any] | None
    proceed_on_failure: bool
    response_mapping: str | None
    on_miss: LookupMiss
    cannot: str | None

    @property
    def effect(self) -> CapabilityEffect:
        """The effect of its calls: of its capability, else of the method of its request."""
        if self.capability is not None:
            return self.capability.effect
        return effect_of(HttpMethod((self.request or {}).get("method", HttpMethod.GET)))

    @classmethod
    def of(cls, place: FlowStep, step: Step, capability: Capability | None) -> Self:
        """A step as it is now. `capability`: the row of its capability; None if there is none for the reader."""
        return cls(
            step_id=step.id,
            capability=None if capability is None else Declaration.of(capability),
            proceed_on_failure=place.proceed_on_failure,
            response_mapping=place.response_mapping,
            on_miss=place.on_miss,
            cannot=obstacle(place, step, is_capable=capability is not None),
            **{name: getattr(step, name) for name in _OF_STEP},
        )

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Self:
        """The step in a stored document."""
        capability, nulls = document["capability"], document["nulls"]
        words = {
            "capability": None if capability is None else Declaration.read(capability),
            "direction": StepDirection(document["direction"]),
            "nulls": None if nulls is None else NullMembers(nulls),
            "on_miss": LookupMiss(document["on_miss"]),
        }
        return cls(**{**document, **words})

    def as_json(self) -> dict[str, Any]:
        """The step as a JSON object."""
        return members_of(self) | {"capability": None if self.capability is None else members_of(self.capability)}


def obstacle(place: FlowStep, step: Step, *, is_capable: bool) -> str | None:
    """Why a step cannot run, in a sentence; None if it can. `is_capable`: its capability exists."""
    if asked := asked_for(step.extra) or asked_for(place.extra):
        return f"The step {step.name} asks for {asked}, which the hub does not run; remove it, or use another step."
    if step.capability_id is not None and not is_capable:
        return f"The capability of the step {step.name} is gone, or hidden from the flow; choose another one."
    if step.capability_id is None and step.request is None:
        return f"The step {step.name} has neither a capability nor a request; give it one of them."
    if step.capability_id is None and step.integration_id is None:
        return f"The step {step.name} has a request but no integration to send it through; choose one."
    return None


def asked_for(extra: Mapping[str, Any]) -> str | None:
    """The words for a thing that no run can do, and `extra` asks for; None if there is none."""
    return next((words for name, words in NOT_RUN.items() if extra.get(name)), None)


def members_of(value: DataclassInstance) -> dict[str, Any]:
    """The fields of a value by their names."""
    return {field.name: getattr(value, field.name) for field in fields(value)}
