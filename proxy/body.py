"""An answer's body in the form in which it can be shown: JSON, text, or base64 of anything else."""

from __future__ import annotations

import codecs
from base64 import b64encode
from dataclasses import dataclass

import orjson

from proxy.message import Answer

_MAX_DEPTH = 200  # orjson writes no more than 254 levels, and ours stand around it
_TEXT_TYPES = frozenset({"application/xml", "application/javascript", "application/x-www-form-urlencoded"})
_JSON_TYPES = frozenset({"application/json", "text/json"})
# Other codecs are slow (punycode), or are no charsets at all.
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
    """`raw` is the text as received, valid UTF-8, to be passed through where nothing needs the value."""

    value: object
    raw: bytes


@dataclass(frozen=True, slots=True)
class TextBody:
    """Decoded by the charset that the answer names."""

    text: str


@dataclass(frozen=True, slots=True)
class Base64Body:
    """Anything else."""

    base64: str


Body = JsonBody | TextBody | Base64Body


def read_body(answer: Answer) -> Body | None:
    """The body in its most telling form; None when it is empty. Never raises: what is faulty is shown less
    cooked.

    JSON counts as such only where the content type says so, it is UTF-8 (RFC 8259 §8.1), has no NaN and at
    most 200 levels.
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
    """Media type in lower case, and the charset's codec; None for one that is unknown."""
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
        # Counting brackets is enough for almost all; only a body with many is measured by writing it.
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
