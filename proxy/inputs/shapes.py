"""Checks of the form of a capability's body when it is declared: files, lists, media types."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from models.errors import Violation
from models.vocabulary import ArrayFormat, BodyFormat, HttpMethod, InputLocation, InputType
from proxy.address import template_names
from proxy.headers import folded
from proxy.inputs.files import is_media_type
from proxy.inputs.simple import Schema, gives_files, location_of, properties_of, type_of
from proxy.inputs.tree import nodes_of

_WITHOUT_BODY: Final = (HttpMethod.GET, HttpMethod.HEAD)
_TAKES_FILES: Final = (BodyFormat.MULTIPART, BodyFormat.RAW)


def check_body_format(schema: Schema, method: HttpMethod, endpoint: str, body_format: BodyFormat) -> str | None:
    """The objection to this form of body for these inputs, or None."""
    if body_format is BodyFormat.JSON:
        return None
    if method in _WITHOUT_BODY:
        return f"{method} has no body; leave the body format out, or use another method."
    in_body = [
        name
        for name, found in properties_of(schema).items()
        if _location(name, found, method, endpoint) is InputLocation.BODY
    ]
    if body_format is BodyFormat.RAW and len(in_body) != 1:
        return f"RAW sends one input as the whole body; {len(in_body)} of the declared inputs are in the body."
    return None


def shape_faults(schema: Schema, method: HttpMethod, endpoint: str, body_format: BodyFormat) -> Iterator[Violation]:
    """The faults of inputs that say how they are sent, by their places in the schema."""
    for node, path in nodes_of(schema):
        at_input = len(path) == 2 or (len(path) == 3 and path[2] == "items")
        if "x-file" in node and not (path[:1] == ("properties",) and at_input):
            message = "Only an input, or the items of one that is a list, can be a file."
            yield Violation(path=(*path, "x-file"), message=message)
        elif "x-file" in node and not (node["x-file"] is True and node.get("type", "object") == "object"):
            yield Violation(path=(*path, "x-file"), message="Write true, without a type or with the type object.")
    for name, found in properties_of(schema).items():
        location = _location(name, found, method, endpoint)
        for word, message in _of_input(name, found, schema, location, body_format):
            yield Violation(path=("properties", name, word), message=message)


def _of_input(
    name: str, declared: Schema, schema: Schema, location: InputLocation, body_format: BodyFormat
) -> Iterator[tuple[str, str]]:
    if gives_files(declared) and (location is not InputLocation.BODY or body_format not in _TAKES_FILES):
        yield "x-file", "A file is sent in the body, as MULTIPART or RAW; declare one of them as the body format."
    elif gives_files(declared) and body_format is BodyFormat.RAW and type_of(schema, declared) is not InputType.FILE:
        yield "x-file", "RAW sends one file, not a list."
    lists = declared.get("x-array-format", "repeat")
    if not (isinstance(lists, str) and lists.upper() in ArrayFormat.__members__):
        yield "x-array-format", "It must be repeat, brackets or comma."
    media = declared.get("contentMediaType", "text/plain")
    if body_format is not BodyFormat.JSON and not (isinstance(media, str) and is_media_type(media)):
        yield "contentMediaType", "It must be a media type, such as application/json."
    is_type = location is InputLocation.HEADER and folded(name) == "content-type"
    if is_type and body_format is BodyFormat.MULTIPART:
        yield "x-in", "The hub sets the Content-Type of a body in parts; leave this input out."


def _location(name: str, declared: Schema, method: HttpMethod, endpoint: str) -> InputLocation:
    return location_of(name, declared, method, frozenset(template_names(endpoint)))
