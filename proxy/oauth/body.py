"""The body of a token endpoint's answer, read as JSON or as a form, whatever type and charset its header names."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import orjson

#: Put in place of bytes that are no text. A token with it was not read as it was sent.
REPLACEMENT: Final = "\ufffd"
_FORM_TYPE: Final = "application/x-www-form-urlencoded"
_FORM: Final = re.compile(r"[\w.\-\[\]%+]{1,100}=[^<>{}\r\n]*")
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
#: Charsets whose decoding takes linear time. Others, such as Punycode, are not tried.
_PLAIN_CHARSETS: Final = ("iso8859", "cp125", "utf-16", "utf-32", "shift_jis", "euc_", "gb", "big5", "koi8")


def read_members(answer: httpx.Response) -> Mapping[str, Any] | None:
    """The members of a JSON object or of a form; None if the body is neither.

    The type of the header is not asked: vendors send JSON as `text/html`, as a form and without a type, and forms as
    JSON. JSON is UTF-8 (RFC 8259 §8.1); other charsets are tried if it is not. A list of errors is the member
    `errors`. A form of another type than its own is one line of pairs without angle brackets and braces.
    """
    declared = media_type(answer) == _FORM_TYPE
    for text in _readings(answer):
        found = _object(text)
        if found is None:
            found = _pairs(text.strip(), declared=declared)
        if found is not None:
            return found
    return None


def media_type(answer: httpx.Response) -> str:
    """The type of the body without parameters, in lower case; empty if the answer names none."""
    header: str = answer.headers.get("Content-Type", "")
    return header.partition(";")[0].strip().lower()


def _readings(answer: httpx.Response) -> Iterator[str]:
    """The body as text: by its byte order mark, as UTF-8, by the charset of the header, with replacements."""
    raw = answer.content
    for mark, charset in _MARKS:
        if raw.startswith(mark):
            yield raw[len(mark) :].decode(charset, errors="replace")
            return
    for charset in ("utf-8", *_charsets(answer)):
        try:
            yield raw.decode(charset)
        except UnicodeDecodeError:
            continue
    yield raw.decode("utf-8", errors="replace")


def _charsets(answer: httpx.Response) -> Iterator[str]:
    try:
        name = codecs.lookup(answer.charset_encoding or "").name
    except LookupError:
        return
    if name.startswith(_PLAIN_CHARSETS):
        yield name


def _object(text: str) -> Mapping[str, Any] | None:
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return {"errors": value}
    return value if isinstance(value, dict) else None


def _pairs(text: str, *, declared: bool) -> Mapping[str, Any] | None:
    if not text or not (declared or _FORM.fullmatch(text)):
        return None
    return dict(parse_qsl(text)) or None
