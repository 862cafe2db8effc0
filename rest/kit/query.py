"""The query of a request: parameters, lists of words, and objects whose members are written in brackets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from models.errors import InvalidInput
from resolvers.faults import text_problem
from wire.refusal import BadRequest

#: A name may occur several times in a query.
Query = Mapping[str, str | list[str]]

_MOST_PARAMETERS: Final = 1_000


def query_of(request: Request) -> Query:
    """The decoded parameters. Raises BadRequest 400 for more than a thousand, NUL, and anything but UTF-8."""
    raw: bytes = request.scope["query_string"]
    values: defaultdict[str, list[str]] = defaultdict(list)
    if raw.count(b"&") >= _MOST_PARAMETERS:
        raise BadRequest(400, f"The query has more than {_MOST_PARAMETERS} parameters; send fewer.")
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict")
    except ValueError as cause:
        raise BadRequest(400, "The query is not UTF-8; percent-encode it as UTF-8.") from cause
    for name, value in pairs:
        if text_problem(name) or text_problem(value):
            raise BadRequest(400, "The query contains the character NUL; remove it.")
        values[name].append(value)
    return {name: given[0] if len(given) == 1 else given for name, given in values.items()}


def single(query: Query, name: str) -> str | None:
    """The value of a parameter, or None. Raises InvalidInput if there are several, or members in brackets."""
    _require_plain(query, name)
    value = query.get(name)
    if isinstance(value, list):
        raise InvalidInput.at(name, "Give it once.")
    return value


def words(query: Query, name: str) -> tuple[str, ...]:
    """The words of a parameter, separated by commas or given one by one, without empty ones.

    Raises InvalidInput for members in brackets.
    """
    _require_plain(query, name)
    value = query.get(name, [])
    given = [value] if isinstance(value, str) else value
    return tuple(word for text in given for word in text.split(",") if word)


def deep(query: Query, name: str) -> dict[str, str | list[str]]:
    """The members of `name[member]=value` (OpenAPI's style deepObject). Brackets may be percent-encoded.

    Raises InvalidInput if `name` has a value of its own, and for a member that is empty or has members.
    """
    if name in query:
        raise InvalidInput.at(name, f"Write its members as {name}[member]=value.")
    found: dict[str, str | list[str]] = {}
    for key, value in query.items():
        if not key.startswith(f"{name}["):
            continue
        member = key[len(name) + 1 : -1]
        if not key.endswith("]") or not member or "[" in member or "]" in member:
            raise InvalidInput.at(name, f"Write its members as {name}[member]=value.")
        found[member] = value
    return found


def _require_plain(query: Query, name: str) -> None:
    if any(key.startswith(f"{name}[") for key in query):
        raise InvalidInput.at(name, f"It has no members; write {name}=value, without brackets.")
