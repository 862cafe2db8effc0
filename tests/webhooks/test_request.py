"""The request of an attempt: exact bytes, signatures, headers, and the form in which it is shown."""

import hashlib

import pytest
from standardwebhooks import Webhook as Verifier

from models.errors import SecretUnreadable
from models.origins import Origins
from models.row import now_ms
from proxy.signing import new_secret
from resolvers.webhooks.request import Message, signed_request
from tests.webhooks.signed import BODIES

NOW = now_ms()
ID = "0123456789abcdef01234567"


def sent(request):
    return {name.lower(): value for name, value in request.headers}


def message(body=b"{}", **facts):
    return Message(id=ID, body=body, **facts)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_the_bytes_are_the_events_and_each_living_secret_signs_them(records, keyring, body):
    secrets = [new_secret() for _ in range(3)]
    webhook = await records.webhook(secrets=secrets)

    request = signed_request(keyring, webhook, message(body), now_ms()).request

    assert hashlib.sha256(request.body).digest() == hashlib.sha256(body).digest()
    for secret in secrets:
        Verifier(secret).verify(request.body, sent(request), json_parse=False)


async def test_says_what_it_is(records, keyring):
    webhook = await records.webhook(timeout_seconds=7)

    request = signed_request(keyring, webhook, message(), NOW).request

    headers = sent(request)
    assert (request.method, request.url, request.timeout_seconds) == ("POST", webhook.url, 7)
    assert headers.pop("webhook-signature").startswith("v1,")
    assert headers == {
        "content-type": "application/json",
        "user-agent": "Patchbay-Webhooks/1",
        "accept-encoding": "identity",
        "webhook-id": f"msg_{ID}",
        "webhook-timestamp": str(NOW // 1000),
        "patchbay-attempt": "1",
    }


async def test_says_of_a_replay_a_copy_and_a_late_one_that_it_is_one(records, keyring):
    webhook = await records.webhook()
    given = message(attempt=9, replayed=True, out_of_order=True, original_id="f" * 24)

    headers = sent(signed_request(keyring, webhook, given, NOW).request)

    marks = {name: value for name, value in headers.items() if name.startswith("patchbay-")}
    assert marks == {
        "patchbay-attempt": "9, replay",
        "patchbay-out-of-order": "true",
        "patchbay-original": f"msg_{'f' * 24}",
    }


async def test_a_secret_that_has_ended_signs_no_more(records, keyring):
    old, new = new_secret(), new_secret()
    webhook = await records.webhook()
    entries = [{"secret": new, "until": None}, {"secret": old, "until": NOW}]
    webhook.secrets = records.seal(webhook, "secrets", entries)

    before = sent(signed_request(keyring, webhook, message(), NOW - 1).request)
    after = sent(signed_request(keyring, webhook, message(), NOW).request)

    assert [len(each["webhook-signature"].split()) for each in (before, after)] == [2, 1]


async def test_own_headers_go_to_the_origin_for_which_they_were_entered_alone(records, keyring):
    webhook = await records.webhook("https://shop.example/hook", headers={"X-Key": "of-the-shop"})
    bound = sent(signed_request(keyring, webhook, message(), NOW).request)
    webhook.url = "https://elsewhere.example/hook"
    moved = sent(signed_request(keyring, webhook, message(), NOW).request)

    assert (bound.get("x-key"), moved.get("x-key")) == ("of-the-shop", None)


async def test_shows_neither_signature_nor_own_headers_nor_values_of_the_query(records, keyring):
    url = "https://shop.example/hook?token=planted-1"
    webhook = await records.webhook(url, headers={"X-Key": "planted-2", "Authorization": "Bearer planted-3"})

    outbound = signed_request(keyring, webhook, message(), NOW)

    shown = dict(outbound.shown_headers())
    assert outbound.recorded_url() == "https://shop.example/hook?token=***"
    assert (shown["webhook-signature"], shown["X-Key"], shown["Authorization"]) == ("***", "***", "Bearer ***")
    assert "planted" not in str(shown)


@pytest.mark.parametrize("column", ["secrets", "headers"])
async def test_refuses_a_secret_that_does_not_open(records, keyring, column):
    webhook = await records.webhook(headers={"X-Key": "value"})
    envelope = bytearray(getattr(webhook, column))
    envelope[-1] ^= 1
    setattr(webhook, column, bytes(envelope))

    with pytest.raises(SecretUnreadable) as refusal:
        signed_request(keyring, webhook, message(), NOW)

    assert (refusal.value.place.table, refusal.value.place.row_id) == ("webhook", webhook.id)
    assert refusal.value.place.column == column


@pytest.mark.parametrize("entries", [[], [{"secret": "whsec_short", "until": None}]])
async def test_refuses_to_send_unsigned(records, keyring, entries):
    webhook = await records.webhook()
    webhook.secrets = records.seal(webhook, "secrets", entries)

    with pytest.raises(SecretUnreadable):
        signed_request(keyring, webhook, message(), NOW)


async def test_headers_of_an_altered_binding_do_not_open(records, keyring):
    webhook = await records.webhook("https://shop.example/", headers={"X-Key": "of-the-shop"})
    webhook.url = "https://thief.example/"
    webhook.headers_origins = Origins.of(api=[webhook.url]).text()

    with pytest.raises(SecretUnreadable):
        signed_request(keyring, webhook, message(), NOW)
