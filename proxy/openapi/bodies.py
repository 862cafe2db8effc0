"""Request bodies: the members of an object as inputs, or one input that is the whole body."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from models.vocabulary import ArrayFormat, BodyFormat
from proxy.inputs.files import is_media_type
from proxy.openapi.broken import InexpressibleError, Place
from proxy.openapi.document import Document, Operation, mapping
from proxy.openapi.parameters import NO_SCHEMA, Parameters
from proxy.openapi.schemas import Schemas, names_of

JSON: Final = "application/json"
_FORMATS: Final = {
    JSON: BodyFormat.JSON,
    "application/x-www-form-urlencoded": BodyFormat.FORM,
    "multipart/form-data": BodyFormat.MULTIPART,
}
_MOST_ALL_OF: Final = 50


@dataclass(frozen=True, kw_only=True)
class Member:
    """An input in the body. `given` None: any value. `is_file`: it takes a file; `is_list`: a list of them."""

    given: Any
    place: Place
    is_file: bool = False
    is_list: bool = False
    lists: ArrayFormat | None = None
    media: str | None = None


@dataclass(frozen=True, kw_only=True)
class Body:
    """A body. `whole`: the body is one input. `required`: its members that must be given; `open`: it takes others."""

    format: BodyFormat = BodyFormat.JSON
    members: dict[str, Member] = field(default_factory=dict)
    required: list[str] = field(default_factory=list)
    open: bool = False
    whole: Member | None = None
    whole_required: bool = False


NO_BODY: Final = Body()


def body_of(document: Document, operation: Operation, found: Parameters, schemas: Schemas) -> Body:
    """The body of an operation. Raises BrokenError, and InexpressibleError for one that no input can be."""
    if document.version != "2.0":
        return _of_request_body(document, operation, schemas)
    consumed = operation.given.get("consumes", document.root.get("consumes"))
    media = names_of(consumed)
    if found.body is not None:
        one, at = found.body
        chosen = next((name for name in media if _plain(name) == JSON), media[0] if media else JSON)
        return _of_schema(schemas, chosen, one.get("schema", {}), (*at, "schema"), one.get("required") is True, {})
    return _of_form(found, "multipart/form-data" in map(_plain, media)) if found.form else NO_BODY


def _of_form(found: Parameters, in_parts: bool) -> Body:
    members, required = {}, []
    for one, at in found.form:
        name = str(one["name"])
        is_list = one.get("type") == "array"
        lists = ArrayFormat.COMMA if is_list and one.get("collectionFormat", "csv") == "csv" else None
        is_file = one.get("type") == "file"
        in_parts |= is_file
        given = {key: value for key, value in one.items() if key not in NO_SCHEMA}
        members[name] = Member(given=given, place=at, is_file=is_file, lists=lists)
        if one.get("required") is True:
            required.append(name)
    kind = BodyFormat.MULTIPART if in_parts else BodyFormat.FORM
    return Body(format=kind, members=members, required=required)


def _of_request_body(document: Document, operation: Operation, schemas: Schemas) -> Body:
    if "requestBody" not in operation.given:
        return NO_BODY
    given, at = document.resolve(operation.given["requestBody"], (*operation.place, "requestBody"))
    given = mapping(given, at)
    content = mapping(given.get("content"), (*at, "content"))
    if not content:
        return NO_BODY
    by_plain = {_plain(name): name for name in reversed(content)}
    chosen = next((by_plain[one] for one in _FORMATS if one in by_plain), next(iter(content)))
    place = (*at, "content", chosen)
    shape = mapping(content[chosen], place)
    encoding = mapping(shape.get("encoding", {}), (*place, "encoding"))
    required = given.get("required") is True
    return _of_schema(schemas, chosen, shape.get("schema", {}), (*place, "schema"), required, encoding)


def _of_schema(
    schemas: Schemas, media: str, given: Any, place: Place, required: bool, encoding: dict[str, Any]
) -> Body:
    plain = _plain(media)
    kind = _FORMATS.get(plain)
    if kind is not None and (flat := _flat(schemas, given, place)) is not None:
        members = {
            name: _member(schemas, kind, one, at, mapping(encoding.get(name, {}), (*place, "encoding", name)))
            for name, (one, at) in flat.members.items()
        }
        needed = [name for name in flat.required if name in members] if required else []
        return Body(format=kind, members=members, required=needed, open=flat.open)
    if kind in (BodyFormat.FORM, BodyFormat.MULTIPART):
        raise InexpressibleError("The fields of its form are not named one by one.")
    return Body(format=BodyFormat.RAW, whole=_whole(schemas, plain, given, place), whole_required=required)


def _whole(schemas: Schemas, media: str, given: Any, place: Place) -> Member:
    if not is_media_type(media) or "*" in media:
        media = "application/octet-stream"
    if media == JSON or media.endswith("+json"):
        types = schemas.followed(given, place)[0].get("type")
        if types == "string":
            raise InexpressibleError("Its body is one text as JSON, which cannot be sent.")
        return Member(given=given, place=place, media=media)
    if media.startswith("text/") or media.endswith(("/xml", "+xml", "/yaml", "/x-ndjson", "/graphql")):
        return Member(given={"type": "string"}, place=place, media=media)
    return Member(given={}, place=place, is_file=True)


@dataclass
class _Flat:
    members: dict[str, tuple[Any, Place]]
    required: list[str]
    open: bool


def _flat(schemas: Schemas, given: Any, place: Place) -> _Flat | None:
    """The members of an object, those of `allOf` together; None if it is none, or has alternatives of members."""
    flat = _Flat({}, [], False)
    pending, seen = [(given, place)], 0
    while pending:
        seen += 1
        one, at, _ = schemas.followed(*pending.pop(0))
        if seen > _MOST_ALL_OF or not _is_object(one):
            return None
        if any(_names_members(one.get(key)) for key in ("anyOf", "oneOf", "if")):
            return None
        members = mapping(one.get("properties", {}), (*at, "properties"))
        for name, member in members.items():
            if not _is_read_only(schemas, member, (*at, "properties", name)):
                flat.members[name] = (member, (*at, "properties", name))
        flat.required += [name for name in names_of(one.get("required")) if name not in flat.required]
        flat.open |= one.get("additionalProperties") not in (None, False)
        parts = one.get("allOf")
        pending += (
            [(part, (*at, "allOf", str(index))) for index, part in enumerate(parts)]
            if isinstance(parts, list)
            else []
        )
    return flat if flat.members else None


def _is_object(schema: dict[str, Any]) -> bool:
    declared = schema.get("type", "object")
    return declared == "object" or (isinstance(declared, list) and set(map(str, declared)) <= {"object", "null"})


def _names_members(choices: Any) -> bool:
    """Whether alternatives are more than lists of required names."""
    if isinstance(choices, list):
        return any(not isinstance(one, dict) or one.keys() - {"required", "description"} for one in choices)
    return choices is not None


def _is_read_only(schemas: Schemas, given: Any, place: Place) -> bool:
    if isinstance(given, dict) and "$ref" in given:
        try:
            given = schemas.followed(given, place)[0]
        except InexpressibleError:
            return False
    return isinstance(given, dict) and given.get("readOnly") is True


def _member(schemas: Schemas, kind: BodyFormat, given: Any, place: Place, encoding: dict[str, Any]) -> Member:
    if kind is BodyFormat.JSON:
        return Member(given=given, place=place)
    try:
        schema = schemas.followed(given, place)[0]
    except InexpressibleError:
        schema = {}
    style = str(encoding.get("style", "form"))
    explode = encoding.get("explode", style != "spaceDelimited") is True
    lists = {("form", False): ArrayFormat.COMMA, ("deepObject", True): ArrayFormat.BRACKETS}.get((style, explode))
    media = encoding.get("contentType")
    media = media if isinstance(media, str) and is_media_type(media) else None
    if kind is BodyFormat.MULTIPART:
        items = schema.get("items")
        if _is_file(schema):
            return Member(given=given, place=place, is_file=True)
        if schema.get("type") == "array" and isinstance(items, dict) and _is_file(items):
            return Member(given=given, place=place, is_file=True, is_list=True, lists=lists)
    elif media != JSON:
        media = None
    return Member(given=given, place=place, lists=lists, media=media)


def _is_file(schema: dict[str, Any]) -> bool:
    """A file in a form: `format: binary` (3.0), `contentMediaType` without an encoding (3.1)."""
    if schema.get("type", "string") != "string":
        return False
    return schema.get("format") == "binary" or ("contentMediaType" in schema and "contentEncoding" not in schema)


def _plain(media: str) -> str:
    """A media type without parameters, in lower case."""
    return media.partition(";")[0].strip().lower()
