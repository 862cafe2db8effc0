"""The parameters of a GraphQL request over HTTP, from a JSON body or from a query string."""

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
    """GraphQL over HTTP, "Request parameters". `extensions` are checked for their form and not used."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def parameters_of_body(body: object) -> Parameters:
    """The parameters in a JSON body. Raises BadRequest 400, also for a list: batches are not supported."""
    if isinstance(body, list):
        raise BadRequest(400, "Send one request at a time; batches are not supported.")
    if not isinstance(body, dict):
        raise BadRequest(400, 'Send a JSON object with the member "query".')
    return _parameters(body)


def parameters_of_address(params: QueryParams, limits: BodyLimits) -> Parameters:
    """The parameters in a query string; `variables` and `extensions` are JSON. Raises BadRequest 400."""
    given: dict[str, object] = {}
    for name, text in params.multi_items():
        if name in given:
            raise BadRequest(400, f'The parameter "{name}" is given twice; give it once.')
        given[name] = parse_json(text.encode(), limits) if name in _JSON_PARAMETERS and text else text
    return _parameters(given)


def _parameters(given: Mapping[str, object]) -> Parameters:
    query = given.get("query")
    if not isinstance(query, str) or not query:
        raise BadRequest(400, '"query" must be a GraphQL document.')
    name = given.get("operationName")
    if not isinstance(name, str | None):
        raise BadRequest(400, '"operationName" must be a string.')
    _optional_object(given, "extensions")
    return Parameters(query, _optional_object(given, "variables"), name)


def _optional_object(given: Mapping[str, object], name: str) -> dict[str, Any] | None:
    value = given.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise BadRequest(400, f'"{name}" must be a JSON object.')
