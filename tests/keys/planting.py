"""Ways by which secrets come into a hub: one function a way, and the list of them all. A new way is entered there."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from tests.harness.acting import act, refusal
from tests.harness.calling import App, app, capability
from tests.harness.graphql import GraphQL

_LETTERS: Final = "GHJKLMNPQRSTVWXYZ"  # of which no id is made
_PIECE: Final = 8
CAPABILITIES: Final = (capability("GET", "GET", "/ok"), capability("ECHO", "POST", "/echo"))


@dataclass
class Field:
    """Where secrets are planted: a client of the hub that keeps all it is answered, and an upstream that echoes.

    `shown` are secrets that somebody is shown again on purpose; `forms` are further spellings to look for.
    """

    http: httpx.AsyncClient
    client: GraphQL
    upstream: str
    shown: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)

    async def app(self, **more: Any) -> App:
        """An app that calls the upstream, as `createIntegration` makes it."""
        given = {"mode": "SHARED", "name": "Planted"} | more
        return await app(self.client, self.upstream, *CAPABILITIES, **given)

    async def update(self, shop: App, **members: Any) -> None:
        await act(self.client, "updateIntegration", {"id": shop.id} | members, "id")

    async def connect(self, secret: dict[str, Any], **more: Any) -> str:
        made = await act(self.client, "createConnection", {"mode": "SHARED", "secret": secret} | more, "id")
        return made["id"]


def new_secret() -> str:
    """A text that stands nowhere else."""
    return "".join(secrets.choice(_LETTERS) for _ in range(40))


async def client_secret(here: Field, secret: str) -> None:
    """Given with an integration, and replaced."""
    shop = await here.app(auth={"clientId": "readable", "clientSecret": f"{secret}1"})
    await here.update(shop, auth={"clientSecret": secret})


async def literal_header(here: Field, secret: str) -> None:
    shop = await here.app(auth={"headers": [{"name": "X-Literal", "value": secret}]})
    await shop.run("GET")
    await shop.plan("GET")


async def mixed_header(here: Field, secret: str) -> None:
    shop = await here.app(auth={"headers": [{"name": "X-Mixed", "value": f"Token {secret} ${{user.username}}"}]})
    await shop.run("GET")


async def key_in_header(here: Field, secret: str) -> None:
    shop = await here.app(auth={"type": "API_KEY", "apiKeyName": "X-Key"}, secret={"apiKey": secret})
    await shop.run("GET")


async def key_in_query(here: Field, secret: str) -> None:
    """To where it is answered, and to where nobody listens."""
    auth = {"type": "API_KEY", "apiKeyLocation": "QUERY", "apiKeyName": "key"}
    for base in (here.upstream, "http://127.0.0.1:9"):
        shop = await here.app(auth=auth | {"apiBaseUrl": base}, secret={"apiKey": secret})
        await shop.run("GET")
        await shop.plan("GET")


async def replaced_key(here: Field, secret: str) -> None:
    shop = await here.app(auth={"type": "API_KEY"}, secret={"apiKey": f"{secret}1"})
    await here.update(shop, secret={"apiKey": secret})


async def basic_password(here: Field, secret: str) -> None:
    here.forms.append(base64.b64encode(f"user:{secret}".encode()).decode())
    shop = await here.app(auth={"type": "BASIC"}, secret={"basic": {"username": "user", "password": secret}})
    await shop.run("GET")


async def bearer_token(here: Field, secret: str) -> None:
    shop = await here.app(auth={"type": "BEARER"}, secret={"bearerToken": secret})
    await shop.run("GET")


async def shared_connection(here: Field, secret: str) -> None:
    await here.connect({"bearerToken": secret}, name="Shared")


async def own_connection(here: Field, secret: str) -> None:
    await here.connect({"apiKey": secret}, mode="PER_USER")


async def replaced_connection(here: Field, secret: str) -> None:
    made = await here.connect({"bearerToken": f"{secret}1"})
    await act(here.client, "updateConnection", {"id": made, "secret": {"bearerToken": secret}}, "id")


async def app_token(here: Field, secret: str) -> None:
    shop = await here.app()
    declared = {"integrationId": shop.id, "capabilities": list(CAPABILITIES), "appToken": secret}
    await act(here.client, "declareCapabilities", declared, "id")


async def configuration(here: Field, secret: str) -> None:
    """Which who configures is shown again."""
    here.shown.append(secret)
    await here.app()
    listing = await here.client.query("{ installations(first: 1) { nodes { id } } }")
    given = {"id": listing["installations"]["nodes"][0]["id"], "configuration": {"in": {"it": [secret]}}}
    await act(here.client, "updateInstallation", given, "id")


async def kept_response(here: Field, secret: str) -> None:
    """An upstream that says a credential, to a caller whose key keeps the answer."""
    here.shown.append(secret)
    shop = await here.app(auth={"type": "BEARER"}, secret={"bearerToken": secret})
    for _ in range(2):
        ended = await shop.run("ECHO", idempotencyKey="kept")
        assert secret in base64.b64decode(ended["response"]["base64"]).decode()


async def issued_token(here: Field, secret: str) -> None:
    """The hub makes its own, and shows it once."""
    made = await act(here.client, "createToken", {"name": "Shown once", "permissions": []}, "secret token { id }")
    here.shown.append(made["secret"])
    here.forms.append(made["secret"].removeprefix("pb_"))


async def stale_change(here: Field, secret: str) -> None:
    shop = await here.app()
    await here.update(shop, name="Moved on")
    given = {"id": shop.id, "expectedVersion": 1, "secret": {"apiKey": secret}, "auth": {"clientSecret": secret}}
    await refusal(here.client, "updateIntegration", given)


async def secret_of_no_header(here: Field, secret: str) -> None:
    await refusal(here.client, "createIntegration", {"name": "Bad", "secret": {"bearerToken": f"{secret}\n{secret}"}})


async def secret_for_nothing(here: Field, secret: str) -> None:
    given = {"integrationId": "0" * 24, "secret": {"bearerToken": secret}}
    await refusal(here.client, "createConnection", given)


async def broken_body(here: Field, secret: str) -> None:
    answer = await here.client.post(f'{{"query": "{{ viewer }}", "secret": "{secret}'.encode())
    assert answer.status_code == 400


async def wrong_type(here: Field, secret: str) -> None:
    document = "mutation($input: CreateConnectionInput!) { createConnection(input: $input) { __typename } }"
    for wrong in ([secret, 1], {secret: 1}):
        answer = await here.client.raw(document, input={"mode": "SHARED", "secret": {"bearerToken": wrong}})
        assert "errors" in answer.json()
    answer = await here.client.raw(document, input={"mode": 1, "secret": {"bearerToken": secret, "unheard": 1}})
    assert "errors" in answer.json()
    literal = f'mutation {{ createConnection(input: {{secret: {{bearerToken: ["{secret}"]}}}}) {{ __typename }} }}'
    assert "errors" in (await here.client.raw(literal)).json()


async def unknown_bearer(here: Field, secret: str) -> None:
    answer = await here.http.post(
        "/graphql", json={"query": "{ __typename }"}, headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 401


async def token_in_the_address(here: Field, secret: str) -> None:
    answer = await here.http.post(f"/graphql?access_token={secret}", json={"query": "{ __typename }"})
    assert answer.status_code >= 400


async def other_dialects_header(here: Field, secret: str) -> None:
    path = "/donutwork/2026-02-01/integrations/NONE/GET.json"
    answer = await here.http.get(path, headers={"Authorization": f"Basic {secret}", "Cookie": f"session={secret}"})
    assert answer.status_code in (401, 404)


async def upload_address(here: Field, secret: str) -> None:
    answer = await here.http.put(f"/uploads/{'0' * 24}", content=secret.encode(), headers={"Authorization": secret})
    assert answer.status_code >= 400


Plant = Callable[[Field, str], Awaitable[None]]
#: Every way that there is.
PLANTS: Final[tuple[Plant, ...]] = (
    *(client_secret, literal_header, mixed_header, key_in_header, key_in_query, replaced_key, basic_password),
    *(bearer_token, shared_connection, own_connection, replaced_connection, app_token, configuration),
    *(kept_response, issued_token, stale_change, secret_of_no_header, secret_for_nothing, broken_body, wrong_type),
    *(unknown_bearer, token_in_the_address, other_dialects_header, upload_address),
)


def spellings(text: str) -> set[bytes]:
    """The beginning and the end of a secret, as they are, as hex, and inside JSON or a URL."""
    pieces = {text[:_PIECE], text[-_PIECE:]}
    forms = {form for piece in pieces for form in (piece, piece.encode().hex(), json.dumps(piece)[1:-1])}
    return {form.encode() for form in forms} | {base64.b64encode(text.encode())[:-4]}
