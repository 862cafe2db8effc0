"""Plants secrets through every input that takes one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from tests.harness.estate import Estate

CREATE = "mutation($input: CreateIntegrationInput!) { createIntegration(input: $input) { %s } }"
UPDATE = "mutation($input: UpdateIntegrationInput!) { updateIntegration(input: $input) { %s } }"
DECLARE = "mutation($input: DeclareCapabilitiesInput!) { declareCapabilities(input: $input) { %s } }"
CONNECT = "mutation($input: CreateConnectionInput!) { createConnection(input: $input) { %s } }"
RECONNECT = "mutation($input: UpdateConnectionInput!) { updateConnection(input: $input) { %s } }"
SAVE = "mutation($input: SaveDefinitionInput!) { saveDefinition(input: $input) { %s } }"
INSTALL = "mutation($input: UpdateInstallationInput!) { updateInstallation(input: $input) { %s } }"
TOKEN = """mutation($input: CreateTokenInput!) { createToken(input: $input) {
  ... on TokenPayload { secret token { id } } } }"""
HOOK = "mutation($input: CreateWebhookInput!) { createWebhook(input: $input) { %s } }"
REHOOK = "mutation($input: UpdateWebhookInput!) { updateWebhook(input: $input) { %s } }"
ROTATE = "mutation($input: RotateWebhookSecretInput!) { rotateWebhookSecret(input: $input) { %s } }"
DELETE = "mutation($id: ID!) { deleteIntegration(id: $id) { __typename } }"
INTEGRATION = "__typename ... on IntegrationPayload { integration { id version } }"
CONNECTION = "__typename ... on ConnectionPayload { connection { id } }"
WEBHOOK = "__typename ... on WebhookPayload { secret webhook { id } }"
INSTALLATION = "__typename ... on InstallationPayload { installation { id } }"


class Garden:
    """The secrets that were planted, all of letters that no id has.

    All begin alike and end alike, so that a large database is searched for two pieces, not for two of each secret.
    `configured` are set by an installer, who is shown them again; they are secrets everywhere else.
    """

    def __init__(self) -> None:
        self._ends = {shown: (_letters(8), _letters(8)) for shown in (False, True)}
        self.secrets: list[str] = []
        self.configured: list[str] = []
        self.answers: list[Any] = []

    def plant(self, prefix: str = "", *, shown: bool = False) -> str:
        """A new secret, remembered without its prefix. `shown`: an installer is shown it again."""
        begin, end = self._ends[shown]
        self.secrets.append(begin + _letters(16) + end)
        return prefix + self.secrets[-1]


def _letters(count: int) -> str:
    return "".join(secrets.choice("GHJKLMNPQRSTVWXYZ") for _ in range(count))


async def plant_everywhere(estate: Estate) -> Garden:
    """Give the hub secrets by each input of the graph that takes one, also in updates and in refused calls."""
    garden, client = Garden(), estate.tenant.client
    new = garden.plant

    async def say(document: str, selection: str, **members: Any) -> dict[str, Any]:
        (answer,) = (await client.query(document % selection, input=members)).values()
        return answer

    app = await _integration(say, new)
    await say(UPDATE, INTEGRATION, id=app, secret={"apiKey": new()}, auth={"clientSecret": new()})
    await say(UPDATE, INTEGRATION, id=app, auth={"headers": [{"name": "X-Literal", "value": new()}]})
    await say(DECLARE, INTEGRATION, integrationId=app, capabilities=[_capability()], appToken=new())
    await _connections(say, new, app)
    await _removed(say, new, client)
    await _fields(client, say, new)
    garden.secrets += await _webhooks(say, new)
    configuration = {"token": new(shown=True), "in": {"it": [new(shown=True)]}}
    garden.configured = garden.secrets[-2:]
    await say(INSTALL, INSTALLATION, id=estate.installation.id, configuration=configuration)
    await say(UPDATE, INTEGRATION, id=app, expectedVersion=1, secret={"apiKey": new()}, auth={"clientSecret": new()})
    await say(CONNECT, CONNECTION, integrationId="0" * 24, secret={"bearerToken": new()})
    for secret in ("line\nbreak", "bell\a"):
        await say(CREATE, INTEGRATION, name="Bad", secret={"apiKey": new(secret)})
    made = (await client.query(TOKEN, input={"name": "Shown once", "permissions": []}))["createToken"]
    garden.secrets += [made["secret"], estate.tenant.token, estate.app_token.secret]
    garden.answers = await _use(client, app)
    return garden


async def _integration(say: Callable[..., Any], new: Callable[..., str]) -> str:
    made = await say(
        CREATE,
        INTEGRATION,
        name="Planted",
        auth={
            "type": "API_KEY",
            "apiBaseUrl": "http://127.0.0.1:9",
            "apiKeyLocation": "QUERY",
            "apiKeyName": "key",
            "clientId": "readable",
            "clientSecret": new(),
            "headers": [
                {"name": "X-Literal", "value": new()},
                {"name": "X-Mixed", "value": f"Token {new()} ${{user.username}}"},
            ],
        },
        secret={"apiKey": new()},
        capabilities=[_capability()],
    )
    return made["integration"]["id"]


async def _connections(say: Callable[..., Any], new: Callable[..., str], app: str) -> None:
    tokens = {"accessToken": new(), "refreshToken": new()}
    given = (
        {"basic": {"username": "readable", "password": new()}},
        {"bearerToken": new()},
        {"apiKey": new()},
        {"oauth2": tokens},
    )
    modes = ("SHARED", "PER_USER")
    made = [await say(CONNECT, CONNECTION, mode=mode, secret=secret) for secret in given for mode in modes]
    for one, secret in zip(made, ({"bearerToken": new()}, {"apiKey": new()}), strict=False):
        await say(RECONNECT, CONNECTION, id=one["connection"]["id"], secret=secret)
    await say(CONNECT, CONNECTION, mode="PER_USER", integrationId=app, secret={"apiKey": new()}, default=True)
    basic = {"username": "u", "password": new()}
    await say(CONNECT, CONNECTION, mode="SHARED", integrationId=app, secret={"basic": basic})


async def _webhooks(say: Callable[..., Any], new: Callable[..., str]) -> list[str]:
    """Headers, given, replaced and refused. Answers the signing secrets, which are shown once."""
    given = {"name": "Hook", "url": "https://receiver.example.com/"}
    made = await say(HOOK, WEBHOOK, **given, headers=[{"name": "X-Key", "value": new()}])
    await say(HOOK, WEBHOOK, **given, headers=[{"name": "webhook-id", "value": new()}])
    hook = made["webhook"]["id"]
    await say(REHOOK, WEBHOOK, id=hook, headers=[{"name": "X-Key", "value": new()}])
    rotated = await say(ROTATE, WEBHOOK, webhookId=hook)
    return [one["secret"].removeprefix("whsec_") for one in (made, rotated)]


async def _removed(say: Callable[..., Any], new: Callable[..., str], client: Any) -> None:
    """What is gone, but for the jobs that revoke it at a vendor who is away."""
    vendor = {name: f"http://127.0.0.1:9/{name}" for name in ("tokenUrl", "revocationUrl")}
    made = await say(
        CREATE,
        INTEGRATION,
        name="Removed",
        auth={"type": "OAUTH2", "clientId": "readable", "clientSecret": new()} | vendor,
        secret={"oauth2": {"accessToken": new(), "refreshToken": new()}},
    )
    await client.query(DELETE, id=made["integration"]["id"])


async def _fields(client: Any, say: Callable[..., Any], new: Callable[..., str]) -> None:
    """Of a vendor of its own, stored, given anew, refused, and tested where nobody listens."""
    keys = ("apiKey", "other")
    body = {
        "name": "Planted",
        "category": "other",
        "auth": {"type": "API_KEY", "apiBaseUrl": "http://127.0.0.1:9"},
        "fields": [{"key": key, "group": "SECRET", "label": key} for key in keys],
        "verification": {"request": {"path": "/me"}},
    }
    await say(SAVE, "__typename", vendor="planted", definition=body)
    fields = [{key: new() for key in keys} for _ in range(3)]
    made = await say(CREATE, INTEGRATION, name="Fields", vendor="planted", secret={"fields": fields[0]})
    app = made["integration"]["id"]
    await say(UPDATE, INTEGRATION, id=app, secret={"fields": fields[1]})
    await say(UPDATE, INTEGRATION, id=app, secret={"fields": {**fields[2], "unknown": new()}})
    found = await client.query("query($id: ID!) { integration(by: {id: $id}) { connection { id } } }", id=app)
    tested = "mutation($id: ID!) { testConnection(id: $id) { ... on ConnectionPayload { connection { status } } } }"
    done = await client.query(tested, id=found["integration"]["connection"]["id"])
    assert done["testConnection"]["connection"]["status"] == "OFFLINE", done


async def _use(client: Any, app: str) -> list[Any]:
    """Plan and send with them, to where nobody listens."""
    capability = 'query($id: ID!) { integration(by: {id: $id}) { capability(name: "DO") { id } } }'
    found = (await client.query(capability, id=app))["integration"]["capability"]["id"]
    given = {"capability": {"id": found}}
    plan = "query($input: DispatchInput!) { planDispatch(input: $input) { ... on DispatchPlan { %s } } }"
    send = "mutation($input: DispatchInput!) { dispatch(input: $input) { ... on DispatchPayload { %s } } }"
    planned = await client.query(plan % "allowed url body headers { value }", input=given)
    sent = await client.query(send % "dispatch { url error outcome }", input=given)
    assert planned["planDispatch"]["allowed"], planned
    assert sent["dispatch"]["dispatch"]["outcome"] == "UPSTREAM_FAILED", sent
    return [planned, sent]


def _capability() -> dict[str, Any]:
    return {"name": "DO", "method": "GET", "endpoint": "/call"}
