"""The plan of an import: the drafts of a document beside the capabilities that an integration has; pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from models.vocabulary import CapabilityChangeKind
from proxy.openapi import Draft, Read
from resolvers.capabilities.breaking import breaks_of_capability
from resolvers.capabilities.declaring import effect_of
from resolvers.capabilities.manifest import DeclareCapability
from resolvers.openapi.present import Present

_DEEPEST: Final = 10
_MOST_FIELDS: Final = 100
#: The values that an import sets, with their names in a plan.
_VALUES: Final = {
    "description": "description",
    "method": "method",
    "endpoint": "endpoint",
    "effect": "effect",
    "body_format": "bodyFormat",
    "array_format": "arrayFormat",
    "input_schema": "inputSchema",
    "output_schema": "outputSchema",
    "required_scopes": "requiredScopes",
}


@dataclass(frozen=True, kw_only=True)
class CapabilityChange:
    """A change to one capability. `id`: of the one that there is. `fields`: at most 100 `{path, oldValue, newValue}`.

    `manifest`: its declaration; None if it is removed.
    """

    id: str | None
    name: str
    kind: CapabilityChangeKind
    breaking: bool
    fields: Sequence[dict[str, Any]]
    manifest: DeclareCapability | None


@dataclass(frozen=True, kw_only=True)
class Changes:
    """All changes, breaking ones first. `digest`: of their old and new values."""

    digest: str
    every: Sequence[CapabilityChange]
    total: int

    @property
    def manifest(self) -> list[DeclareCapability]:
        """The capabilities to declare."""
        wanted = (CapabilityChangeKind.ADDED, CapabilityChangeKind.CHANGED)
        return [one.manifest for one in self.every if one.kind in wanted and one.manifest is not None]

    @property
    def dropped(self) -> list[str]:
        """The names to drop."""
        return [one.name for one in self.every if one.kind is CapabilityChangeKind.REMOVED]


def changes_between(integration_id: str, present: Sequence[Present], read: Read, *, prune: bool) -> Changes:
    """The changes that make the capabilities of a document those of an integration.

    A draft belongs to the capability that came from an operation of the same name; all others get a free name.
    `prune` removes capabilities that came from a document and have no operation in this one. `total`: how many
    capabilities there are afterwards. Long: run it in a thread.
    """
    by_source = {one.source_operation: one for one in present if one.source_operation is not None}
    gone = [one for source, one in by_source.items() if prune and source not in read.sources]
    taken = {one.name for one in present}
    changes = []
    for draft in read.drafts:
        known = by_source.get(draft.source)
        name = _free_name(draft, taken) if known is None else known.name
        changes.append(_change(name, known, draft))
    changes += [_removal(one) for one in gone]
    added = sum(one.kind is CapabilityChangeKind.ADDED for one in changes)
    parts = [[one.name, one.kind, one.fields, _values(one.manifest)] for one in changes]
    digest = hashlib.sha256(orjson.dumps([integration_id, parts])).hexdigest()
    changes.sort(key=lambda one: (not one.breaking, list(CapabilityChangeKind).index(one.kind)))
    return Changes(digest=digest, every=changes, total=len(present) - len(gone) + added)


def _free_name(draft: Draft, taken: set[str]) -> str:
    name, number = draft.name, 1
    while name in taken:
        name = draft.other_name if number == 1 else f"{draft.other_name}_{number}"
        number += 1
    taken.add(name)
    return name


def _change(name: str, known: Present | None, draft: Draft) -> CapabilityChange:
    manifest = DeclareCapability(
        name=name,
        method=draft.method,
        endpoint=draft.endpoint,
        description=draft.description,
        effect=effect_of(draft.method),
        body_format=draft.body_format,
        array_format=draft.array_format,
        input_schema=draft.input_schema,
        output_schema=draft.output_schema,
        required_scopes=draft.required_scopes,
        timeout_seconds=30 if known is None else known.timeout_seconds,
        source_operation=draft.source,
    )
    if known is None:
        added = CapabilityChangeKind.ADDED
        return CapabilityChange(id=None, name=name, kind=added, breaking=False, fields=(), manifest=manifest)
    old, new = _values(known), _values(manifest)
    differences = () if _text(old) == _text(new) else _differences((), old, new)
    fields = list(_first(differences, _MOST_FIELDS))
    breaks = breaks_of_capability(name, (known.method, known.input_schema), (draft.method, draft.input_schema))
    return CapabilityChange(
        id=known.id,
        name=name,
        kind=CapabilityChangeKind.CHANGED if fields else CapabilityChangeKind.UNCHANGED,
        breaking=bool(fields and breaks),
        fields=fields,
        manifest=manifest,
    )


def _removal(one: Present) -> CapabilityChange:
    removed = CapabilityChangeKind.REMOVED
    return CapabilityChange(id=one.id, name=one.name, kind=removed, breaking=True, fields=(), manifest=None)


def _values(one: Present | DeclareCapability | None) -> dict[str, Any]:
    return {} if one is None else {shown: getattr(one, name) for name, shown in _VALUES.items()}


def _differences(path: tuple[str, ...], old: Any, new: Any) -> Iterator[dict[str, Any]]:
    """The different values of two objects, each at its place; lists are compared as a whole."""
    if isinstance(old, dict) and isinstance(new, dict) and len(path) < _DEEPEST:
        for name in dict.fromkeys([*old, *new]):
            yield from _differences((*path, name), old.get(name), new.get(name))
    elif _text(old) != _text(new):
        yield {"path": path, "oldValue": old, "newValue": new}


def _text(value: Any) -> bytes:
    """A value to compare: true is not 1 in JSON."""
    return orjson.dumps(value)


def _first(values: Iterable[dict[str, Any]], most: int) -> Iterator[dict[str, Any]]:
    for number, value in enumerate(values):
        if number == most:
            return
        yield value
