"""What people do on the way to a connection, and what integrations they do it at."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.harness.acting import PROBLEM
from tests.harness.graphql import GraphQL
from tests.harness.server import PLAIN_HTTP, RunningHub
from tests.harness.tenants import Tenant
from tests.node.provider import CLIENT_ID, CLIENT_SECRET, Provider

CREATE = f"""mutation($input: CreateIntegrationInput!) {{ createIntegration(input: $input) {{
  ... on IntegrationPayload {{ integration {{ id databaseId }} }} {PROBLEM} }} }}"""
START = f"""mutation($input: StartAuthorizationInput!) {{ startAuthorization(input: $input) {{
  __typename ... on AuthorizationPayload {{ url session {{ id status }} }} {PROBLEM} }} }}"""
LINK = f"""mutation($input: CreateConnectSessionInput!) {{ createConnectSession(input: $input) {{
  __typename ... on ConnectSessionPayload {{ url session {{ id status }} }} {PROBLEM} }} }}"""
SAVE = f"""mutation($input: SaveDefinitionInput!) {{ saveDefinition(input: $input) {{ __typename {PROBLEM} }} }}"""
SESSION = """query($id: ID!) { node(id: $id) { ... on ConnectSession {
  status error returnUrl principal { username } integrations { name }
  connection { id name mode status grantedScopes details expiresAt principal { username }
    account { accountId email displayName } integrations(first: 9) { nodes { id } } } } } }"""

#: A vendor whose form has fields of its own.
FIELDS = [
    {"key": "email", "group": "SECRET", "label": "E-mail", "secret": False, "required": True},
    {
        "key": "apiToken",
        "group": "SECRET",
        "label": "API token",
        "required": True,
        "pattern": "[a-z]{4}",
        "description": "Under <Admin>, API.",
    },
    {"key": "plan", "group": "SECRET", "label": "Plan", "type": "SELECT", "options": ["small", "large"]},
    {"key": "notes", "group": "SECRET", "label": "Notes", "type": "TEXT"},
]
DESK = {
    "auth": {"type": "BASIC", "apiBaseUrl": "https://desk.example/api"},
    "fields": FIELDS,
    "credential": {"username": "{email}/token", "password": "{apiToken}"},
}


@dataclass(frozen=True, kw_only=True)
class App:
    """An integration, and the client of its organization's administrator."""

    client: GraphQL
    id: str
    row_id: str

    async def start(self, **input: Any) -> dict[str, Any]:
        """The payload of startAuthorization, or the problem."""
        return (await self.client.query(START, input={"integrationId": self.id} | input))["startAuthorization"]

    async def begin(self, browser: httpx.Client, **input: Any) -> dict[str, Any]:
        """As `start`, with the browser gone on from the hub's page: `url` is the vendor's, which knows the state."""
        begun = await self.start(**input)
        return begun | {"url": go_on(browser, begun["url"], self.row_id)}

    async def link(self, **input: Any) -> dict[str, Any]:
        """The payload of createConnectSession, or the problem; for a shared connection unless a user is named."""
        whose = {} if "principalId" in input else {"mode": "SHARED"}
        return await create_link(self.client, **({"integrationIds": [self.id]} | whose | input))


async def create_link(client: GraphQL, **input: Any) -> dict[str, Any]:
    """The payload of createConnectSession, or the problem."""
    return (await client.query(LINK, input=input))["createConnectSession"]


async def make_app(tenant: Tenant, provider: Provider, **more: Any) -> App:
    """An OAuth integration at a provider; `more` are members of its input."""
    auth = {
        "type": "OAUTH2",
        "apiBaseUrl": provider.issuer,
        "clientId": CLIENT_ID,
        "clientSecret": CLIENT_SECRET,
        "authorizationUrl": provider.authorization_url,
        "tokenUrl": provider.token_url,
        "scopes": ["openid", "items:read"],
        "parameters": {"issuer": provider.issuer},
    }
    given = {"name": "Acme Drive", "auth": auth | more.pop("auth", {})} | more
    return await make_integration(tenant, **given)


async def make_integration(tenant: Tenant, **input: Any) -> App:
    answer = (await tenant.client.query(CREATE, input=input))["createIntegration"]
    assert "integration" in answer, answer
    made = answer["integration"]
    return App(client=tenant.client, id=made["id"], row_id=made["databaseId"])


async def session_of(client: GraphQL, id: str) -> dict[str, Any]:
    """A connect session and what was connected."""
    return (await client.query(SESSION, id=id))["node"]


def new_browser(hub: RunningHub) -> httpx.Client:
    """It keeps cookies and sends what browsers send with their own pages' forms."""
    return httpx.Client(base_url=hub.url, **PLAIN_HTTP, timeout=30)


def state_of(url: str) -> str:
    """The state in the address of a consent page."""
    return parse_qs(urlsplit(url).query)["state"][0]


def submit(browser: httpx.Client, url: str, **values: str) -> httpx.Response:
    """Fill in the form of a connect page as a browser sends it."""
    headers = {"Origin": "null", "Sec-Fetch-Site": "same-origin"}
    return browser.post(url, data=values, headers=headers)


def go_on(browser: httpx.Client, url: str, integration: str) -> str:
    """The vendor's address to which the page of a connect link leads."""
    browser.get(url)
    leaving = submit(browser, url, integration=integration)
    address = leads_to(leaving)
    assert address is not None, leaving.text
    return address


def confirm(browser: httpx.Client, page: httpx.Response) -> httpx.Response:
    """Press the button of the page that asks whether to go on."""
    hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text)
    (action,) = re.findall(r'<form method="post" action="(\w+)"', page.text)
    return submit(browser, str(page.url.join(action)), **{name: html.unescape(value) for name, value in hidden})


def leads_to(page: httpx.Response) -> str | None:
    """Where a page goes by itself (`<meta http-equiv="refresh">`)."""
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.text)
    return html.unescape(found[1]) if found else None


def title_of(page: httpx.Response) -> str:
    """The heading that a person reads first."""
    found = re.search(r"<h1>(.*?)</h1>", page.text, re.DOTALL)
    assert found, page.text
    return html.unescape(found[1])


async def save_vendor(tenant: Tenant, vendor: str, **definition: Any) -> None:
    """A vendor of an organization's own, over the graph."""
    given = {"vendor": vendor, "definition": {"name": vendor.title(), "category": "other"} | definition}
    answer = (await tenant.client.query(SAVE, input=given))["saveDefinition"]
    assert answer["__typename"] == "DefinitionPayload", answer
