"""SVG icons: well-formed, small, and without scripts. Read by expat; DTDs are not."""

from __future__ import annotations

import re
from typing import Any, Final
from xml.parsers import expat

from resolvers.uploads.unfit import Unfit

MOST_SVG_BYTES: Final = 256 * 1024
MOST_DEPTH: Final = 64
MOST_ELEMENTS: Final = 10_000

_SVG: Final = "http://www.w3.org/2000/svg"
_XHTML: Final = "http://www.w3.org/1999/xhtml"
#: Elements that run scripts, or contain another document that could.
_RUNS: Final = frozenset({"script", "foreignobject", "handler", "listener", "iframe", "embed", "object"})
#: Attributes with an address, or in an animation with those that it sets. Others, such as `aria-label`, are text.
_ADDRESSES: Final = frozenset({"href", "src", "to", "from", "by", "values", "action", "data"})
#: Browsers ignore blanks and control characters in the scheme of an address (WHATWG URL §4.4).
_SCRIPT_ADDRESS: Final = re.compile("(^|;)(java|vb)script:", re.IGNORECASE)
_PASSED_OVER: Final = dict.fromkeys(range(33))


def check_svg(content: bytes) -> None:
    """Raise Unfit unless this is one small SVG picture in UTF-8 without a DTD of its own and without scripts.

    This is the first of two protections: icons are also served in a sandbox (`web/files/`).
    """
    if len(content) > MOST_SVG_BYTES:
        raise Unfit(f"An SVG picture has at most {MOST_SVG_BYTES} bytes.")
    try:
        content.decode("utf-8")
        _reader().Parse(content, True)
    except UnicodeDecodeError as cause:
        raise Unfit("An SVG picture must be in UTF-8.") from cause
    except expat.ExpatError as cause:
        raise Unfit(f"The SVG picture is not well-formed at line {cause.lineno}.") from cause


def _reader() -> Any:
    reader = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    walk = _Walk()
    reader.XmlDeclHandler = walk.declaration
    reader.StartDoctypeDeclHandler = walk.doctype
    reader.ProcessingInstructionHandler = walk.instruction
    reader.StartElementHandler = walk.enter
    reader.EndElementHandler = walk.leave
    return reader


class _Walk:
    """A walk over the elements, each once. A refusal ends the reading."""

    def __init__(self) -> None:
        self.depth = 0
        self.elements = 0

    def declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """Refuse another encoding: a browser would read it differently from this check."""
        if encoding is not None and encoding.lower() not in {"utf-8", "utf8"}:
            raise Unfit("An SVG picture must be in UTF-8.")

    def doctype(self, _name: str, _system: str | None, _public: str | None, has_declarations: int) -> None:
        """Refuse a DTD of its own: its entities can grow without bound. A named one is read by nobody."""
        if has_declarations:
            raise Unfit("An SVG picture may not have a DOCTYPE with declarations.")

    def instruction(self, target: str, _text: str) -> None:
        """Refuse `xml-stylesheet`, which fetches and can transform. Others, as drawing programs leave, do nothing."""
        if target.lower() == "xml-stylesheet":
            raise Unfit("An SVG picture may not have a style sheet of its own.")

    def enter(self, name: str, attributes: dict[str, str]) -> None:
        """Judge one element and its attributes."""
        self.depth += 1
        self.elements += 1
        if self.depth > MOST_DEPTH or self.elements > MOST_ELEMENTS:
            raise Unfit("The SVG picture has too many elements, or they are nested too deeply.")
        space, _, local = name.rpartition(" ")
        if self.elements == 1 and (space, local) != (_SVG, "svg"):
            raise Unfit("This is XML, but not an SVG picture.")
        if space == _XHTML or local.lower() in _RUNS:
            raise Unfit(f"An SVG picture may not have an element `{local}`.")
        for key, value in attributes.items():
            space, _, local = key.rpartition(" ")
            _check_attribute(space, local.lower(), value)

    def leave(self, _name: str) -> None:
        """Go one level up."""
        self.depth -= 1


def _check_attribute(space: str, name: str, value: str) -> None:
    if not space and name.startswith("on"):
        raise Unfit(f"An SVG picture may not have an attribute `{name}`.")
    if name in _ADDRESSES and _SCRIPT_ADDRESS.search(value.translate(_PASSED_OVER)):
        raise Unfit("An SVG picture may not have an address that runs a script.")
