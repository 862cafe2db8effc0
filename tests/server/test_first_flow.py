"""`docs/first-flow.md` on the demo: each document in order, with the values of the answers before."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from tests.harness.server import ServerProcess
from tests.server.test_demo import ask

PAGE = Path(__file__).parents[2] / "docs" / "first-flow.md"
DOCUMENTS = re.findall(r"```graphql\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_page_leads_from_an_event_to_a_second_system(start_server) -> None:
    server = start_server(demo="true", egress_allow="127.0.0.0/8")
    find, look_up, book, flow, emit, done = DOCUMENTS

    found = ask(server, find)
    steps = {
        "lookUp": ask(server, look_up, getItem=found["warehouse"]["capability"]["id"])["createStep"]["step"]["id"],
        "book": ask(server, book, bookShipment=found["carrier"]["capability"]["id"])["createStep"]["step"]["id"],
    }
    made = ask(server, flow, **steps)["createFlow"]
    emitted = ask(server, emit)["emitEvent"]
    ended = _ended(server, done, emitted["event"]["id"])

    assert made["flow"]["enabled"] is True
    assert emitted["queuedRuns"] == 1
    (run,) = ended["runs"]["nodes"]
    assert run["errors"]["nodes"] == []
    assert (run["state"], run["readCount"], run["writtenCount"], run["errorCount"]) == ("SUCCEEDED", 1, 1, 0)
    assert [step["state"] for step in run["steps"]] == ["SUCCEEDED", "SUCCEEDED"]
    kinds = [entry["kind"] for entry in ended["trace"]]
    assert kinds[:2] == ["EVENT", "RUN"]
    assert (kinds.count("RUN_STEP"), kinds.count("DISPATCH")) == (2, 2)
    titles = {entry["title"] for entry in ended["trace"] if entry["kind"] == "DISPATCH"}
    assert titles == {"GET_ITEM", "BOOK_SHIPMENT"}


def _ended(server: ServerProcess, document: str, event: str) -> dict[str, Any]:
    """The event's runs and trace, once the run has ended."""
    deadline = time.monotonic() + 20
    while True:
        node: dict[str, Any] = ask(server, document, event=event)["node"]
        states = {run["state"] for run in node["runs"]["nodes"]}
        if (states and states.isdisjoint({"QUEUED", "RUNNING", "SUSPENDED"})) or time.monotonic() > deadline:
            return node
        time.sleep(0.1)
