"""Drafts: an operation as a capability: its inputs, its body, its answer, its scopes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final

import orjson

from models.vocabulary import ArrayFormat, BodyFormat, HttpMethod, InputLocation
from proxy.inputs import check_any_schema, check_body_format, check_schema
from proxy.openapi.addresses import Addresses, slots_of
from proxy.openapi.bodies import Body, Member, body_of
from proxy.openapi.broken import InexpressibleError, Place
from proxy.openapi.document import Document, Operation, Skip, mapping
from proxy.openapi.parameters import Parameter, parameters_of
from proxy.openapi.schemas import Schemas, clipped, names_of

_LONGEST_DESCRIPTION: Final = 2_000
_MOST_OF_ANSWER: Final = 60
_LONGEST_NAME: Final = 100
_LONGEST_SOURCE: Final = 255
_SIGNS: Final = re.compile(r"[^A-Za-z0-9_.:-]+")
_GOOD: Final = ("200", "201", "2XX", "202", "203", "206")
_GRANTED: Final = ("oauth2", "openIdConnect")
_WITHOUT_BODY: Final = (HttpMethod.GET, HttpMethod.HEAD)


def draft_of(
    document: Document, operation: Operation, addresses: Addresses, skip: Skip, *, most: int, patterns: bool
) -> dict[str, Any]:
    """The draft of an operation with at most about `most` sub-schemas, as `Draft` has it, without its names.

    Raises InexpressibleError for an operation that no capability can be, BrokenError for one that is none.
    """
    if operation.method.upper() not in HttpMethod.__members__:
        raise InexpressibleError(f"The method {operation.method.upper()} cannot be sent.")
    method = HttpMethod[operation.method.upper()]
    schemas = Schemas(document, skip, most=most, hidden="readOnly", patterns=patterns)
    found = parameters_of(document, operation, schemas, skip)
    body = body_of(document, operation, found, schemas)
    if method in _WITHOUT_BODY and (body.members or body.whole):
        skip(operation.place, f"The body of a {method} cannot be sent.")
        body = Body()
    inputs = _Inputs(schemas, skip)
    slots = inputs.add_path(operation, found.plain, body)
    inputs.add_parameters(found.plain)
    inputs.add_body(body)
    schemas.finish()
    endpoint = addresses.of(operation, slots)
    return {
        "method": method,
        "endpoint": endpoint,
        "description": _description(operation),
        "body_format": body.format,
        "array_format": ArrayFormat.REPEAT,
        "input_schema": inputs.schema(opened=body.open and body.format is BodyFormat.JSON and not _in_query(method)),
        "output_schema": _answer(document, operation, skip, min(most, _MOST_OF_ANSWER)),
        "required_scopes": _scopes(document, operation),
    }


def check_draft(made: dict[str, Any]) -> None:
    """Raise InexpressibleError for a draft that the rules of declarations refuse. An answer that they refuse goes."""
    try:
        text = orjson.dumps(made)
    except TypeError as error:
        raise InexpressibleError("It has a text or a number that cannot be stored.") from error
    if b"\\u0000" in text:
        raise InexpressibleError("It has the character NUL, or the text of its escape.")
    method, endpoint, kind = made["method"], made["endpoint"], made["body_format"]
    faults = check_schema(made["input_schema"], method, endpoint, kind)
    if faults:
        raise InexpressibleError(f"{' › '.join(faults[0].path)[:200]}: {faults[0].message}")
    if objection := check_body_format(made["input_schema"], method, endpoint, kind):
        raise InexpressibleError(objection)
    if made["output_schema"] is not None and check_any_schema(made["output_schema"]):
        made["output_schema"] = None


def source_of(operation: Operation, *, is_repeated: bool) -> str:
    """The operation's name in later documents: its id, or method and path if it has none of its own."""
    if operation.operation_id is not None and not is_repeated:
        return operation.operation_id
    text = f"{operation.method.upper()} {operation.path}"
    return text if len(text) <= _LONGEST_SOURCE else f"{text[: _LONGEST_SOURCE - 9]}#{_digest(text)}"


def names_for(operation: Operation, source: str) -> tuple[str, str]:
    """A name for the capability, and another one that no other operation has."""
    plain = _SIGNS.sub("_", source).strip("_")[:_LONGEST_NAME] or "operation"
    plain = plain if plain[0].isalnum() else f"_{plain}"
    return plain, f"{plain}_{_digest(f'{operation.method} {operation.path}')}"


class _Inputs:
    """The properties of the input schema. A name on the wire is the name of its input, so two cannot share one."""

    def __init__(self, schemas: Schemas, skip: Skip) -> None:
        self._schemas, self._skip = schemas, skip
        self._made: dict[str, dict[str, Any]] = {}
        self._required: list[str] = []

    def add_path(self, operation: Operation, plain: Iterable[Parameter], body: Body) -> dict[str, str]:
        """Add the inputs of the path template. Answers their names, which no other input has: `id` may be `id_2`."""
        declared = {one.name: one for one in plain if one.location is InputLocation.PATH}
        taken = {one.name for one in plain if one.location is not InputLocation.PATH} | body.members.keys()
        slots: dict[str, str] = {}
        for name in slots_of(operation.path):
            own, number = name, 2
            while own in taken or own in slots.values():
                own, number = f"{name}_{number}", number + 1
            slots[name] = own
            one = declared.get(name)
            if one is None:
                made = self._begin(own, {"type": "string"}, operation.place)
            else:
                made = self._of_parameter(own, one)
            made["x-in"] = InputLocation.PATH.lower()
            self._required.append(own)
        for name in declared.keys() - slots.keys():
            self._skip(declared[name].place, "Its name is not in the path.")
        return slots

    def add_parameters(self, plain: Iterable[Parameter]) -> None:
        """Add those of the query and of headers. Raises InexpressibleError for a required name that is taken."""
        for one in plain:
            if one.location is InputLocation.PATH:
                continue
            if not self._is_free(one.name, one.place, required=one.required):
                continue
            made = self._of_parameter(one.name, one)
            made["x-in"] = one.location.lower()
            if one.lists not in (None, ArrayFormat.REPEAT):
                made["x-array-format"] = one.lists.lower()
            if one.required:
                self._required.append(one.name)

    def add_body(self, body: Body) -> None:
        """Add the members of the body, or the one input that is the whole. Raises as `add_parameters`."""
        for name, member in body.members.items():
            if self._is_free(name, member.place, required=name in body.required):
                self._of_member(name, member)
        self._required += [name for name in body.required if name in self._made]
        if body.whole is not None:
            name, number = "body", 2
            while name in self._made:
                name, number = f"body_{number}", number + 1
            self._of_member(name, body.whole)
            self._required += [name] if body.whole_required else []

    def schema(self, *, opened: bool) -> dict[str, Any]:
        """The whole schema, once the parts are written."""
        made: dict[str, Any] = {"type": "object", "additionalProperties": opened}
        if self._required:
            made["required"] = list(dict.fromkeys(self._required))
        return made | {"properties": self._made}

    def _is_free(self, name: str, place: Place, *, required: bool) -> bool:
        if name not in self._made:
            return True
        reason = f"The name {name[:100]} is that of another input already."
        if required:
            raise InexpressibleError(reason)
        self._skip(place, reason)
        return False

    def _begin(self, name: str, given: Any, place: Place) -> dict[str, Any]:
        self._made[name] = made = self._schemas.begin(given, place)
        return made

    def _of_parameter(self, name: str, one: Parameter) -> dict[str, Any]:
        made = self._begin(name, one.given, one.place)
        if one.description.strip():
            self._schemas.describe(made, one.description)
        return made

    def _of_member(self, name: str, member: Member) -> None:
        if member.is_file:
            file = {"x-file": True}
            made: dict[str, Any] = {"type": "array", "items": file} if member.is_list else file
            self._made[name] = made
        else:
            made = self._begin(name, member.given, member.place)
        made["x-in"] = InputLocation.BODY.lower()
        if member.lists not in (None, ArrayFormat.REPEAT):
            made["x-array-format"] = member.lists.lower()
        if member.media is not None:
            made["contentMediaType"] = member.media


def _description(operation: Operation) -> str:
    given = (operation.given.get("summary"), operation.given.get("description"))
    texts = [one.strip() for one in given if isinstance(one, str) and one.strip()]
    return clipped("\n\n".join(dict.fromkeys(texts)), _LONGEST_DESCRIPTION)


def _answer(document: Document, operation: Operation, skip: Skip, most: int) -> dict[str, Any] | None:
    """The schema of the first good answer, if it is small enough to be kept whole."""
    place = (*operation.place, "responses")
    responses = mapping(operation.given.get("responses", {}), place)
    code = next((one for one in _GOOD if one in responses), None)
    if code is None:
        return None
    try:
        given, at = document.resolve(responses[code], (*place, code))
    except InexpressibleError as reason:
        skip((*place, code), str(reason))
        return None
    given = mapping(given, at)
    if document.version != "2.0":
        content = mapping(given.get("content", {}), (*at, "content"))
        media = next((one for one in content if "json" in one), None)
        if media is None:
            return None
        at = (*at, "content", media)
        given = mapping(content[media], at)
    if "schema" not in given:
        return None
    schemas = Schemas(document, lambda *_: None, most=most, hidden="writeOnly", patterns=False)
    made = schemas.begin(given["schema"], (*at, "schema"))
    schemas.finish()
    if schemas.cut:
        skip((*at, "schema"), "The schema of the answer is large or recursive; it is left out.")
        return None
    return made


def _scopes(document: Document, operation: Operation) -> list[str]:
    """The scopes of the first alternative that has some; none if one needs nothing (OpenAPI 3.1.1 §4.8.30)."""
    alternatives = operation.given.get("security", document.root.get("security"))
    if not isinstance(alternatives, list) or {} in alternatives:
        return []
    old = document.version == "2.0"
    schemes = document.section("securityDefinitions") if old else document.section("components", "securitySchemes")
    granting = {name for name, one in schemes.items() if isinstance(one, dict) and one.get("type") in _GRANTED}
    for alternative in alternatives:
        scopes = [
            scope
            for name, wanted in (alternative.items() if isinstance(alternative, dict) else ())
            if name in granting
            for scope in names_of(wanted)
            if 0 < len(scope.strip()) <= 255
        ]
        if scopes:
            return list(dict.fromkeys(scopes))[:100]
    return []


def _in_query(method: HttpMethod) -> bool:
    """Whether inputs that are not declared go into the query."""
    return method in (*_WITHOUT_BODY, HttpMethod.DELETE)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]
