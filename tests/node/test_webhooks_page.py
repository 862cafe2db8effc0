"""The snippets for Node in the manual verify requests as they come."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from proxy.signing import new_secret
from tests.node.tools import HERE, install, read_by_snippets
from tests.webhooks.page import received, shown, signed_before, snippets
from tests.webhooks.signed import BODIES

pytestmark = [pytest.mark.needs("node"), pytest.mark.long]


@pytest.fixture(scope="session", autouse=True)
def tools() -> None:
    install()


@pytest.fixture
def modules(tmp_path: Path) -> list[str]:
    """The snippets as files, beside the libraries that they import."""
    (tmp_path / "node_modules").symlink_to(HERE / "node_modules")
    paths = [tmp_path / f"{number}.mjs" for number, _ in enumerate(snippets("js"))]
    for path, snippet in zip(paths, snippets("js"), strict=True):
        path.write_text(snippet)
    return [str(path) for path in paths]


async def test_each_snippet_reads_a_request_with_each_of_its_secrets(modules: list[str]) -> None:
    secrets, body = [new_secret() for _ in range(3)], BODIES["letters"]
    request = await received(secrets, body)
    given = {"headers": dict(shown(request)), "body": base64.b64encode(request.body).decode()}

    found = read_by_snippets([given | {"module": one, "secret": secret} for one in modules for secret in secrets])

    assert len(modules) == 2
    assert found == [{"z": "😀 \u2028\u2029 \u00a0 é", "a": "</script>"}] * 6


async def test_each_snippet_refuses_what_the_hub_has_not_signed(modules: list[str]) -> None:
    secret = new_secret()
    request = await received([secret], BODIES["letters"])
    told, body = dict(shown(request)), base64.b64encode(request.body).decode()
    changes = [
        {"secret": new_secret()},
        {"body": base64.b64encode(request.body + b" ").decode()},
        {"headers": told | {"webhook-id": "msg_2"}},
        {"headers": signed_before(secret, request.body, 310)},
        {"headers": signed_before(secret, request.body, -310)},
        {"headers": told | {"webhook-signature": ""}},
    ]
    usual = {"secret": secret, "headers": told, "body": body}

    found = read_by_snippets([usual | {"module": one} | change for one in modules for change in changes])

    assert found == [False] * 12
