"""The manifest of an app. Types are checked here, rules in the operation."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from models.errors import InvalidInput, Path
from models.vocabulary import ArrayFormat, BodyFormat, HttpMethod, InputType
from proxy.inputs import SimpleInput
from resolvers.capabilities.declaring import DeclareCapability, DeclareEventType
from resolvers.capabilities.mutations import DeclareManifest

W = TypeVar("W", bound=StrEnum)
_TYPES: Final = {"enum": InputType.ANY, **{word.lower(): word for word in InputType}}
_NAMED: Final[dict[type, str]] = {str: "text", dict: "a JSON object", list: "an array", bool: "true or false"}


def read_manifest(members: Mapping[str, Any]) -> DeclareManifest:
    """The command. Unknown members are ignored. Raises InvalidInput for the first value of a wrong type."""
    capabilities = _required(members, "capabilities", list, ())
    events = _optional(members, "events", list, ())
    return DeclareManifest(
        capabilities=[_capability(one, ("capabilities", str(index))) for index, one in enumerate(capabilities)],
        app_token=_app_token(members),
        event_types=None if events is None else [_event(e, ("events", str(i))) for i, e in enumerate(events)],
    )


def _app_token(members: Mapping[str, Any]) -> str | None:
    """Refuses null: it might mean to remove the token or to keep it."""
    return None if "app_token" not in members else _required(members, "app_token", str, ())


def _capability(value: object, path: Path) -> DeclareCapability:
    """A capability of the manifest. Undeclared inputs are accepted and passed on."""
    members = _typed(value, dict, path)
    key = "action" if "action" in members else "name"
    inputs = _optional(members, "inputs", list, path) or []
    return DeclareCapability(
        name=_required(members, key if key in members else "action", str, path),
        description=_optional(members, "description", str, path),
        method=_word(HttpMethod, _required(members, "method", str, path), (*path, "method")),
        endpoint=_required(members, "endpoint", str, path),
        body_format=_word(BodyFormat, members.get("body_format") or BodyFormat.JSON, (*path, "body_format")),
        array_format=_word(ArrayFormat, members.get("array_format") or ArrayFormat.REPEAT, (*path, "array_format")),
        inputs=[_input(one, (*path, "inputs", str(index))) for index, one in enumerate(inputs)],
        allow_unknown_inputs=True,
    )


def _input(value: object, path: Path) -> SimpleInput:
    members = _typed(value, dict, path)
    word = _optional(members, "type", str, path) or "any"
    if word.lower() not in _TYPES:
        raise InvalidInput.at((*path, "type"), f"It must be one of {', '.join(_TYPES)}.")
    options = _optional(members, "options" if "options" in members else "values", list, path)
    if word.lower() == "enum" and not options:
        raise InvalidInput.at((*path, "options"), "An enum needs `options`: the values that it may have.")
    return SimpleInput(
        name=_required(members, "name", str, path),
        type=_TYPES[word.lower()],
        required=_optional(members, "required", bool, path) or False,
        description=_optional(members, "description", str, path),
        default=members.get("default"),
        options=tuple(options or ()),
    )


def _event(value: object, path: Path) -> DeclareEventType:
    """An event type: a name, or a name with a description."""
    if isinstance(value, str):
        return DeclareEventType(name=value)
    members = _typed(value, dict, path)
    return DeclareEventType(
        name=_required(members, "name", str, path), description=_optional(members, "description", str, path)
    )


def _word(words: type[W], value: object, path: Path) -> W:
    """A word of a closed set, in any case."""
    word = str(_typed(value, str, path)).upper()
    if word not in words.__members__:
        raise InvalidInput.at(path, f"It must be one of {', '.join(words)}.")
    return words[word]


def _required(members: Mapping[str, Any], name: str, kind: type, path: Path) -> Any:
    if name not in members:
        raise InvalidInput.at((*path, name), "It is required.")
    return _typed(members[name], kind, (*path, name))


def _optional(members: Mapping[str, Any], name: str, kind: type, path: Path) -> Any:
    """The member, or None. Null counts as absent: many clients write null for absent members."""
    return None if members.get(name) is None else _typed(members[name], kind, (*path, name))


def _typed(value: object, kind: type, path: Path) -> Any:
    if not isinstance(value, kind):
        raise InvalidInput.at(path, f"It must be {_NAMED[kind]}.")
    return value
