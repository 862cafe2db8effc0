"""Values of stored JSON as members of answers: a value of the wrong kind counts as absent."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

from models.vocabulary import Permission
from rest.kit import Asked

Json = dict[str, Any]

_LONGEST_ADDRESS: Final = 2048
_LONGEST_EMOJI: Final = 50
#: Code points, of at most six digits and a dash each, that fit.
_MOST_CODES: Final = 7
_CODES: Final = re.compile(r"[0-9a-f]{2,6}(-[0-9a-f]{2,6})*")
_PAGE: Final = "1f4c4"
#: The letter that makes a name as long as the vendor's shortest one.
_FILLING: Final = "."


def time(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"


def title(name: str, most: int, least: int = 2) -> str:
    """A name with at least and at most so many code points: cut, or filled with full stops."""
    return name[:most].ljust(least, _FILLING)


def text(facts: Mapping[str, Any], name: str, most: int = 255) -> str | None:
    """A text, cut, or None."""
    value = facts.get(name)
    return value[:most] if isinstance(value, str) else None


def word(facts: Mapping[str, Any], name: str, words: Collection[str]) -> str | None:
    """One of a closed set, or None."""
    value = facts.get(name)
    return value if isinstance(value, str) and value in words else None


def number(facts: Mapping[str, Any], name: str) -> float:
    """A number from 0; else 0."""
    value = facts.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return max(0, value)


def flag(facts: Mapping[str, Any], name: str) -> bool:
    """Whether it is true."""
    return facts.get(name) is True


def emoji(facts: Mapping[str, Any]) -> str:
    """An emoji as its code points in hexadecimal, such as `1f4d6`; a page, `1f4c4`, unless there is one."""
    given = text(facts, "emoji", _LONGEST_EMOJI) or _PAGE
    if _CODES.fullmatch(given):
        return given
    return "-".join(f"{ord(letter):x}" for letter in given[:_MOST_CODES])


def texts(facts: Mapping[str, Any], name: str) -> list[str]:
    """The texts of a list."""
    value = facts.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def address(facts: Mapping[str, Any], name: str) -> str | None:
    """An http(s) address below `urls`, or None."""
    urls = facts.get("urls")
    value = text(urls, name, _LONGEST_ADDRESS) if isinstance(urls, Mapping) else None
    return value if value and value.isascii() and urlsplit(value).scheme in ("http", "https") else None


def granted(asked: Asked, organization_id: str, permissions: Mapping[str, Permission]) -> dict[str, bool]:
    """The vendor's permissions of the caller. It has none in another organization."""
    at_home = asked.caller.organization_id == organization_id
    return {name: at_home and asked.caller.may(needed) for name, needed in permissions.items()}


def location(asked: Asked, *segments: str) -> str:
    """The address of a resource of this API."""
    return "/".join([asked.base, "v1", *(quote(segment, safe="") for segment in segments)])


def page(asked: Asked) -> str:
    """The hub's page for people."""
    return f"{hub(asked)}/"


def served(asked: Asked, *segments: str) -> str:
    """The address of a part that the hub serves to everybody: an app, an installation of it, or a place of that."""
    return "/".join([hub(asked), "apps", *(quote(segment, safe="") for segment in segments)])


def absolute(asked: Asked, address: str) -> str:
    """An address of the hub's own, which has no host unless the hub's public address is configured."""
    return f"{hub(asked)}{address}" if address.startswith("/") else address


def hub(asked: Asked) -> str:
    """The hub's own address, without a slash at its end."""
    return asked.base.removesuffix("/gitbook")
