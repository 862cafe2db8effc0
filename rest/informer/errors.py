"""Refusals as this vendor writes them: status, its name, and one sentence."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from models.errors import InvalidInput
from rest.kit import Places, Refusal, sentence_of

_AUTH: Final = ("input", "auth")
_PLACES: Final[Places] = {
    (*_AUTH, "type"): ("authType",),
    (*_AUTH, "apiBaseUrl"): ("apiBaseUri",),
    (*_AUTH, "authorizationUrl"): ("authUri",),
    (*_AUTH, "tokenUrl"): ("tokenUri",),
    (*_AUTH, "revocationUrl"): ("revocationUri",),
    (*_AUTH, "scopes"): ("scope",),
    (*_AUTH, "parameters"): ("data",),
    _AUTH: (),
    ("input", "parameters"): ("data",),
    ("input", "secret", "basic"): (),
    ("input", "secret", "bearerToken"): ("token",),
    ("input", "secret"): (),
    ("input", "vendor"): ("type",),
    ("input", "uuid"): ("id",),
    ("input", "path"): ("url",),
    ("input", "query"): ("params",),
    ("input", "body"): ("data",),
    ("input", "content"): (),
    ("input", "integration"): (),
    ("input", "integrationId"): (),
    ("input", "idempotencyKey"): ("Idempotency-Key",),
    ("input",): (),
    ("filter", "search"): ("q",),
}


def refuse(refusal: Refusal) -> dict[str, object]:
    """The form of Boom, which hapi's servers answer with."""
    return {"statusCode": refusal.status, "error": HTTPStatus(refusal.status).phrase, "message": _sentence(refusal)}


def _sentence(refusal: Refusal) -> str:
    if isinstance(refusal.error, InvalidInput):
        return sentence_of(refusal.error, _PLACES)
    return refusal.message
