"""Every refusal that there is, in the vendor's envelope."""

from __future__ import annotations

import json

import pytest

from models.errors import DomainError
from rest.cycle.errors import STATUSES, refuse
from rest.kit import Refusal
from rest.kit.refusal import refusal_of
from tests.harness.contracts import judge_component
from tests.rest.refusing import ERRORS


def shown(refusal: Refusal) -> dict[str, object]:
    """The error of the envelope, whose status is that of the answer."""
    reply = refuse(refusal)
    body = json.loads(reply.content)
    judge_component("cycle", "openapi.json", "ErrorEnvelope", body)
    assert body["error"]["status"] == reply.status
    assert (reply.status, body["error"]["detail"]) == (int(body["error"]["code"][:3]), refusal.message)
    return body["error"]


@pytest.mark.needs("contracts")
@pytest.mark.parametrize("name", [name for name, error in ERRORS.items() if isinstance(error, DomainError)])
def test_every_refusal_has_a_status_and_a_code_of_the_vendors(name: str):
    refusal = refusal_of(ERRORS[name], STATUSES, frozenset())

    if refusal is not None:
        shown(refusal)


@pytest.mark.needs("contracts")
@pytest.mark.parametrize(
    ("status", "wire"),
    [(400, 400), (404, 404), (405, 404), (408, 400), (413, 422), (414, 422), (415, 415), (431, 422)],
)
def test_what_is_wrong_as_http_has_a_status_of_the_vendors(status: int, wire: int):
    assert shown(Refusal(status=status, message="No."))["status"] == wire
