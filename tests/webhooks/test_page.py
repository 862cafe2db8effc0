"""The snippets for Python in the manual verify requests as they come."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from standardwebhooks import WebhookVerificationError

from models.vocabulary import Source
from proxy.signing import new_secret
from resolvers.emission.body import frozen_body, serialised
from resolvers.emission.draft import Draft
from tests.webhooks.page import received, shown, signed_before, snippets
from tests.webhooks.signed import BODIES

SNIPPETS = snippets("python")
EXAMPLE = json.loads(snippets("json")[0])


def _function(snippet: str) -> Callable[..., Any]:
    namespace: dict[str, Any] = {}
    exec(snippet, namespace)
    return namespace["event_of"]


def test_there_are_two_ways():
    assert len(SNIPPETS) == 2


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["standardwebhooks", "hmac"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_snippet_reads_a_request_with_each_of_its_secrets(snippet, body):
    event_of, secrets = _function(snippet), [new_secret() for _ in range(3)]

    request = await received(secrets, body)

    assert request.body == body
    assert [event_of(secret, shown(request), request.body) for secret in secrets] == [json.loads(body)] * 3


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["standardwebhooks", "hmac"])
async def test_a_snippet_refuses_what_the_hub_has_not_signed(snippet):
    event_of, secret = _function(snippet), new_secret()
    request = await received([secret], BODIES["letters"])
    told = shown(request)
    changes = {
        "another secret": (new_secret(), told, request.body),
        "another body": (secret, told, request.body + b" "),
        "another id": (secret, told | {"webhook-id": "msg_2"}, request.body),
        "another time": (secret, told | {"webhook-timestamp": str(int(told["webhook-timestamp"]) - 1)}, request.body),
        "an old time": (secret, told | {"webhook-timestamp": "1"}, request.body),
        "no signature": (secret, told | {"webhook-signature": ""}, request.body),
        "half a signature": (secret, told | {"webhook-signature": "v1,"}, request.body),
        "no comma": (secret, told | {"webhook-signature": "v1"}, request.body),
        "another version": (secret, told | {"webhook-signature": told["webhook-signature"].replace("v1", "v2")}, b""),
    }

    for change, given in changes.items():
        with pytest.raises((WebhookVerificationError, ValueError)):
            print(change, event_of(*given))


@pytest.mark.parametrize("snippet", SNIPPETS, ids=["standardwebhooks", "hmac"])
def test_a_snippet_refuses_what_was_signed_long_ago_or_in_the_future(snippet):
    event_of, secret, body = _function(snippet), new_secret(), BODIES["letters"]

    assert event_of(secret, signed_before(secret, body, 290), body) == json.loads(body)
    for seconds in (310, -310):
        with pytest.raises((WebhookVerificationError, ValueError)):
            event_of(secret, signed_before(secret, body, seconds), body)


def test_the_example_has_the_members_of_a_body_in_their_order():
    draft = Draft(
        organization_id="o", type=EXAMPLE["type"], entity_id="C-300", data={}, source=Source.GRAPHQL, created_at=0
    )

    body = json.loads(frozen_body(draft, serialised(EXAMPLE["data"]), 4711, 12))

    assert list(EXAMPLE) == list(body)
    assert [type(value) for value in EXAMPLE.values()] == [type(value) for value in body.values()]
    assert len(EXAMPLE["timestamp"]) == len(body["timestamp"])
