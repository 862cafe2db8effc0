"""Checks of a capability's schema when it is declared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from jsonschema_rs import ValidationError

from models.errors import Path, Violation
from models.vocabulary import BodyFormat, HttpMethod, InputLocation, InputType
from proxy.address import template_names
from proxy.headers import check_given_header
from proxy.inputs.admissible import objections
from proxy.inputs.child import compile_schema
from proxy.inputs.regexes import LINEAR
from proxy.inputs.shapes import shape_faults
from proxy.inputs.simple import Schema, location_of, properties_of, type_of
from proxy.inputs.tree import extent_of
from proxy.inputs.validate import Validator, violation_of
from proxy.inputs.walk import walk

#: Sub-schemas and regexes of all schemas of a declaration.
MOST_NODES, MOST_REGEXES = 30_000, 1_000
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def check_schema(
    schema: object, method: HttpMethod, endpoint: str, body_format: BodyFormat = BodyFormat.JSON
) -> tuple[Violation, ...]:
    """The faults of a declared schema, by their paths inside the schema; empty if it can be stored.

    Refused: references to other documents, `$dynamicRef`, regexes with look-around or back-references or over 200
    characters, too large expansions.
    """
    if not isinstance(schema, Mapping):
        return (Violation(path=(), message="It must be an object: a JSON Schema of the inputs."),)
    faults = tuple(_root(schema)) or check_any_schema(schema)
    return faults or (
        *_properties(schema, method, endpoint),
        *shape_faults(schema, method, endpoint, body_format),
        *_defaults(schema),
    )


def check_any_schema(schema: object) -> tuple[Violation, ...]:
    """As `check_schema`, for a schema of an answer or a payload, whose root type is free."""
    if not isinstance(schema, Mapping):
        return (Violation(path=(), message="It must be an object: a JSON Schema."),)
    faults = objections(schema, ()) or walk(schema)
    if faults:
        return tuple(faults)
    try:
        compile_schema(dict(schema), LINEAR)
    except ValidationError as error:
        return (violation_of(error),)
    return ()


def check_extent(schemas: Iterable[object], inputs: int = 0) -> str | None:
    """Why the schemas and simple inputs of a declaration are too many together; None if they are not."""
    nodes, regexes = extent_of(schemas, MOST_NODES)
    if nodes + inputs <= MOST_NODES and regexes <= MOST_REGEXES:
        return None
    limits = f"{MOST_NODES} sub-schemas and {MOST_REGEXES} regexes"
    return f"The schemas of a declaration have at most {limits} together; declare fewer or simpler ones."


def _root(schema: Schema) -> Iterator[Violation]:
    if schema.get("type") != "object":
        yield Violation(path=("type",), message="The type of the root must be object.")
    if schema.get("$schema", _DIALECT) not in (_DIALECT, f"{_DIALECT}#"):
        yield Violation(path=("$schema",), message="Only draft 2020-12 of JSON Schema is supported.")


def _properties(schema: Schema, method: HttpMethod, endpoint: str) -> Iterator[Violation]:
    declared = properties_of(schema)
    in_path = frozenset(template_names(endpoint))
    for name in sorted(in_path - declared.keys()):
        absent = f"The endpoint names the input {name}, which is not declared."
        yield Violation(path=("properties",), message=absent)
    for name, found in declared.items():
        message = _misplaced(name, found, schema, method, in_path)
        if message:
            yield Violation(path=("properties", name, "x-in"), message=message)


def _misplaced(
    name: str, declared: Schema, schema: Schema, method: HttpMethod, in_path: frozenset[str]
) -> str | None:
    given = declared.get("x-in")
    if given is not None and not (isinstance(given, str) and given.upper() in InputLocation.__members__):
        return "The place of an input must be path, query, header or body."
    location = location_of(name, declared, method, in_path)
    if (name in in_path) is not (location is InputLocation.PATH):
        where = "is" if name in in_path else "is not"
        return f"The input {where} in the endpoint's path; let `x-in` and the endpoint agree."
    if location is InputLocation.PATH and type_of(schema, declared) in (InputType.ARRAY, InputType.OBJECT):
        return "An input in the path must not be an array or an object."
    if location is InputLocation.HEADER:
        return check_given_header(name, "")
    if location is InputLocation.BODY and method in (HttpMethod.GET, HttpMethod.HEAD):
        return f"{method} has no body; use query, path or header."
    return None


def _defaults(schema: Schema) -> Iterator[Violation]:
    """Faults of each default, judged by the whole schema so that references resolve; other faults are ignored.

    Defaults that are too costly to be judged now are judged at each call.
    """
    defaults = {name: found["default"] for name, found in properties_of(schema).items() if "default" in found}
    if not defaults:
        return
    for fault in Validator.of(schema).at_once(defaults, ()) or ():
        if fault.path and fault.path[0] in defaults:
            yield Violation(path=_default_path(fault.path), message=fault.message)


def _default_path(path: Path) -> Path:
    return ("properties", path[0], "default", *path[1:])
