"""Parameters of an operation: the name, the place and the form of each on the wire."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from models.vocabulary import ArrayFormat, InputLocation
from proxy.headers import check_given_header
from proxy.openapi.broken import BrokenError, InexpressibleError, Place
from proxy.openapi.document import Document, Operation, Skip, mapping, sequence, text
from proxy.openapi.schemas import Schemas

_LOCATIONS: Final = {"path": InputLocation.PATH, "query": InputLocation.QUERY, "header": InputLocation.HEADER}
_PLACES: Final = ("path", "query", "header", "cookie")
#: Parameters with these names are ignored (OpenAPI 3.1.1 §4.8.12): they follow from the bodies and from `security`.
_IGNORED_HEADERS: Final = frozenset({"accept", "content-type", "authorization"})
#: https://spec.openapis.org/oas/v3.1.1#style-values, by style and explode; and collectionFormat of 2.0.
_STYLES: Final = {
    ("form", True): ArrayFormat.REPEAT,
    ("form", False): ArrayFormat.COMMA,
    ("deepObject", True): ArrayFormat.BRACKETS,
}
_COLLECTIONS: Final = {"csv": ArrayFormat.COMMA, "multi": ArrayFormat.REPEAT}
#: The keywords of a parameter of 2.0 that are none of its schema.
NO_SCHEMA: Final = frozenset({"name", "in", "required", "collectionFormat", "allowEmptyValue"})


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter. `given`: its schema in the document. `lists`: the form of its list, if it is one."""

    name: str
    location: InputLocation
    required: bool
    given: Any
    place: Place
    description: str
    lists: ArrayFormat | None


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """The parameters of an operation. `body` and `form`: those of 2.0, with their places."""

    plain: list[Parameter]
    body: tuple[dict[str, Any], Place] | None
    form: list[tuple[dict[str, Any], Place]]


def parameters_of(document: Document, operation: Operation, schemas: Schemas, skip: Skip) -> Parameters:
    """The parameters of a Path Item and of its operation, which replace those of the same name and place.

    Raises BrokenError, and InexpressibleError for a required one that no input can be.
    """
    found: dict[tuple[str, str], tuple[dict[str, Any], Place]] = {}
    for owner, place in ((operation.item, operation.item_place), (operation.given, operation.place)):
        for index, given in enumerate(sequence(owner.get("parameters"), (*place, "parameters"))):
            one, at = document.resolve(given, (*place, "parameters", str(index)))
            one = mapping(one, at)
            name, kind = text(one.get("name"), (*at, "name")), text(one.get("in"), (*at, "in"))
            found[(name, kind)] = (one, at)
    plain: list[Parameter] = []
    body, form = None, []
    for (name, kind), (one, at) in found.items():
        if document.version == "2.0" and kind == "body":
            body = (one, at)
        elif document.version == "2.0" and kind == "formData":
            form.append((one, at))
        elif kind not in _PLACES:
            raise BrokenError((*at, "in"), f"It must be {', '.join(_PLACES)}, not {kind[:50]}.")
        elif not (kind == "header" and name.lower() in _IGNORED_HEADERS):
            _add(plain, document, schemas, (name, kind, one, at), skip)
    return Parameters(plain=plain, body=body, form=form)


def _add(
    plain: list[Parameter],
    document: Document,
    schemas: Schemas,
    found: tuple[str, str, dict[str, Any], Place],
    skip: Skip,
) -> None:
    name, kind, one, at = found
    required = one.get("required") is True or kind == "path"
    try:
        plain.append(_parameter(document, schemas, found, required))
    except InexpressibleError as reason:
        if required:
            raise InexpressibleError(f"It needs the {kind} parameter {name[:100]}: {reason}") from reason
        skip(at, str(reason))


def _parameter(
    document: Document, schemas: Schemas, found: tuple[str, str, dict[str, Any], Place], required: bool
) -> Parameter:
    name, kind, one, at = found
    if kind == "cookie":
        raise InexpressibleError("Cookies are not sent.")
    location = _LOCATIONS[kind]
    if location is InputLocation.HEADER and (objection := check_given_header(name, "")):
        raise InexpressibleError(objection)
    given, place, is_json = _schema_of(document, one, at)
    types = _types(schemas, given, place)
    if location is InputLocation.QUERY:
        lists = _query_lists(document, one, types, is_json)
    else:
        _require_simple(one, location, types)
        lists = None
    described = one.get("description")
    return Parameter(
        name=name,
        location=location,
        required=required,
        given=given,
        place=place,
        description=described if isinstance(described, str) else "",
        lists=lists,
    )


def _schema_of(document: Document, one: dict[str, Any], at: Place) -> tuple[Any, Place, bool]:
    """The schema of a parameter, its place, and whether its value is sent as JSON (`content`)."""
    if document.version == "2.0":
        return {key: value for key, value in one.items() if key not in NO_SCHEMA}, at, False
    if "content" in one:
        content = mapping(one["content"], (*at, "content"))
        for media, given in content.items():
            if "json" in media:
                shape = mapping(given, (*at, "content", media))
                return shape.get("schema", {}), (*at, "content", media, "schema"), True
        raise InexpressibleError("Only JSON is sent as the content of a parameter.")
    return one.get("schema", {}), (*at, "schema"), False


def _types(schemas: Schemas, given: Any, place: Place) -> set[str]:
    """The declared types besides null, those of alternatives too; empty for any."""
    try:
        schema = schemas.followed(given, place)[0]
    except InexpressibleError:
        return set()
    declared = schema.get("type")
    found = {one for one in (declared if isinstance(declared, list) else [declared]) if isinstance(one, str)}
    for key in ("allOf", "anyOf", "oneOf"):
        for choice in schema[key][:20] if isinstance(schema.get(key), list) else ():
            if isinstance(choice, dict) and isinstance(choice.get("type"), str):
                found.add(choice["type"])
    return found - {"null"}


def _query_lists(document: Document, one: dict[str, Any], types: set[str], is_json: bool) -> ArrayFormat | None:
    if is_json:
        if "array" in types:
            raise InexpressibleError("A list as JSON in the query cannot be sent.")
        return None
    if document.version == "2.0":
        style = str(one.get("collectionFormat", "csv"))
        lists = _COLLECTIONS.get(style)
    else:
        style = str(one.get("style", "form"))
        lists = _STYLES.get((style, one.get("explode", style in ("form", "deepObject")) is True))
    if "object" in types:
        raise InexpressibleError("An object in the query cannot be sent.")
    if types and "array" not in types:
        return None
    if lists is None:
        raise InexpressibleError(f"A list in the style {style[:50]} cannot be sent.")
    return lists


def _require_simple(one: dict[str, Any], location: InputLocation, types: set[str]) -> None:
    if one.get("style", "simple") != "simple":
        raise InexpressibleError(f"The style {str(one['style'])[:50]} cannot be sent.")
    if types & {"array", "object"}:
        raise InexpressibleError(f"A list or an object in the {location.lower()} cannot be sent.")
