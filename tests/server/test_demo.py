"""The demo over restarts: it keeps its hands off what the newcomer has made."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import httpx
import pytest

from tests.harness.server import PLAIN_HTTP, ServerProcess

OWN = "http://127.0.0.1:9/v1"


@pytest.fixture
def demo(start_server, tmp_path: Path):
    """`demo()`: a server with the demo, always the same home."""
    return lambda: start_server(tmp_path / "demo", demo="true", egress_allow="127.0.0.0/8")


def addresses(server: ServerProcess) -> dict[str, str]:
    """Where each integration's API is, by slug."""
    known = json.loads((server.home / "demo.json").read_text())
    headers = {"Authorization": f"Bearer {known['token']}"}
    answer = httpx.get(f"{server.url}/informer/api/integrations", headers=headers, **PLAIN_HTTP)
    return {row["slug"]: row["apiBaseUri"] for row in answer.json()["_embedded"]["inf:integration"]}


def test_its_integrations_follow_its_service_and_those_of_the_newcomer_stay(demo):
    first = demo()
    known = json.loads((first.home / "demo.json").read_text())
    headers = {"Authorization": f"Bearer {known['token']}"}
    own = {"name": "Own", "type": "custom", "authType": "bearer", "apiBaseUri": OWN}
    httpx.post(f"{first.url}/informer/api/integrations", headers=headers, json=own, **PLAIN_HTTP).raise_for_status()
    before = addresses(first)

    first.terminate()
    same = addresses(again := demo())
    again.terminate()
    with socket.create_server(("127.0.0.1", int(before["inventory"].rpartition(":")[2]))):
        moved = addresses(demo())

    assert same == before
    assert (before["own"], moved["own"]) == (OWN, OWN)
    assert moved["inventory"] == moved["suppliers"] == moved["carrier"] != before["inventory"]
