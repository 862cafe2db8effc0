"""The body of an answer in a form that can be shown: JSON, text, or base64 of other bytes."""

from __future__ import annotations

import codecs
from base64 import b64encode
from dataclasses import dataclass

import orjson

from proxy.message import Answer

_MAX_DEPTH = 200  # orjson writes at most 254 levels, and our answer wraps the body in some
_TEXT_TYPES = frozenset({"application/xml", "application/javascript", "application/x-www-form-urlencoded"})
_JSON_TYPES = frozenset({"application/json", "text/json"})
# Other codecs are slow (punycode) or are not charsets.
_CHARSETS = frozenset(
    codecs.lookup(name).name
    for name in (
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "ascii", "latin-1"),
        *(f"iso8859-{part}" for part in range(2, 17) if part != 12),
        *(f"cp125{page}" for page in range(9)),
        *("shift_jis", "euc_jp", "iso2022_jp", "gbk", "gb18030", "big5", "euc_kr", "koi8-r", "koi8-u"),
    )
)


@dataclass(frozen=True, slots=True)
class JsonBody:
    """`raw`: the bytes as received, valid UTF-8, for passing on without parsing."""

    value: object
    raw: bytes


@dataclass(frozen=True, slots=True)
class TextBody:
    """Text, decoded by the charset that the answer names."""

    text: str


@dataclass(frozen=True, slots=True)
class Base64Body:
    """Bytes that are neither JSON nor text."""

    base64: str


Body = JsonBody | TextBody | Base64Body


def read_body(answer: Answer) -> Body | None:
    """The body as JSON, else as text, else as base64; None if it is empty.

    Never raises: a body that does not parse falls back to the next form. JSON needs a JSON content type, UTF-8
    (RFC 8259 §8.1), no NaN and at most 200 levels.
    """
    if not answer.body:
        return None
    kind, charset = _content_type(answer.content_type)
    is_json = kind in _JSON_TYPES or kind.endswith("+json")
    if is_json and charset in ("utf-8", "ascii"):
        body = _json(answer.body)
        if body is not None:
            return body
    if is_json or kind.startswith("text/") or kind in _TEXT_TYPES or kind.endswith("+xml"):
        text = _text(answer.body, charset)
        if text is not None:
            return TextBody(text)
    return Base64Body(b64encode(answer.body).decode())


def _content_type(header: str | None) -> tuple[str, str | None]:
    """Media type in lower case, and the codec of the charset; None if that is unknown."""
    kind, *parameters = (header or "").split(";")
    charset = "utf-8"
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"')
    try:
        codec = codecs.lookup(charset).name
    except (LookupError, ValueError):
        codec = ""
    return kind.strip().lower(), codec if codec in _CHARSETS else None


def _json(raw: bytes) -> JsonBody | None:
    text = raw.removeprefix(codecs.BOM_UTF8)
    try:
        value = orjson.loads(text)
        # Counting brackets suffices for most bodies; only one with many brackets is measured by writing it.
        if text.count(b"[") + text.count(b"{") > _MAX_DEPTH:
            _require_depth(value)
    except (ValueError, RecursionError):
        return None
    return JsonBody(value, text)


def _require_depth(value: object) -> None:
    level = [value]
    for _ in range(_MAX_DEPTH):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise ValueError("nested too deep")


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return [child for child in value.values() if isinstance(child, dict | list)]
    return [child for child in value if isinstance(child, dict | list)] if isinstance(value, list) else []


def _text(raw: bytes, charset: str | None) -> str | None:
    try:
        text = raw.decode(charset) if charset else None
    except ValueError:
        return None
    return None if text is None or "\0" in text else text
