"""Signatures of outgoing webhooks, read by the library of the specification's authors."""

from __future__ import annotations

import base64

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from proxy.signing import new_secret, read_secret, signature
from tests.webhooks.signed import BODIES, headers

#: Of the example in the documentation of the libraries by the specification's authors.
EXAMPLE = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_a_thousand_secrets_are_32_bytes_of_standard_base64_each_another():
    made = [new_secret() for _ in range(1000)]

    assert {len(read_secret(secret)) for secret in made} == {32}
    assert len(set(made)) == 1000
    assert {"-", "_"}.isdisjoint("".join(secret.removeprefix("whsec_") for secret in made))
    assert {len(Webhook(secret)._whsecret) for secret in made} == {32}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("count", [1, 3, 5])
def test_every_secret_alone_verifies_every_body(count, body):
    secrets = [new_secret() for _ in range(count)]
    sent = headers(secrets, body)

    for secret in secrets:
        Webhook(secret).verify(body, sent, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body, sent, json_parse=False)


def test_signs_as_the_examples_of_others():
    made = signature([EXAMPLE], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')

    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signatures_stand_in_the_order_of_the_secrets():
    first, second = new_secret(), new_secret()
    alone = [signature([secret], "msg_1", 1, b"{}") for secret in (first, second)]

    assert signature([first, second], "msg_1", 1, b"{}") == " ".join(alone)


@pytest.mark.parametrize("size", [24, 32, 64])
def test_reads_secrets_of_24_to_64_bytes(size):
    key = bytes(range(size))

    assert read_secret(f"whsec_{base64.b64encode(key).decode()}") == key


OTHERS = {
    "empty": "",
    "the prefix alone": "whsec_",
    "without its prefix": EXAMPLE.removeprefix("whsec_"),
    "prefix in capitals": EXAMPLE.replace("whsec_", "WHSEC_"),
    "prefix twice": f"whsec_{EXAMPLE}",
    "a version before it": f"v1,{EXAMPLE}",
    "hexadecimal": f"whsec_{bytes(31).hex()}",
    "URL-safe": f"whsec_{base64.urlsafe_b64encode(bytes([255] * 33)).decode()}",
    "without padding": f"whsec_{base64.b64encode(bytes(32)).decode().rstrip('=')}",
    "bits in the padding": f"whsec_{'A' * 42}B=",
    "a line break": f"{EXAMPLE}\n",
    "a blank": EXAMPLE.replace("K", " "),
    "not ASCII": EXAMPLE.replace("K", "\u212a"),
    "a lone surrogate": EXAMPLE.replace("K", "\ud800"),
    "23 bytes": f"whsec_{base64.b64encode(bytes(23)).decode()}",
    "65 bytes": f"whsec_{base64.b64encode(bytes(65)).decode()}",
}


@pytest.mark.parametrize("text", OTHERS.values(), ids=OTHERS)
def test_refuses_every_other_form_without_repeating_it(text):
    with pytest.raises(ValueError, match="24 to 64 bytes in standard base64") as refused:
        read_secret(text)

    assert text.removeprefix("whsec_")[:8] not in str(refused.value) or len(text) < 8
    assert refused.value.__cause__ is None


def test_nothing_is_signed_without_a_secret():
    with pytest.raises(ValueError, match="no secret"):
        signature([], "msg_1", 1, b"{}")
