"""The parameters of a GraphQL request over HTTP, from a JSON body or from an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import QueryParams

from wire.body import BodyLimits, parse_json
from wire.refusal import BadRequest

_JSON_PARAMETERS = ("variables", "extensions")


@dataclass(frozen=True, slots=True)
class Parameters:
    """GraphQL over HTTP, "Request parameters"; `extensions` are checked for their form and not used."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def parameters_of_body(body: object) -> Parameters:
    """Raises BadRequest 400; a list is one too, since batches are not taken."""
    if isinstance(body, list):
        raise BadRequest(400, "Send one request at a time; batches are not taken.")
    if not isinstance(body, dict):
        raise BadRequest(400, 'Send a JSON object with the member "query".')
    return _parameters(body)


def parameters_of_address(params: QueryParams, limits: BodyLimits) -> Parameters:
    """`variables` and `extensions` are JSON in the address. Raises BadRequest 400."""
    given: dict[str, object] = {}
    for name, text in params.multi_items():
        if name in given:
            raise BadRequest(400, f'The parameter "{name}" is given twice.')
        given[name] = parse_json(text.encode(), limits) if name in _JSON_PARAMETERS and text else text
    return _parameters(given)


def _parameters(given: Mapping[str, object]) -> Parameters:
    query = given.get("query")
    if not isinstance(query, str) or not query:
        raise BadRequest(400, '"query" has to be a GraphQL document.')
    name = given.get("operationName")
    if not isinstance(name, str | None):
        raise BadRequest(400, '"operationName" has to be a string.')
    _optional_object(given, "extensions")
    return Parameters(query, _optional_object(given, "variables"), name)


def _optional_object(given: Mapping[str, object], name: str) -> dict[str, Any] | None:
    value = given.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise BadRequest(400, f'"{name}" has to be an object.')
