"""The body of an answer in a form that can be shown: JSON, text, or base64 of other bytes."""

from __future__ import annotations

import codecs
import json
import re
from asyncio import to_thread
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

import orjson

from proxy.json_grammar import SMALL, json_fault
from proxy.message import Answer
from proxy.shown import one_line

_JSON_TYPES: Final = frozenset({"application/json", "text/json", "application/x-json", "text/x-json", "json"})
#: Types of scripts, which some services give to JSON. A script is no JSON with a fault.
_SCRIPT_TYPES: Final = frozenset(
    f"{kind}/{name}" for kind in ("application", "text") for name in ("javascript", "x-javascript", "ecmascript")
)
_TEXT_TYPES: Final = frozenset(
    f"application/{name}"
    for name in (
        *("xml", "xml-dtd", "x-www-form-urlencoded", "csv", "x-csv", "yaml", "x-yaml", "toml", "sql", "graphql"),
        *("x-ndjson", "ndjson", "jsonl", "x-jsonl", "jsonlines", "x-jsonlines", "json-seq", "json5", "rtf"),
    )
)
_TEXT_SUFFIXES: Final = ("+xml", "+yaml", "+json-seq")
_LIST_OR_OBJECT: Final = re.compile(r"[ \t\n\r]*+[\[{]")
_NOT_IN_TEXT: Final = re.compile("[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_LONGEST_CODING: Final = 60
_MARK: Final = "\ufeff"
_WIDE_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# Other codecs are slow (punycode) or are not charsets.
_CHARSETS: Final = frozenset(
    codecs.lookup(name).name
    for name in (
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"),
        *("ascii", "latin-1"),
        *(f"iso8859-{part}" for part in range(2, 17) if part != 12),
        *(f"cp125{page}" for page in range(9)),
        *("shift_jis", "euc_jp", "iso2022_jp", "gbk", "gb18030", "big5", "euc_kr", "koi8-r", "koi8-u"),
    )
)


@dataclass(frozen=True, slots=True)
class JsonBody:
    """`raw`: valid JSON in UTF-8, as received but for a byte order mark, for passing on without parsing.

    `json_of` writes it into an answer of the hub.
    """

    raw: bytes

    def value(self) -> object:
        """The value, for the hub's own reading. Raises ValueError if it has a number or text that Python has not."""
        return orjson.loads(self.raw)


@dataclass(frozen=True, slots=True)
class TextBody:
    """Text. `parse_error`: the fault of a body that is said to be JSON."""

    text: str
    parse_error: str | None = None


@dataclass(frozen=True, slots=True)
class Base64Body:
    """Bytes that are neither JSON nor text. `parse_error` as in `TextBody`."""

    base64: str
    parse_error: str | None = None


Body = JsonBody | TextBody | Base64Body


async def read_body(answer: Answer) -> Body | None:
    """The body as JSON, else as text, else as base64; None if it is empty. A large one is read in a thread.

    Never raises: a body that does not parse falls back to the next form. JSON is UTF-8 whatever its charset says
    (RFC 8259 §8.1, §11), else UTF-16 or UTF-32 by its first bytes, else of the charset. Without a content type a list
    or an object is JSON, and so it is with the type of a script. Text is of its charset, else UTF-8. A body that the
    egress could not decode is base64.
    """
    if not answer.body:
        return None
    if coding := next((value for name, value in answer.headers if name.lower() == "content-encoding"), None):
        fault = f"It has a Content-Encoding that the hub does not undo: {one_line(coding)[:_LONGEST_CODING]}."
        return Base64Body(b64encode(answer.body).decode(), fault)
    return await to_thread(_read, answer) if len(answer.body) > SMALL else _read(answer)


def json_of(value: object) -> bytes:
    """The value as JSON, each `JsonBody` inside as it was received. Raises orjson.JSONEncodeError."""
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_PASSTHROUGH_DATACLASS)


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, JsonBody):
        return orjson.Fragment(value.raw)
    raise TypeError(f"{type(value).__name__} is not JSON.")


def _read(answer: Answer) -> Body:
    kind, charset = _content_type(answer.content_type)
    is_json = kind in _JSON_TYPES or kind.endswith("+json")
    fault = None
    if is_json or not kind or kind in _SCRIPT_TYPES:
        found = _json(answer.body, charset, only_nested=not is_json)
        if isinstance(found, JsonBody):
            return found
        fault = found if is_json else None
    if is_json or not kind or _is_text(kind):
        text = _text(answer.body, charset)
        if text is not None and not (not kind and _NOT_IN_TEXT.search(text)):
            return TextBody(text, fault)
    return Base64Body(b64encode(answer.body).decode(), fault)


def _is_text(kind: str) -> bool:
    named = kind.startswith("text/") or kind in _TEXT_TYPES or kind in _SCRIPT_TYPES
    return named or kind.endswith(_TEXT_SUFFIXES)


def _content_type(header: str | None) -> tuple[str, str | None]:
    """Media type in lower case, empty if it is none; and the codec of the charset, None if it is none or unknown."""
    kind, *parameters = (header or "").split(";")
    kind = re.split(r"[\s,]", kind.strip().strip('"'), maxsplit=1)[0].lower()
    charset = ""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.partition(",")[0].strip().strip("\"'")
    try:
        codec = codecs.lookup(charset).name
    except (LookupError, ValueError):
        codec = ""
    return kind if "/" in kind or kind in _JSON_TYPES else "", codec if codec in _CHARSETS else None


def _json(raw: bytes, charset: str | None, *, only_nested: bool) -> JsonBody | str:
    """The body as JSON, or its fault."""
    for codec in [json.detect_encoding(raw), *([charset] if charset else [])]:
        text = _decoded(raw, codec)
        if text is None:
            continue
        if only_nested and not _LIST_OR_OBJECT.match(text):
            return "This is neither a list nor an object."
        as_given = codec in ("utf-8", "utf-8-sig")
        content = raw.removeprefix(codecs.BOM_UTF8) if as_given else text.encode()  # the same as `text`
        return json_fault(text, content) or JsonBody(content)
    return "This is no JSON: its bytes are not UTF-8."


def _text(raw: bytes, charset: str | None) -> str | None:
    wide = ["utf-16"] if len(raw) > len(_WIDE_MARKS[0]) and raw.startswith(_WIDE_MARKS) else []
    for codec in [*wide, *([charset] if charset else []), "utf-8"]:
        text = _decoded(raw, codec)
        if text is not None:
            return None if "\0" in text else text
    return None


def _decoded(raw: bytes, codec: str) -> str | None:
    """The text without a byte order mark; None if the bytes are none of this codec."""
    try:
        return raw.decode(codec).removeprefix("" if codec.endswith("-sig") else _MARK)
    except ValueError:
        return None
