"""A document: its version, its references, and its operations in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from proxy.openapi.broken import BrokenError, InexpressibleError, Place

#: Fixed fields of a Path Item that are operations (OpenAPI 3.1.1 §4.8.9.1); 2.0 has no trace.
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_MOST_REFERENCES: Final = 20
_SUPPORTED: Final = "OpenAPI 3.0, OpenAPI 3.1 and Swagger 2.0 are supported"

#: Hears of a part that becomes no capability, or only partly: its place and the reason.
Skip = Callable[[Place, str], None]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """An operation, with the Path Item that has it. `number`: its position in the document."""

    method: str
    path: str
    given: dict[str, Any]
    item: dict[str, Any]
    place: Place
    item_place: Place
    number: int

    @property
    def operation_id(self) -> str | None:
        """The `operationId`; None if there is none, or it cannot be kept."""
        given = self.given.get("operationId")
        return given if isinstance(given, str) and given.isprintable() and 0 < len(given.strip()) <= 255 else None

    @property
    def tags(self) -> list[str]:
        """The tags, each once."""
        given = self.given.get("tags")
        return list(dict.fromkeys(tag for tag in given if isinstance(tag, str))) if isinstance(given, list) else []


class Document:
    """The root of a document. Raises BrokenError for one of another kind or version."""

    def __init__(self, root: Any) -> None:
        self.root = mapping(root, ())
        self.version = self._version()
        info = mapping(self.root.get("info"), ("info",))
        self.title = text(info.get("title"), ("info", "title"))
        self.api_version = str(info.get("version", ""))[:255]

    def resolve(self, given: Any, place: Place) -> tuple[Any, Place]:
        """The target of a Reference Object and its place; a value that is none as it is.

        Raises InexpressibleError for a reference that leaves the document, BrokenError for one that leads nowhere.
        """
        for _ in range(_MOST_REFERENCES):
            if not (isinstance(given, dict) and "$ref" in given):
                return given, place
            given, place = self.target(given["$ref"], (*place, "$ref"))
        raise BrokenError(place, "The reference leads back to itself.")

    def target(self, reference: Any, place: Place) -> tuple[Any, Place]:
        """The target of one reference (RFC 6901 §6), and its place. Raises as `resolve`."""
        if not isinstance(reference, str):
            raise BrokenError(place, "A reference must be text.")
        if not (reference == "#" or reference.startswith("#/")):
            raise InexpressibleError(f"The reference {reference[:200]} leaves the document; nothing is fetched.")
        found: Any = self.root
        keys = tuple(unquote(token).replace("~1", "/").replace("~0", "~") for token in reference[1:].split("/")[1:])
        for key in keys:
            if isinstance(found, dict) and key in found:
                found = found[key]
            elif isinstance(found, list) and key.isdecimal() and int(key[:9]) < len(found):
                found = found[int(key)]
            else:
                raise BrokenError(place, f"There is nothing at {reference[:200]}.")
        return found, keys

    def operations(self, skip: Skip) -> Iterator[Operation]:
        """Every operation in order; `skip` hears of path items that are elsewhere."""
        number = 0
        for path, given in mapping(self.root.get("paths", self._no_paths()), ("paths",)).items():
            if path.startswith("x-"):
                continue
            place: Place = ("paths", path)
            if not path.startswith("/"):
                raise BrokenError(place, "A path must begin with a slash.")
            try:
                item, place = self.resolve(given, place)
            except InexpressibleError as reason:
                skip(place, str(reason))
                continue
            item = mapping(item, place)
            for method in item:
                if method in METHODS:
                    one = mapping(item[method], (*place, method))
                    at = (*place, method)
                    yield Operation(
                        method=method, path=path, given=one, item=item, place=at, item_place=place, number=number
                    )
                    number += 1

    def section(self, *names: str) -> dict[str, Any]:
        """A mapping below the root; empty if it is absent."""
        found: Any = self.root
        for index, name in enumerate(names):
            found = mapping(found.get(name, {}), names[: index + 1])
        return dict(found)

    def _version(self) -> str:
        if "swagger" in self.root:
            if str(self.root["swagger"]) == "2.0":
                return "2.0"
            raise BrokenError(("swagger",), f"{_SUPPORTED}, not Swagger {str(self.root['swagger'])[:20]}.")
        if "openapi" not in self.root:
            raise BrokenError((), f"It has neither `openapi` nor `swagger`; {_SUPPORTED}.")
        given = str(self.root["openapi"])
        version = next((one for one in ("3.0", "3.1") if given == one or given.startswith(f"{one}.")), None)
        if version is None:
            raise BrokenError(("openapi",), f"{_SUPPORTED}, not {given[:20]}.")
        return version

    def _no_paths(self) -> Any:
        return {} if self.version == "3.1" else None


def mapping(value: Any, place: Place) -> dict[str, Any]:
    """A value that must be an object. Raises BrokenError."""
    if not isinstance(value, dict):
        raise BrokenError(place, "It is required." if value is None else "It must be an object.")
    return value


def sequence(value: Any, place: Place) -> list[Any]:
    """A value that must be a list; None stands for an empty one. Raises BrokenError."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BrokenError(place, "It must be a list.")
    return value


def text(value: Any, place: Place) -> str:
    """A value that must be text and not empty. Raises BrokenError."""
    if not isinstance(value, str) or not value.strip():
        raise BrokenError(place, "It is required." if value is None else "It must be text.")
    return value
