"""The measured hub: started as in production, filled by its commands and its API."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from case import ACTION, BODY, HANDLER, INPUTS, PATH, SCHEMA, SECRET
from processes import Program, free_port
from subject import Subject

_CREATE = """mutation ($input: CreateIntegrationInput!) {
  createIntegration(input: $input) { __typename ... on Problem { code message path } }
}"""
_DISPATCH = """mutation ($input: DispatchInput!) {
  dispatch(input: $input) {
    ... on DispatchPayload { dispatch { id outcome externalStatus } response { status json } }
    ... on Problem { code message }
  }
}"""


def start_hub(stack: ExitStack, root: Path, home: Path, *, label: str, database: str, upstream: int) -> list[Subject]:
    """Serve the checkout at `root`. Answers a subject for each of its faces."""
    port = free_port()
    home.mkdir()
    settings = {
        "home": home,
        "port": port,
        "database_url": database,
        "egress_allow": f"127.0.0.1/32:{upstream}",
        "log_level": "warning",
    }
    command(root, settings, "init")
    command(root, settings, "migrate")
    command(root, settings, "org", "create", "Bench", "--slug", "bench")
    token = command(root, settings, "token", "create", "bench").strip()
    program = Program(label, "server.py", log=home, cwd=root, settings=settings)
    stack.callback(program.end)
    program.wait_until_it_listens(port)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    _fill(f"http://127.0.0.1:{port}/graphql", headers, upstream)
    known = {"headers": headers, "pid": program.pid, "database": database}
    return _subjects(label, f"http://127.0.0.1:{port}", known)


def _subjects(label: str, url: str, known: dict[str, Any]) -> list[Subject]:
    given = {"capability": {"named": {"handler": HANDLER, "name": ACTION}}, "inputs": INPUTS}
    document = json.dumps({"query": _DISPATCH, "variables": {"input": given}})
    graphql = Subject(name=f"{label}, GraphQL", url=f"{url}/graphql", body=document, marker='"SUCCEEDED"', **known)
    rest = Subject(
        name=f"{label}, REST",
        url=f"{url}/donutwork/2026-02-01/integrations/{HANDLER}/{ACTION}.json",
        body=BODY.decode(),
        marker='"placed"',
        **known,
    )
    return [rest, graphql] if _status(rest) == 200 else [graphql]


def command(root: Path, settings: dict[str, object], *arguments: str) -> str:
    """The output of a command of the hub."""
    given = [f"PATCHBAY_{key.upper()}={value}" for key, value in settings.items()]
    command = ["env", *given, sys.executable, "cli.py", *arguments]
    return subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout


def _fill(url: str, headers: dict[str, str], upstream: int) -> None:
    integration = {
        "name": "Warehouse",
        "handler": HANDLER,
        "mode": "SHARED",
        "auth": {"type": "BEARER", "apiBaseUrl": f"http://127.0.0.1:{upstream}"},
        "secret": {"bearerToken": SECRET},
        "capabilities": [{"name": ACTION, "method": "POST", "endpoint": PATH, "inputSchema": SCHEMA}],
    }
    body = json.dumps({"query": _CREATE, "variables": {"input": integration}}).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as response:
        answer = json.load(response)
    if answer.get("data", {}).get("createIntegration", {}).get("__typename") != "IntegrationPayload":
        raise RuntimeError(f"The hub refused what is to be measured: {answer}")


def _status(subject: Subject) -> int:
    request = urllib.request.Request(subject.url, subject.body.encode(), dict(subject.headers))
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
