"""The head of an answer as callers see it: its headers, and the addresses and the time in them as values."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urljoin, urlsplit

from proxy.headers import passed_on
from proxy.message import Answer, Headers
from proxy.redact import redact
from proxy.retry import wait_asked

_LATEST: Final = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z
_NEXT: Final = "next"
# RFC 8288 §3: an address in angle brackets, and parameters. A quoted value ends with its header at the latest.
_LINK: Final = re.compile(r'<([^<>]*+)>((?:[^",]|"(?:[^"\\]|\\.)*+"?)*+)')
_PARAMETER: Final = re.compile(r';\s*+([^\s=;"]++)(?:\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^\s;"]*+)))?')
_QUOTED_PAIR: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerHead:
    """Headers of an answer, secrets masked: those that a transparent proxy passes on, as they were sent.

    `location` (RFC 9110 §10.2.2) and `next_page` (`rel="next"` of RFC 8288) are absolute: they are resolved against
    the address of the request. `retry_after`: ms since 1970 UTC; of a number of seconds (RFC 9110 §10.2.3) counted
    from the answer, of a date that has passed the time of the answer.
    """

    headers: Headers = ()
    location: str | None = None
    retry_after: int | None = None
    next_page: str | None = None


def read_head(answer: Answer, url: str, *, now: int, secrets: Collection[str], is_head: bool = False) -> AnswerHead:
    """The head of an answer to a request to `url` that came at `now`, ms since 1970 UTC. Never raises.

    `is_head`: the answer to a HEAD, whose Content-Length is that of the body which was not sent (RFC 9110 §8.6).
    """
    passed = {name.lower() for name, _ in passed_on(answer.headers)} | ({"content-length"} if is_head else set())
    sent = [(name, _text(value)) for name, value in answer.headers]
    location = next(iter(_values(sent, "location")), None)
    after = wait_asked(next(iter(_values(sent, "retry-after")), None), datetime.fromtimestamp(now / 1000, UTC))
    following = next_link(answer.headers)
    return AnswerHead(
        headers=tuple((name, redact(value, secrets)) for name, value in sent if name.lower() in passed),
        location=_shown(url, location, secrets),
        retry_after=None if after is None else min(now + round(after * 1000), _LATEST),
        next_page=_shown(url, following, secrets, web=True),
    )


def next_link(headers: Headers) -> str | None:
    """The address of the next page as Link headers have it: `rel="next"` of RFC 8288; None if there is none."""
    values = [_text(value) for value in _values(headers, "link")]
    return next(iter(_targets(values)), None)


def _values(headers: Sequence[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in headers if name.lower() == wanted]


def _targets(values: Sequence[str]) -> Iterator[str]:
    """The addresses of links to the next page. A link with an `anchor` is one of another resource (§3.2)."""
    for value in values:
        for link in _LINK.finditer(value):
            parameters: dict[str, str] = {}
            for name, quoted, plain in _PARAMETER.findall(link[2]):  # the first of a name counts (§3.3)
                parameters.setdefault(name.lower(), _QUOTED_PAIR.sub(r"\1", quoted) or plain)
            if _NEXT in parameters.get("rel", "").lower().split() and "anchor" not in parameters:
                yield link[1].strip()


def _shown(url: str, reference: str | None, secrets: Collection[str], *, web: bool = False) -> str | None:
    """The absolute address, secrets masked. None if there is none. `web`: only of http and https."""
    if not reference:
        return None
    try:
        address = urljoin(url, reference.strip())
        scheme = urlsplit(address).scheme
    except ValueError:
        return None
    return None if web and scheme not in ("http", "https") else redact(address, secrets)


def _text(value: str) -> str:
    """A value whose bytes are not UTF-8 is ISO-8859-1, as such values once were (RFC 9110 §5.5)."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return value.encode(errors="surrogateescape").decode("latin-1")
    return value
