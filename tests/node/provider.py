"""OAuth providers that nobody here wrote, on loopback: `oidc-provider`, and `oauth2-mock-server` for faults."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urljoin

import httpx

from tests.harness.server import PLAIN_HTTP
from tests.node.tools import HERE, install

CLIENT_ID, CLIENT_SECRET = "hub", "the secret of the client"
_MOST_STEPS = 20


class Provider:
    """A provider that runs. `issuer` is its address; its paths are below."""

    def __init__(self, script: str, process: subprocess.Popen[str], issuer: str) -> None:
        self.issuer = issuer
        own = script == "provider.mjs"
        self.authorization_url = f"{issuer}/auth" if own else f"{issuer}/authorize"
        self.token_url = f"{issuer}/token"
        self.revocation_url = f"{issuer}/token/revocation" if own else f"{issuer}/revoke"
        self.userinfo_url = f"{issuer}/me" if own else f"{issuer}/userinfo"
        self.introspection_url = f"{issuer}/token/introspection" if own else f"{issuer}/introspect"
        self._process = process

    def counts(self) -> dict[str, int]:
        """Requests to the token endpoint; of `oidc-provider` by grant and outcome: `refresh_token ok`."""
        counted: dict[str, int] = httpx.get(f"{self.issuer}/counts", **PLAIN_HTTP).json()
        return counted

    def answer(self, **fault: Any) -> None:
        """How the mock's token endpoint answers from now on: `status`, `body`, `change`; nothing heals it."""
        _write(self._process, fault)
        _read(self._process)

    def consent(self, url: str, *, user: str = "alice", refuse: bool = False) -> str:
        """Where the provider sends a user who signs in and consents, or refuses: an address of the client's."""
        with httpx.Client(**PLAIN_HTTP) as browser:
            answer = browser.get(url)
            for _ in range(_MOST_STEPS):
                if answer.is_redirect:
                    target = urljoin(str(answer.url), answer.headers["location"])
                    if not target.startswith(self.issuer):
                        return target
                    answer = browser.get(target)
                    continue
                answer = _interact(browser, answer, user, refuse=refuse)
        raise AssertionError(f"The provider did not come to an end: {answer.status_code} {answer.text[:500]}")


@contextmanager
def oidc_provider(
    redirect_uris: Sequence[str],
    *,
    scopes: Sequence[str] = (),
    access_token_seconds: int = 3600,
    rotate_refresh_token: bool = True,
    auth_method: str = "client_secret_basic",
) -> Iterator[Provider]:
    """panva's `oidc-provider`: PKCE is required, every user exists, any password will do."""
    client = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "redirect_uris": list(redirect_uris),
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "token_endpoint_auth_method": auth_method,
        "scope": " ".join(["openid", "offline_access", *scopes]),
    }
    options = {
        "clients": [client],
        "scopes": list(scopes),
        "accessTokenSeconds": access_token_seconds,
        "rotateRefreshToken": rotate_refresh_token,
    }
    with _running("provider.mjs", options) as provider:
        yield provider


@contextmanager
def mock_provider() -> Iterator[Provider]:
    """AXA's `oauth2-mock-server`: consents by itself, and misbehaves as `Provider.answer` says."""
    with _running("mock-provider.mjs") as provider:
        yield provider


@contextmanager
def _running(script: str, options: dict[str, Any] | None = None) -> Iterator[Provider]:
    install()
    with subprocess.Popen(
        ["node", script],
        cwd=HERE,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        if options is not None:
            _write(process, options)
        try:
            yield Provider(script, process, _read(process)["issuer"])
        finally:
            process.kill()


def _interact(browser: httpx.Client, page: httpx.Response, user: str, *, refuse: bool) -> httpx.Response:
    """One step on the provider's own pages: the form that it shows is filled in, or its way out is taken."""
    page.raise_for_status()
    if refuse:
        ways_out = re.findall(r'href="([^"]*/abort)"', page.text)
        return browser.get(urljoin(str(page.url), ways_out[0]))
    action = re.findall(r'<form[^>]* action="([^"]+)"', page.text)[0]
    (prompt,) = re.findall(r'name="prompt" value="([^"]+)"', page.text)
    return browser.post(urljoin(str(page.url), action), data={"prompt": prompt, "login": user, "password": "any"})


def _write(process: subprocess.Popen[str], message: dict[str, Any]) -> None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(message) + "\n")
    process.stdin.flush()


def _read(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "The provider ended."
    answer: dict[str, Any] = json.loads(line)
    return answer
