"""The README's examples of clients of other systems work as they stand, at the demo."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.harness.server import ServerProcess
from tests.node.gitbook_cli import PROGRAM
from tests.node.tools import HERE, install

pytestmark = [pytest.mark.needs("node"), pytest.mark.long]

README = HERE.parents[1] / "README.md"
_ADDRESS = "http://127.0.0.1:8000"


def test_the_clients_of_the_readme_reach_the_hub(start_server, tmp_path: Path) -> None:
    install()
    server = start_server(demo="true")
    section = README.read_text(encoding="utf-8").partition("## Clients of other systems")[2].partition("\n## ")[0]
    blocks = re.findall(r"```(sh|js)\n(.*?)```", section, re.DOTALL)

    shown = [run(kind, block.replace(_ADDRESS, server.url), server, tmp_path) for kind, block in blocks]

    name = "Ada Lovelace"
    assert [kind for kind, _ in blocks] == ["sh", "js", "js"]
    assert f"You are now authenticated as {name}." in shown[0]
    assert f"API: {server.url}/gitbook" in shown[0]
    assert shown[1] == f"{name}\n"
    assert "object-storage" in shown[2]


def run(kind: str, block: str, server: ServerProcess, folder: Path) -> str:
    """The output of a block, as a shell or Node runs it with the demo's token."""
    token = json.loads((server.home / "demo.json").read_text())["token"]
    (folder / "node_modules").unlink(missing_ok=True)
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    module = folder / "block.mjs"
    module.write_text(block)
    shell = ["/bin/sh", "-euc", block.replace("npx @gitbook/cli@0.25.1", PROGRAM)]
    done = subprocess.run(
        shell if kind == "sh" else ["node", str(module)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "TOKEN": token},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
