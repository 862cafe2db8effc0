"""Checking a request of a step's own: {method, path, query, headers, body}."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from models.errors import InvalidInput, Path
from models.vocabulary import HttpMethod, StepDirection
from proxy.headers import check_given_header, folded
from proxy.relative import below, names_in_query
from resolvers.faults import ADDRESS, Faults

_MEMBERS: Final = ("method", "path", "query", "headers", "body")
_MOST: Final = 50
_PLACE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]{0,119})\}")
#: Names under which services take credentials. What a step holds is shown to all who read flows.
_CREDENTIAL: Final = re.compile(
    r"authoriz|cookie|api-?key|auth-|-auth\b|token|secret|passw|signature|session|credential"
)
_IN_QUERY: Final = re.compile(r"api-?key|access-?token|auth-?token|secret|passw|signature|^sig$|credential|^auth$")
_KEY: Final = "idempotency-key"
_BODILESS: Final = (HttpMethod.GET, HttpMethod.HEAD)
#: Methods by which a request reads records; a search may be a POST.
_READS: Final = (HttpMethod.GET, HttpMethod.HEAD, HttpMethod.POST)
_OF_CONNECTION: Final = "Credentials belong to the step's connection, which adds them itself; leave it out."


def check_request(faults: Faults, request: Any, direction: StepDirection) -> None:
    """Add a fault at each place of a request that a run could not send, or that would hold a credential."""
    before = len(faults.found)
    faults.object("request", request)
    if len(faults.found) > before or not isinstance(request, dict):
        return
    for name in request:
        faults.check(
            name in _MEMBERS, ("request", name), f"There is no such member; there are {', '.join(_MEMBERS)}."
        )
    method = _method(faults, request.get("method", HttpMethod.GET), direction)
    _check_path(faults, request.get("path"))
    _each(faults, "query", request.get("query"), _query_problem)
    _each(faults, "headers", request.get("headers"), _header_problem)
    bodiless = method in _BODILESS and request.get("body") is not None
    faults.check(not bodiless, ("request", "body"), f"A {method} has no body; use POST, PUT or PATCH, or query.")


def placeholders(path: str) -> list[str]:
    """The names in a path that inputs replace: `{name}`."""
    return _PLACE.findall(path)


def _method(faults: Faults, value: object, direction: StepDirection) -> HttpMethod | None:
    place: Path = ("request", "method")
    allowed = _READS if direction is StepDirection.EXPORT else tuple(HttpMethod)
    if value not in allowed:
        words = ", ".join(allowed)
        faults.add(place, f"An {direction} sends one of {words}." if allowed is _READS else f"It is one of {words}.")
        return None
    return HttpMethod(str(value))


def _check_path(faults: Faults, path: object) -> None:
    place: Path = ("request", "path")
    if not isinstance(path, str):
        faults.add(
            place, "It is required: a path below the address of the integration's API, such as `/orders/{id}`."
        )
        return
    if not faults.text(place, path, most=ADDRESS):
        return
    filled = _PLACE.sub("x", path)
    faults.check(
        "{" not in filled and "}" not in filled, place, "Write each input as `{name}`, in letters, digits or _."
    )
    try:
        below("https://api.invalid", filled, (), path=place)
    except InvalidInput as refusal:
        faults.found.extend(refusal.violations)
    for name in names_in_query(path):
        faults.check(not _IN_QUERY.search(folded(name)), place, f"The parameter {name}: {_OF_CONNECTION}")


def _each(faults: Faults, member: str, values: object, problem_of: Callable[[str, object], str | None]) -> None:
    if values is None:
        return
    place: Path = ("request", member)
    if not faults.check(isinstance(values, dict), place, "It must be a JSON object of names and values."):
        return
    assert isinstance(values, dict)  # noqa: S101  as just checked
    if not faults.check(len(values) <= _MOST, place, f"At most {_MOST} of them."):
        return
    for name, value in values.items():
        if problem := problem_of(name, value):
            faults.add((*place, name), problem)


def _query_problem(name: str, value: object) -> str | None:
    if _IN_QUERY.search(folded(name)):
        return _OF_CONNECTION
    values = value if isinstance(value, list) else [value]
    if any(isinstance(one, dict | list) for one in values):
        return "It must be text, a number, true or false, or a list of those."
    return None


def _header_problem(name: str, value: object) -> str | None:
    if not isinstance(value, str):
        return "The value of a header is text."
    if folded(name) == _KEY:
        return "The hub sets it, with a key for each record; leave it out."
    if _CREDENTIAL.search(folded(name)):
        return _OF_CONNECTION
    return check_given_header(name, value)
