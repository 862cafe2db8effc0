"""Addresses of outbound calls. No input can change the declared host and path prefix."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote

from yarl import URL

from models.errors import InvalidInput, Path

_TEMPLATE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.\-]{0,119})\}")
_PATH = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@/%]*")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[A-Za-z0-9\-._:\[\]]+")
_MAX = 2048


@dataclass(frozen=True, slots=True)
class Slot:
    """A `{name}` in an endpoint, to be replaced by an input."""

    name: str


def parse_endpoint(endpoint: str) -> tuple[str | Slot, ...]:
    """The literal parts and slots of an endpoint. `check_endpoint` must have accepted it."""
    parts: list[str | Slot] = []
    for index, piece in enumerate(_TEMPLATE.split(endpoint)):
        if index % 2:
            parts.append(Slot(piece))
        elif piece:
            parts.append(piece)
    return tuple(parts)


def template_names(endpoint: str) -> tuple[str, ...]:
    """The inputs that an endpoint names, in order."""
    return tuple(part.name for part in parse_endpoint(endpoint) if isinstance(part, Slot))


def check_endpoint(endpoint: str) -> str | None:
    """The objection to declaring an endpoint, or None.

    A valid endpoint is an absolute http(s) address or a path that begins with `/`, with slots in the path only.
    (The egress policy decides whether plain http is called.)
    """
    if len(endpoint) > _MAX:
        return f"An endpoint has at most {_MAX} characters."
    names = template_names(endpoint)
    if len(set(names)) != len(names):
        return "The endpoint names an input twice; name each input once."
    bare, _, query = _TEMPLATE.sub("x", endpoint).partition("?")
    if _TEMPLATE.search(endpoint.partition("?")[2]):
        return "A template may be in the path only; declare the input with the place QUERY."
    if problem := _check_query(query):
        return problem
    if endpoint.startswith("/"):
        return check_path(bare)
    if "{" in endpoint[: _path_start(endpoint)]:
        return "A template may be in the path only, never in the host."
    return check_base_url(bare)


def check_path(path: str) -> str | None:
    """The objection to appending a raw path (no templates, no query) to a base, or None."""
    if not path.startswith("/"):
        return "A path must begin with a slash."
    if not _PATH.fullmatch(path) or _ESCAPE.search(path):
        return "The path has characters that must be percent-encoded."
    if "//" in path:
        return "A path may not have two slashes in a row."
    if any(map(climbs, path.split("/"))):
        return "A path may not have `.` or `..` as a segment."
    return None


def check_path_and_query(path: str) -> str | None:
    """The objection to appending a raw path, which may have a query, to a base, or None."""
    bare, _, query = path.partition("?")
    return check_path(bare) or _check_query(query)


def check_base_url(url: str) -> str | None:
    """The objection to an address as the base for calls, or None.

    A base has no query, fragment or user name. Case of scheme and host makes no difference (RFC 3986 §3.1, §3.2.2).
    Whether plain http is called is decided by the egress policy.
    """
    if len(url) > _MAX:
        return f"An address has at most {_MAX} characters."
    start = _path_start(url)
    scheme, separator, authority = url[:start].partition("://")
    if not separator or scheme.lower() not in ("https", "http") or not _HOST.fullmatch(authority):
        return "Give an absolute https or http address; a host outside ASCII in its xn-- form, no user name."
    try:
        parsed = URL(url, encoded=True)
        valid = bool(parsed.raw_host) and parsed.port != 0
    except ValueError:
        valid = False
    if not valid:
        return "Give an absolute https or http address with a host, and a port from 1 to 65535 if any."
    return check_path(url[start:]) if url[start:] else None


def check_oauth_url(url: str) -> str | None:
    """The objection to an address as an OAuth endpoint, or None.

    It may have a query, which is part of every request, but no fragment (RFC 6749 §3.1, §3.2).
    """
    bare, _, query = url.partition("?")
    return check_base_url(bare) or _check_query(query)


def build_url(
    base_url: str | None,
    endpoint: Sequence[str | Slot],
    values: Mapping[str, str],
    query: Sequence[tuple[str, str | tuple[str, ...]]] = (),
    *,
    path: Path = ("inputs",),
) -> str:
    """The address to call. Each value becomes part of one path segment, percent-encoded (RFC 3986 §2.1).

    A tuple in `query` is one value of several members, with commas between them (RFC 6570 §3.2.8).

    `endpoint` comes from `parse_endpoint`. Raises InvalidInput at `path` + the input's name for an empty value, or
    one that a server could read as `..`; at `endpoint` for a relative one without a base.
    """
    text = "".join([part if isinstance(part, str) else _segment(part.name, values, path) for part in endpoint])
    if text.startswith("/"):
        if base_url is None:
            raise InvalidInput.at("endpoint", "A relative endpoint needs an API base address; set the integration's.")
        text = base_url.rstrip("/") + text
    fixed, _, own_query = text.partition("?")
    if "/." in fixed and any(map(climbs, fixed.split("/"))):
        raise InvalidInput.at(path, "The inputs make a `.` or `..` segment in the address.")
    pairs = [own_query] if own_query else []
    pairs += [f"{quote(name, safe='')}={_quoted(value)}" for name, value in query]
    return f"{fixed}?{'&'.join(pairs)}" if pairs else fixed


def climbs(segment: str) -> bool:
    """Whether a server reads this segment as `.` or `..`, also encoded or with parameters (`..;x`)."""
    return unquote(segment).partition(";")[0].strip() in (".", "..")


def _quoted(value: str | tuple[str, ...]) -> str:
    return quote(value, safe="") if isinstance(value, str) else ",".join([quote(one, safe="") for one in value])


def _check_query(query: str) -> str | None:
    wrong = not _PATH.fullmatch(query.replace("?", "")) or _ESCAPE.search(query)
    return "The query has characters that must be percent-encoded." if wrong else None


def _segment(name: str, values: Mapping[str, str], path: Path) -> str:
    value = values[name]
    if not value:
        raise InvalidInput.at((*path, name), "It is part of the address and must not be empty.")
    if "." in value or "%" in value:
        # Some servers decode %2F before they route, some decode twice: `..` is refused in either reading.
        readings = (value, unquote(value), unquote(unquote(value)))
        if any(climbs(piece) for reading in readings for piece in re.split(r"[/\\]", reading)):
            raise InvalidInput.at((*path, name), "It is part of the address and must not have a segment `.` or `..`.")
    return quote(value, safe="")


def _path_start(url: str) -> int:
    start = url.find("/", url.find("://") + 3)
    return len(url) if start < 0 else start
