"""The shapes of a manifest's JSON: blocks, content sources, configurations and the content security policy.

Members that are not named here are kept as given. A fault has the exact place of its value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeGuard

import orjson

from models.errors import Path
from proxy.inputs.admissible import objections
from resolvers.faults import JSON_BYTES, TEXT, WORD, Faults, text_problem
from resolvers.publishing.scripts import header_of

MOST_PARTS: Final = 100
MOST_DEPTH: Final = 32
_PLACES: Final = ("account", "space", "site")
_DIRECTIVE: Final = re.compile(r"[a-z][a-z-]{0,63}")
_VISIBLE: Final = re.compile(r"[ -~]*")
#: Browsers and proxies take headers of this size.
MOST_POLICY: Final = 8192
#: The members of a property beside `title`, `description` and `type`, by its type; those with True are required.
_MEMBERS: Final[Mapping[str, Mapping[str, bool]]] = {
    "string": {"completion_url": False},
    "number": {},
    "boolean": {},
    "button": {"callback_url": True, "button_text": True},
}
_DEFAULTS: Final[Mapping[str, tuple[type, ...]]] = {"string": (str,), "number": (int, float), "boolean": (bool,)}


def check_json(faults: Faults, path: Path, value: object) -> bool:
    """Check that a value can be stored: at most 256 kB of JSON, nested at most 32 levels. Answers whether it can."""
    if _depth(value) > MOST_DEPTH:
        return faults.check(False, path, f"It must not be nested deeper than {MOST_DEPTH} levels.")
    found = objections(value, path)
    for one in found:
        faults.add(one.path, one.message)
    size = 0 if found else len(orjson.dumps(value))
    return not found and faults.check(size <= JSON_BYTES, path, f"It must not be larger than {JSON_BYTES} bytes.")


def check_blocks(faults: Faults, value: object) -> None:
    """Check blocks: each has an id and a title, and may have patterns of addresses and a form in Markdown."""
    for place, block in _described(faults, "blocks", value):
        patterns = block.get("urlUnfurl", [])
        if _is_list(patterns, faults, (*place, "urlUnfurl")):
            _few(faults, (*place, "urlUnfurl"), patterns)
            for index, pattern in enumerate(patterns[:MOST_PARTS]):
                _check_text(faults, (*place, "urlUnfurl", str(index)), pattern, least=1)
        if "markdown" in block and _is_object(block["markdown"], faults, (*place, "markdown")):
            for name in ("codeblock", "body"):
                _member(faults, (*place, "markdown"), block["markdown"], name, required=True)


def check_content_sources(faults: Faults, value: object) -> None:
    """Check content sources: each has an id and a title, and may name the component that configures it."""
    for place, source in _described(faults, "content_sources", value):
        if "configuration" in source and _is_object(source["configuration"], faults, (*place, "configuration")):
            _member(faults, (*place, "configuration"), source["configuration"], "componentId", required=True)


def check_configurations(faults: Faults, value: object) -> None:
    """Check configurations of the account, of spaces and of sites: each has properties, or names a component."""
    path = ("configurations",)
    if not _is_object(value, faults, path):
        return
    for name, configuration in value.items():
        place = (*path, name)
        allowed = ", ".join(_PLACES)
        if not faults.check(name in _PLACES, place, f"There is no such configuration; there are {allowed}."):
            continue
        if not _is_object(configuration, faults, place):
            continue
        if faults.check(
            ("componentId" in configuration) != ("properties" in configuration),
            place,
            "It must have either `properties` or `componentId`.",
        ):
            _member(faults, place, configuration, "componentId")
            _check_properties(faults, place, configuration)


def check_policy(faults: Faults, value: object) -> None:
    """Check a content security policy: a text, or an object of directives and their texts, for one header."""
    path, before = ("content_security_policy",), len(faults.found)
    if isinstance(value, str):
        _check_directive(faults, path, value)
    elif _is_object(value, faults, path, "It must be a text, or an object of directives and texts."):
        _few(faults, path, value)
        for name, text in value.items():
            fits = _DIRECTIVE.fullmatch(name) is not None
            faults.check(fits, (*path, name), "A directive is named by lower-case letters and hyphens.")
            _check_directive(faults, (*path, name), text)
    if len(faults.found) == before and isinstance(value, str | dict):
        fits = len(header_of(value) or "") <= MOST_POLICY
        faults.check(fits, path, f"As one header it must have at most {MOST_POLICY} bytes; leave sources out.")


def _check_directive(faults: Faults, path: Path, text: object) -> None:
    if _check_text(faults, path, text):
        fits = _VISIBLE.fullmatch(str(text)) is not None
        faults.check(fits, path, "It must be one line of printable ASCII; percent-encode other characters.")


def _check_properties(faults: Faults, place: Path, configuration: Mapping[str, object]) -> None:
    properties = configuration.get("properties", {})
    if not _is_object(properties, faults, (*place, "properties")):
        return
    _few(faults, (*place, "properties"), properties)
    for name, one in properties.items():
        at = (*place, "properties", name)
        faults.check(1 <= len(name) <= WORD, at, f"The name of a property has 1 to {WORD} characters.")
        if _is_object(one, faults, at):
            _check_property(faults, at, one)
    _check_required(faults, (*place, "required"), configuration.get("required", []), list(properties))


def _check_property(faults: Faults, at: Path, one: Mapping[str, object]) -> None:
    kind = one.get("type")
    _member(faults, at, one, "title", most=50)
    _member(faults, at, one, "description", most=100)
    if not (isinstance(kind, str) and kind in _MEMBERS):
        faults.add((*at, "type"), f"It must be one of {', '.join(_MEMBERS)}.")
        return
    for name, required in _MEMBERS[kind].items():
        _member(faults, at, one, name, required=required)
    if kind in _DEFAULTS and "default" in one:
        value = one["default"]
        fits = isinstance(value, _DEFAULTS[kind]) and isinstance(value, bool) == (kind == "boolean")
        faults.check(fits, (*at, "default"), f"It must be a {kind}, as the type of its property.")
    if kind == "string" and "enum" in one:
        _check_enum(faults, (*at, "enum"), one["enum"])


def _check_enum(faults: Faults, path: Path, values: object) -> None:
    if not _is_list(values, faults, path):
        return
    faults.check(1 <= len(values) <= MOST_PARTS, path, f"1 to {MOST_PARTS} of them.")
    for index, value in enumerate(values[:MOST_PARTS]):
        if _check_text(faults, (*path, str(index)), value):
            faults.check(value not in values[:index], (*path, str(index)), "It stands in the list already.")


def _check_required(faults: Faults, path: Path, names: object, known: Sequence[str]) -> None:
    if not _is_list(names, faults, path):
        return
    for index, name in enumerate(names[: MOST_PARTS + 1]):
        listed = ", ".join(known[:20]) or "none"
        place = (*path, str(index))
        if faults.check(name in known, place, f"There is no such property. The properties are: {listed}."):
            faults.check(name not in names[:index], place, "It stands in the list already.")


def _described(faults: Faults, name: str, value: object) -> Iterator[tuple[Path, Mapping[str, object]]]:
    """The objects of a list, each with its place, once their id, title, description and icon are checked."""
    if not _is_list(value, faults, (name,)):
        return
    _few(faults, (name,), value)
    seen = set[object]()
    for index, one in enumerate(value[:MOST_PARTS]):
        place = (name, str(index))
        if not _is_object(one, faults, place):
            continue
        _member(faults, place, one, "id", required=True, least=1, most=WORD)
        _member(faults, place, one, "title", required=True, least=2, most=40)
        _member(faults, place, one, "description", most=150)
        _member(faults, place, one, "icon")
        if isinstance(one.get("id"), str):
            faults.check(one["id"] not in seen, (*place, "id"), "Another one in the list has this id.")
            seen.add(one["id"])
        yield place, one


def _is_object(
    value: object, faults: Faults, path: Path, message: str = "It must be a JSON object."
) -> TypeGuard[Mapping[str, object]]:
    return faults.check(isinstance(value, dict), path, message)


def _is_list(value: object, faults: Faults, path: Path) -> TypeGuard[Sequence[object]]:
    return faults.check(isinstance(value, list | tuple), path, "It must be a list.")


def _few(faults: Faults, path: Path, values: Sequence[object] | Mapping[str, object]) -> None:
    faults.check(len(values) <= MOST_PARTS, path, f"At most {MOST_PARTS} of them.")


def _member(
    faults: Faults,
    path: Path,
    one: Mapping[str, object],
    name: str,
    *,
    required: bool = False,
    least: int = 0,
    most: int = TEXT,
) -> None:
    """Check a member that is a text; absent it is a fault if it is required."""
    if name in one:
        _check_text(faults, (*path, name), one[name], least=least, most=most)
    elif required:
        faults.add((*path, name), "It is required.")


def _check_text(faults: Faults, path: Path, value: object, *, least: int = 0, most: int = TEXT) -> bool:
    if not isinstance(value, str):
        faults.add(path, "It must be a text.")
        return False
    problem = text_problem(value)
    if problem is None and not least <= len(value) <= most:
        problem = f"It must have {least} to {most} characters."
    return faults.check(problem is None, path, problem or "")


def _depth(value: object) -> int:
    """Levels of arrays and objects, counted to one more than allowed."""
    depth, level = 0, _containers([value])
    while level and depth <= MOST_DEPTH:
        depth += 1
        level = _containers([inner for one in level for inner in (one.values() if isinstance(one, dict) else one)])
    return depth


def _containers(values: Sequence[object]) -> list[dict[str, object] | list[object] | tuple[object, ...]]:
    return [one for one in values if isinstance(one, dict | list | tuple)]
