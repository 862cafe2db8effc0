"""The demo over again: what people made of it stays, and what it needs itself comes back."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.harness.server import PLAIN_HTTP, ServerProcess

README = Path(__file__).parents[2] / "README.md"
OWN = "http://127.0.0.1:9/own"
BASES = "{ integrations { nodes { handler auth { apiBaseUrl } } } }"
CREATE = """mutation($auth: IntegrationAuthInput!) {
    createIntegration(input: { name: "Own", auth: $auth }) { __typename } }"""
APP = """query($search: String!) { installations(filter: { search: $search }) { nodes {
    status integration { publisher { name } publication { name } }
    places(first: 5) { nodes { place { kind } } } } } }"""
SCRIPT = "/apps/{publishedApp}/{installation}/sites/{site}/script.js"
REVOKE = "mutation($id: ID!) { revokeToken(id: $id) { __typename } }"
DISPATCH = """mutation($name: String!, $handler: String!) {
    dispatch(input: { capability: { named: { handler: $handler, name: $name } } }) {
        ... on DispatchPayload { dispatch { outcome } } } }"""


def ask(server: ServerProcess, document: str, **variables: object) -> dict:
    known = json.loads((server.home / "demo.json").read_text())
    headers = {"Authorization": f"Bearer {known['token']}"}
    body = {"query": document, "variables": variables}
    return httpx.post(f"{server.url}/graphql", json=body, headers=headers, timeout=30, **PLAIN_HTTP).json()["data"]


def bases(server: ServerProcess) -> dict[str, str]:
    found = [node for node in ask(server, BASES)["integrations"]["nodes"] if node["handler"] != "STOCK_CARD"]
    return {node["handler"]: node["auth"]["apiBaseUrl"] for node in found}


def test_only_what_was_at_the_upstream_follows_it_to_another_port(start_server) -> None:
    server = start_server(demo="true", egress_allow="127.0.0.0/8")
    ask(server, CREATE, auth={"apiBaseUrl": OWN})
    before = bases(server)
    server.terminate()

    with socket.create_server(("127.0.0.1", int((server.home / "demo-port").read_text()))):
        again = start_server(server.home, demo="true", egress_allow="127.0.0.0/8")

        after, called = bases(again), ask(again, DISPATCH, name="LIST_ITEMS", handler="INVENTORY")
        with_key = ask(again, DISPATCH, name="LIST_SUPPLIERS", handler="SUPPLIERS")
    assert (before.pop("OWN"), after.pop("OWN")) == (OWN, OWN)
    assert set(before) == set(after) == {"CARRIER", "INVENTORY", "SUPPLIERS"}
    assert len(set(before.values())) == len(set(after.values())) == 1
    assert set(before.values()) != set(after.values())
    assert called == with_key == {"dispatch": {"dispatch": {"outcome": "SUCCEEDED"}}}


def test_has_an_app_of_another_organization_on_a_space_and_a_site(start_server) -> None:
    server = start_server(demo="true")
    known = json.loads((server.home / "demo.json").read_text())

    (shown,) = ask(server, APP, search="stock_card")["installations"]["nodes"]
    script = httpx.get(f"{server.url}{SCRIPT.format(**known)}", **PLAIN_HTTP)

    places = [node["place"]["kind"] for node in shown["places"]["nodes"]]
    assert (shown["status"], sorted(places)) == ("ACTIVE", ["SITE", "SPACE"])
    assert (shown["integration"]["publication"]["name"], shown["integration"]["publisher"]["name"]) == (
        "stock-card",
        "Second",
    )
    assert (script.status_code, script.headers["content-security-policy"]) == (200, "default-src 'self'")


def test_starts_with_new_tokens_where_the_demos_has_been_revoked(start_server) -> None:
    server = start_server(demo="true")
    token = ask(server, "{ viewer { token { id } } }")["viewer"]["token"]["id"]
    ask(server, REVOKE, id=token)
    server.terminate()

    again = start_server(server.home, demo="true")

    assert set(bases(again)) == {"CARRIER", "INVENTORY", "SUPPLIERS"}


def test_starts_where_the_demos_user_is_disabled(start_server) -> None:
    server = start_server(demo="true")
    me = ask(server, "{ viewer { principal { id } } }")["viewer"]["principal"]["id"]
    made = ask(
        server,
        """mutation { createPrincipal(input: { kind: USER, username: "eve", displayName: "Eve",
        permissions: [ORGANIZATION_ADMIN, TOKENS_WRITE] }) { ... on PrincipalPayload { principal { id } } } }""",
    )
    token = ask(
        server,
        """mutation($id: ID!) { createToken(input: { name: "t", principalId: $id, permissions: [ORGANIZATION_ADMIN] })
        { ... on TokenPayload { secret } } }""",
        id=made["createPrincipal"]["principal"]["id"],
    )["createToken"]["secret"]
    disable = {"query": "mutation($id: ID!) { updatePrincipal(input: {id: $id, disabled: true}) { __typename } }"}
    headers = {"Authorization": f"Bearer {token}"}
    httpx.post(
        f"{server.url}/graphql", json=disable | {"variables": {"id": me}}, headers=headers, timeout=30, **PLAIN_HTTP
    )
    server.terminate()

    again = start_server(server.home, demo="true")

    assert httpx.get(f"{again.url}/readyz", **PLAIN_HTTP).status_code == 200


@pytest.mark.skipif(not shutil.which("curl"), reason="The README's commands need curl.")
def test_the_first_webhook_of_the_readme_gets_an_event(start_server) -> None:
    server = start_server(demo="true", egress_allow="127.0.0.0/8")
    section = README.read_text(encoding="utf-8").partition("## A first webhook")[2].partition("\n## ")[0]
    _, commands = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    token = json.loads((server.home / "demo.json").read_text())["token"]
    script = commands.replace("http://127.0.0.1:8000", server.url).replace("\ncurl", "\necho\ncurl")

    said = subprocess.run(
        ["/bin/sh", "-c", f"set -eu\nTOKEN={token}\n{script}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    made, emitted, listed = [json.loads(line)["data"] for line in said.stdout.splitlines() if line.strip()]
    assert made["createWebhook"]["secret"].startswith("whsec_")
    assert emitted["emitEvent"]["queuedDeliveries"] == 1
    assert [node["state"] for node in listed["deliveries"]["nodes"]] == ["QUEUED"]  # nobody listens there


@pytest.mark.skipif(not shutil.which("curl"), reason="The README's commands need curl.")
def test_the_commands_of_the_readme_work_as_they_stand(start_server) -> None:
    server = start_server(demo="true")
    section = README.read_text(encoding="utf-8").partition("## A first dispatch")[2].partition("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    script = "\necho\n".join(["set -eu", *blocks]).replace("http://127.0.0.1:8000", server.url)
    script = script.replace(".patchbay/demo.json", str(server.home / "demo.json"))

    said = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)

    answers = [json.loads(line) for line in said.stdout.splitlines() if line.strip()]
    keystones = [one for one in answers if "Keystone jack" in json.dumps(one)]
    assert (said.returncode, len(answers)) == (0, 7), said.stdout + said.stderr
    assert len(keystones) == 4, said.stdout
    assert answers[5]["data"]["dispatch"]["dispatch"]["principal"] == {"username": "charles"}


def test_a_demo_of_an_earlier_version_gets_its_plain_user_once(start_server) -> None:
    server = start_server(demo="true")
    file, users = server.home / "demo.json", "{ principals { nodes { id username } } }"
    known = json.loads(file.read_text())
    charles = next(one for one in ask(server, users)["principals"]["nodes"] if one["username"] == known["user"])
    ask(server, "mutation($id: ID!) { deletePrincipal(id: $id) { __typename } }", id=charles["id"])
    server.terminate()

    removed = start_server(server.home, demo="true")
    after_its_removal = [one["username"] for one in ask(removed, users)["principals"]["nodes"]]
    removed.terminate()
    file.write_text(json.dumps({name: value for name, value in known.items() if name != "user"}))
    again = start_server(server.home, demo="true")

    assert after_its_removal == ["ada"]
    assert [one["username"] for one in ask(again, users)["principals"]["nodes"]] == ["ada", "charles"]
