"""Runs the tools that only exist for Node, installed from the lock file beside this."""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def install() -> None:
    """Once for each lock: what is installed from it already is taken as it is. One process at a time."""
    lock, installed = HERE / "package-lock.json", HERE / "node_modules" / ".package-lock.json"
    with lock.open("rb") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=HERE, check=True, capture_output=True)
            installed.touch()


def audit(url: str, token: str = "") -> list[dict[str, Any]]:
    """Of each audit of GraphQL over HTTP: `id`, `name`, `status` (ok, notice, warn, error), `reason`."""
    command = ["node", "audit.mjs", url, token]
    found = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True, timeout=180)
    return json.loads(found.stdout)


def visit_graphiql(chromium: str, profile: Path, pictures: Path, **facts: str) -> dict[str, Any]:
    """What a person meets in GraphiQL, by the steps of `graphiql.mjs`; `facts` are its `url`, `token`, and so on."""
    return _visit("graphiql.mjs", chromium, profile, pictures, facts)


def visit_connect_pages(chromium: str, profile: Path, pictures: Path, **facts: Any) -> dict[str, Any]:
    """What a person meets on connect pages, by the steps of `connect.mjs`; `facts` are its `key`, and so on."""
    return _visit("connect.mjs", chromium, profile, pictures, facts)


def _visit(script: str, chromium: str, profile: Path, pictures: Path, facts: dict[str, Any]) -> dict[str, Any]:
    """Raises AssertionError, with what Node says, where a step does not come to its end."""
    command = ["node", script, chromium, str(profile), str(pictures)]
    done = subprocess.run(
        command, cwd=HERE, check=False, input=json.dumps(facts), capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def compile_for_relay(sdl: str, screens: Path, into: Path) -> subprocess.CompletedProcess[str]:
    """Compiles the `graphql` tags of the JavaScript files in `screens` against a printed schema.

    What it writes is below `into / "artifacts"`.
    """
    (into / "schema.graphql").write_text(sdl)
    (into / "artifacts").mkdir()
    shutil.copytree(screens, into / "screens")
    paths = {"src": "screens", "schema": "schema.graphql", "artifactDirectory": "artifacts"}
    config = into / "relay.config.json"
    config.write_text(json.dumps(paths | {"language": "javascript"}))
    command = [str(HERE / "node_modules" / ".bin" / "relay-compiler"), "--noWatchman", config.name]
    return subprocess.run(command, cwd=into, check=False, capture_output=True, text=True, timeout=180)


def verify(webhooks: list[dict[str, Any]]) -> list[bool | str]:
    """For each `library`, `secret`, `headers` and `body` (base64): True, or the library's words of refusal."""
    return _answer("verify.mjs", webhooks)


def read_by_snippets(webhooks: list[dict[str, Any]]) -> list[dict[str, Any] | bool]:
    """For each `module` (a file), `secret`, `headers` and `body` (base64): the event, or False if it is refused."""
    return _answer("snippets.mjs", webhooks)


def _answer(script: str, facts: list[dict[str, Any]]) -> Any:
    command, given = ["node", script], json.dumps(facts)
    done = subprocess.run(command, cwd=HERE, check=True, input=given, capture_output=True, text=True, timeout=60)
    return json.loads(done.stdout)
