"""Runs the tools that only exist for Node, installed from the lock file beside this."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def install() -> None:
    """Once: what is installed already is taken as it is."""
    if not (HERE / "node_modules").exists():
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, check=True, capture_output=True)


def audit(url: str, token: str = "") -> list[dict[str, Any]]:
    """Of each audit of GraphQL over HTTP: `id`, `name`, `status` (ok, notice, warn, error), `reason`."""
    command = ["node", "audit.mjs", url, token]
    found = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True, timeout=60)
    return json.loads(found.stdout)


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
    return subprocess.run(command, cwd=into, check=False, capture_output=True, text=True, timeout=60)
