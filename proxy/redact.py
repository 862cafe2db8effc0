"""Masking: removes secrets from texts that are shown, stored or logged."""

from __future__ import annotations

import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus

MASK = "***"
#: Characters of a remote text that are read at most; what is shown of it is far shorter.
_MOST_READ: Final = 64 * 1024
_LONG: Final = 600
_BEGINNING: Final = 510
_HEX: Final = re.compile("%[0-9A-F]{2}")
_SHORTEST = 4  # masking shorter texts would break words and reveal the position of the secret


def mask_url(url: str, secret_query_names: Collection[str] | None = None) -> str:
    """The address with query values as `***`: those of the given names, or all for None. Masks user names too."""
    head, separator, query = url.partition("?")
    scheme, colon, rest = head.partition("://")
    authority, slash, path = rest.partition("/")
    head = f"{scheme}{colon}{authority.rpartition('@')[2]}{slash}{path}"
    if not separator:
        return head
    names = None if secret_query_names is None else {quote(name, safe="") for name in secret_query_names}
    pairs = []
    for pair in query.partition("#")[0].split("&"):
        name, equals, _ = pair.partition("=")
        pairs.append(f"{name}={MASK}" if equals and (names is None or name in names) else pair)
    return f"{head}?{'&'.join(pairs)}"


def mask_headers(headers: Iterable[tuple[str, str]], secret_names: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The headers with the values of the named ones as `***`; `Bearer` and `Basic` stay readable."""
    secret = {name.lower() for name in secret_names}
    return tuple((name, _masked(value) if name.lower() in secret else value) for name, value in headers)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it replaced by `***`, in every usual encoding (`_forms`).

    Of a secret of more than 600 characters the beginning is looked for, and all that follows it is left out: all its
    forms would cost seconds and megabytes. Secrets of less than 4 characters are kept. Redact before you shorten: a
    part of a secret is not found.
    """
    given = tuple(secrets)
    for form in _all_forms(secret for secret in given if len(secret) > _LONG):
        begin, found, _ = text.partition(form)
        text = begin + MASK if found else text
    for form in _all_forms(secret for secret in given if len(secret) <= _LONG):
        text = text.replace(form, MASK)
    return text


def redact_start(text: str, secrets: Collection[str]) -> str:
    """The redacted beginning of a text of any length: 64k characters at most, without a part of a secret at its end.

    The text is cut before it is redacted, since each secret is another search. A secret across the cut would not be
    found, so as many characters as the longest secret has are left out at the end.
    """
    if len(text) <= _MOST_READ:
        return redact(text, secrets)
    longest = max(map(len, _all_forms(secrets)), default=0)
    start = redact(text[: _MOST_READ + longest], secrets)
    return start[: max(len(start) - longest, 0)]


def _masked(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and scheme.lower() in ("bearer", "basic") else MASK


def _all_forms(secrets: Iterable[str]) -> list[str]:
    """Every form of every secret, or of the beginning of a long one; the longest first."""
    looked_for = (secret if len(secret) <= _LONG else secret[:_BEGINNING] for secret in secrets)
    return sorted({form for text in looked_for for form in _forms(text)}, key=len, reverse=True)


@lru_cache(maxsize=512)
def _forms(secret: str) -> frozenset[str]:
    """The secret as such, in base64 (RFC 4648 §4, §5), in a JSON text and in HTML; each also percent-encoded.

    Percent-encoding has several spellings: of a space, of a slash, of its own digits, and once more over itself.
    """
    if len(secret) < _SHORTEST:
        return frozenset()
    raw = secret.encode()
    if len(secret) == _BEGINNING:  # what follows in a long secret decides the last characters of base64
        raw = raw[: len(raw) // 3 * 3]
    base64 = {encode(raw).decode().rstrip("=") for encode in (b64encode, urlsafe_b64encode)}
    in_json = {json.dumps(secret, ensure_ascii=escaped)[1:-1] for escaped in (True, False)}
    in_json |= {text.replace("/", r"\/") for text in in_json}
    texts = {secret, *base64, *in_json, escape(secret), escape(secret, quote=False)}
    once = {spelling for text in texts for spelling in _percent(text)}
    twice = {spelling for text in _percent(secret) for spelling in _percent(text)}
    return frozenset(texts | once | twice)


def _percent(text: str) -> Iterator[str]:
    for spelling in (quote(text, safe=""), quote(text), quote_plus(text)):
        yield spelling
        yield _HEX.sub(lambda found: found[0].lower(), spelling)
