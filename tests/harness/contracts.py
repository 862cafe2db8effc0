"""Judges answers by the OpenAPI documents of vendors, in the folder that `PATCHBAY_CONTRACTS` names.

OpenAPI 3.0.3 and 3.1. Tests that judge are marked `needs("contracts")`.
"""

from __future__ import annotations

import base64
import functools
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschema_rs import Draft202012Validator, ValidationError, ValidationErrorKind

_METHODS = ("get", "post", "put", "patch", "delete")
_OBJECT_ID = re.compile(r"[a-f0-9]{24}")
_EMOJI = re.compile(r"[0-9a-f]+(-[0-9a-f]+)*")
_PLACE = re.compile(r"\{[^/]+\}")


def judge(vendor: str, document: str, operation: str, status: int, body: Any = None) -> None:
    """Raises AssertionError unless the vendor's document allows this answer.

    `document` is a file in the vendor's folder. `operation` is an operation's id, or a method and a path without the
    document's server, with places or filled in: `GET /integrations/weather`. `body` is the parsed JSON; None when the
    answer has no bytes, which only a status without content allows. The error names the JSON place of each fault.
    """
    contract(vendor, document).judge(operation, status, body)


def judge_component(vendor: str, document: str, name: str, body: Any) -> None:
    """Raises AssertionError unless `body` satisfies the document's schema of this name.

    This judges answers that no operation declares, such as refusals in a document without `default`.
    """
    contract(vendor, document).judge_component(name, body)


def contract(vendor: str, document: str) -> Contract:
    """The vendor's document, read once. Raises KeyError without the variable, OSError without the file."""
    return read_contract(Path(os.environ["PATCHBAY_CONTRACTS"]) / vendor / document)


@functools.cache
def read_contract(path: Path) -> Contract:
    """The OpenAPI document in this file, read once."""
    document = json.loads(path.read_text())
    return Contract(path.name, _as_json_schema(document) if document["openapi"].startswith("3.0") else document)


@dataclass(frozen=True)
class Operation:
    """An operation of a document: `method` in capitals, `path` with its places."""

    id: str
    method: str
    path: str
    responses: dict[str, Any]


@dataclass
class Contract:
    """An OpenAPI document as a judge. Its schemas are JSON Schema 2020-12."""

    name: str
    document: dict[str, Any]
    _validators: dict[str, Draft202012Validator] = field(default_factory=dict)

    @functools.cached_property
    def operations(self) -> dict[str, Operation]:
        """By id, in the document's order."""
        found = [
            Operation(one["operationId"], method.upper(), path, one["responses"])
            for path, item in self.document["paths"].items()
            for method, one in item.items()
            if method in _METHODS
        ]
        return {one.id: one for one in found}

    def operation(self, name: str) -> Operation:
        """By its id, or by method and path. A literal segment goes before a place. Raises AssertionError for none."""
        if name in self.operations:
            return self.operations[name]
        method, _, path = name.partition(" ")
        found = [one for one in self.operations.values() if one.method == method and _matches(one.path, path)]
        assert found, f"{self.name} has no operation {name}; it has {', '.join(self.operations)}."
        return min(found, key=lambda one: len(_PLACE.findall(one.path)))

    def judge(self, name: str, status: int, body: Any = None) -> None:
        """See the function of this name."""
        operation = self.operation(name)
        key = str(status) if str(status) in operation.responses else "default"
        declared = ", ".join(operation.responses)
        assert key in operation.responses, f"{self.name}: {operation.id} declares {declared}, not {status}."
        media = self._resolved(operation.responses[key]).get("content")
        if media is None:
            assert body is None, f"{self.name}: {operation.id} {status} has no body, got {body!r:.200}."
            return
        assert body is not None, f"{self.name}: {operation.id} {status} needs a body of {', '.join(media)}."
        self._validate(f"{operation.id} {status}", media["application/json"]["schema"], body)

    def judge_component(self, name: str, body: Any) -> None:
        """See the function of this name."""
        names = self.document["components"]["schemas"]
        assert name in names, f"{self.name} has no schema {name}; it has {', '.join(names)}."
        self._validate(name, {"$ref": f"#/components/schemas/{name}"}, body)

    def _resolved(self, response: dict[str, Any]) -> dict[str, Any]:
        """The response that a reference points to, or the response itself."""
        if "$ref" not in response:
            return response
        name = response["$ref"].removeprefix("#/components/responses/")
        found: dict[str, Any] = self.document["components"]["responses"][name]
        return found

    def _validate(self, what: str, schema: dict[str, Any], body: Any) -> None:
        if what not in self._validators:
            rooted = {"components": self.document["components"], "allOf": [schema]}
            self._validators[what] = Draft202012Validator(rooted, validate_formats=True, formats=_FORMATS)
        faults = [fault for error in self._validators[what].iter_errors(body) for fault in _faults(error)]
        assert not faults, f"{self.name}: {what} is not as declared:\n" + "\n".join(faults)


def _matches(template: str, path: str) -> bool:
    pattern = _PLACE.sub("\0", template)
    return re.fullmatch(re.escape(pattern).replace(re.escape("\0"), "[^/]+"), path) is not None


def _faults(error: ValidationError) -> Iterator[str]:
    """The JSON place and the words of an error; for alternatives, of the one that the answer seems to mean."""
    alternatives = [branch for branch in getattr(error.kind, "context", ()) if branch]
    if alternatives:
        for inner in min(alternatives, key=_distance):
            yield from _faults(inner)
        return
    place = "".join(f"/{part}" for part in error.instance_path)
    yield f"  {place or '/'}: {error.message:.300}"


def _distance(branch: list[ValidationError]) -> tuple[bool, int]:
    """An alternative of another constant, such as the type of an event, is farther than any with the same."""
    constants = (ValidationErrorKind.Enum, ValidationErrorKind.Constant, ValidationErrorKind.Type)
    return any(isinstance(error.kind, constants) for error in branch), len(branch)


def _as_json_schema(value: Any) -> Any:
    """A part of an OpenAPI 3.0 document with its dialect of JSON Schema turned into 2020-12."""
    if isinstance(value, list):
        return [_as_json_schema(each) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        return {"$ref": value["$ref"]}
    schema = {key: _as_json_schema(each) for key, each in value.items()}
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if schema.get(exclusive) is True:
            schema[exclusive] = schema.pop(bound)
        elif schema.get(exclusive) is False:
            del schema[exclusive]
    return {"anyOf": [schema, {"type": "null"}]} if schema.pop("nullable", None) is True else schema


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        return False
    return True


#: Formats of these documents that JSON Schema does not know.
_FORMATS = {
    "byte": _is_base64,
    "emoji": lambda text: _EMOJI.fullmatch(text) is not None,
    "objectid": lambda text: _OBJECT_ID.fullmatch(text) is not None,
}
