"""The two libraries for Node by which receivers verify webhooks accept the hub's signatures."""

from __future__ import annotations

import base64

import pytest

from proxy.signing import new_secret
from tests.node.tools import install, verify
from tests.webhooks.signed import BODIES, headers

pytestmark = [pytest.mark.needs("node"), pytest.mark.long]

LIBRARIES = ("standardwebhooks", "svix")


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    install()


def test_every_secret_alone_verifies_every_body():
    secrets = [[new_secret() for _ in range(count)] for count in (1, 3, 5)]
    cases = [
        {"library": library, "secret": one, "headers": headers(held, body), "body": base64.b64encode(body).decode()}
        for library in LIBRARIES
        for held in secrets
        for one in held
        for body in BODIES.values()
    ]

    assert verify(cases) == [True] * len(LIBRARIES) * 9 * len(BODIES)


def test_another_secret_or_body_is_refused():
    held, body = [new_secret(), new_secret()], BODIES["letters"]
    given = {"secret": held[0], "headers": headers(held, body), "body": base64.b64encode(body).decode()}
    changes = [{"secret": new_secret()}, {"body": base64.b64encode(body + b" ").decode()}]

    found = verify([{"library": library} | given | change for library in LIBRARIES for change in changes])

    assert found == ["No matching signature found"] * 4
