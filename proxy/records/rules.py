"""The rules for results of expressions on records: Faulty, or the value that the step works with. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from models.flow_words import NullMembers, RecordFault
from proxy.expressions import ExpressionRefused
from proxy.expressions.evaluate import shown
from proxy.expressions.values import type_of
from proxy.inputs.exact import write_json
from proxy.records.fault import Faulty
from proxy.records.whole import checked

_COMPARE: Final = "Compare it with a value, as in active == `true`."


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapping:
    """From a record to the inputs of a step.

    `text`: the expression; None passes the record. `nulls`: the rule for members that are null, at every level.
    `omits`: inputs that are left out if they are null although `nulls` is KEEP, such as those of the query.
    `required`: inputs that must not be null.
    """

    text: str | None
    nulls: NullMembers = NullMembers.KEEP
    omits: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """A record and the answer for it: the value of its JSON, and its status."""

    record: object
    data: object
    status: int


def filter_result(text: str, found: object) -> bool:
    """Raises Faulty(FILTER) for all but true and false."""
    if isinstance(found, bool):
        return found
    message = f"The filter {shown(text)} is {type_of(found)} on this record; it must be true or false."
    raise Faulty(RecordFault.FILTER, f"{message} {_COMPARE}")


def map_result(mapping: Mapping, found: object) -> object:
    """The inputs, at most 1 MB. Raises Faulty(MAPPING) for null, and for null members as the mapping says."""
    name = "The record" if mapping.text is None else f"The mapping {shown(mapping.text)}"
    if found is None:
        raise Faulty(RecordFault.MAPPING, f"{name} is null; it must select something of each record.")
    members = found if isinstance(found, dict) else {}
    if missing := sorted(one for one in mapping.required if members.get(one) is None):
        listed = ", ".join(missing)
        raise Faulty(RecordFault.MAPPING, f"{name} gives no value for what is required: {listed}.")
    if mapping.nulls is NullMembers.ERROR and (place := _null_in(found, ())):
        raise Faulty(RecordFault.MAPPING, f"{name} is null at {'.'.join(place)}, and this step refuses null.")
    if mapping.nulls is NullMembers.OMIT:
        found = _without_nulls(found)
    elif mapping.omits and members:
        found = {key: value for key, value in members.items() if value is not None or key not in mapping.omits}
    checked(found)
    return found


def merge_result(text: str, record: object, found: object) -> object:
    """The record with the members of the result. Raises Faulty(MAPPING) for a result that is no object."""
    if found is None:
        return record
    if not isinstance(found, dict) or not isinstance(record, dict):
        kinds = f"{type_of(found)}, and the record {type_of(record)}"
        message = f"The response mapping {shown(text)} merges an object into an object; its result is {kinds}."
        raise Faulty(RecordFault.MAPPING, f"{message} Give members names, as in {{stock: data.quantity}}.")
    merged = {**record, **found}
    checked(merged)
    return merged


def key_result(text: str, found: object) -> str:
    """The digest of a key, 64 hexadecimal characters. Raises Faulty(MAPPING) for a key that identifies nothing."""
    if _is_empty(found):
        message = f"The record key {shown(text)} is {type_of(found)} or empty on this record; it must identify it."
        raise Faulty(RecordFault.MAPPING, message)
    return digest_of(found)


def digest_of(value: object) -> str:
    """The SHA-256 of a value in its canonical form, whatever the order of members; 64 hexadecimal characters.

    Raises Faulty as `checked` does.
    """
    checked(value)
    return hashlib.sha256(write_json(value, sort=True)).hexdigest()


def refused(fault: RecordFault, refusal: ExpressionRefused) -> Faulty:
    """The error of a record on which an expression fails."""
    return Faulty(fault, str(refusal))


def _null_in(value: object, path: tuple[str, ...]) -> tuple[str, ...] | None:
    """The place of the first member of an object that is null."""
    pending = [(value, path)]
    while pending:
        one, place = pending.pop()
        if isinstance(one, dict):
            null = next((key for key, member in one.items() if member is None), None)
            if null is not None:
                return (*place, null)
            pending += [(member, (*place, key)) for key, member in one.items()]
        elif isinstance(one, list):
            pending += [(member, (*place, str(index))) for index, member in enumerate(one)]
    return None


def _without_nulls(value: object) -> object:
    if isinstance(value, dict):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    return [_without_nulls(member) for member in value] if isinstance(value, list) else value


def _is_empty(key: object) -> bool:
    """Whether a key is null, empty, or a list or object of only such values: many records would share it."""
    if isinstance(key, dict):
        key = list(key.values())
    if isinstance(key, list):
        return all(map(_is_empty, key))
    return key is None or key == ""
