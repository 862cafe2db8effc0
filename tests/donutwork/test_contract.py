"""The vendor's own page as judge: what it shows, we answer, with the same keys and kinds of values."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from models.vocabulary import HttpMethod
from resolvers.capabilities.declaring import DeclareCapability
from tests.donutwork.conftest import Donut
from tests.harness.apps import Apps
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

ENDPOINTS = 8
VERSION = "/2026-02-01"

#: By the page, which is the vendor's and not in this repository.
judged = pytest.mark.needs("contracts")


@dataclass
class Documented:
    """An endpoint of the page with the bodies that it shows."""

    method: str
    path: str
    request: Any = None
    answer: Any = None

    def address(self) -> str:
        """The path below the version, its places filled with what the shown answer names."""
        shown = self.answer
        handler = shown.get("integration") or shown.get("app_handler") or shown.get("handler") or ""
        filled = self.path.removeprefix(VERSION).replace("{appHandler}", handler)
        return filled.replace("{appAction}", shown.get("action", "")).replace("{eventName}", shown.get("event", ""))


@pytest.fixture(scope="session")
def page() -> list[Documented]:
    """The endpoints of the vendor's page."""
    found = list(documented((Path(os.environ["PATCHBAY_CONTRACTS"]) / "donutwork" / "reference.txt").read_text()))
    assert len(found) == ENDPOINTS
    return found


def documented(text: str) -> Iterator[Documented]:
    """A method alone on a line, then a path, then JSON under the titles of request and responses."""
    endpoint, slot, at = None, "", 0
    lines = text.splitlines(keepends=True)
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        word = line.strip()
        if word in HttpMethod.__members__ and following.startswith(VERSION):
            if endpoint is not None:
                yield endpoint
            endpoint = Documented(word, following.strip())
        elif word in ("Request Body", "Responses"):
            slot = "request" if word == "Request Body" else "answer"
        elif line == "{\n" and endpoint is not None and getattr(endpoint, slot) is None:
            setattr(endpoint, slot, json.JSONDecoder().raw_decode(text, at)[0])
        at += len(line)
    if endpoint is not None:
        yield endpoint


def shape(value: Any) -> Any:
    """Keys and kinds of values; of lists that of their first member."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


async def furnish(page: list[Documented], apps: Apps, upstream: FaultServer) -> dict[str, str]:
    """Every app, action and event that the page names. Answers the apps' tokens by handler."""
    actions: dict[str, list[DeclareCapability]] = {}
    events: dict[str, list[str]] = {}
    metadata: dict[str, Any] = {}
    for one in page:
        shown = one.answer
        if "external_status" in shown:
            path = f"/{shown['action']}"
            status = f"{shown['external_status']} Said"
            upstream.answers[path] = reply(json.dumps(shown["response"]).encode(), "application/json", status)
            action = DeclareCapability(
                name=shown["action"],
                method=HttpMethod(one.method),
                endpoint=f"{upstream.url}{path}",
                allow_unknown_inputs=True,
            )
            actions.setdefault(shown["integration"], []).append(action)
        if "event" in shown:
            events.setdefault(shown["app_handler"], []).append(shown["event"])
        if "metadata" in shown:
            metadata[shown["handler"]] = shown["metadata"]
    declaring = {one.answer["app_handler"] for one in page if "actions_count" in one.answer}
    tokens = {}
    for handler in sorted({*actions, *events, *metadata, *declaring}):
        app = await apps.make(
            handler,
            *actions.get(handler, ()),
            events=events.get(handler, ()),
            parameters=metadata.get(handler),
            handler=handler,
        )
        tokens[handler] = await apps.token(app)
    return tokens


@judged
async def test_every_documented_request_has_the_documented_answer(
    page: list[Documented], apps: Apps, donut: Callable[[str], Donut], client: Donut, upstream: FaultServer
):
    tokens = await furnish(page, apps, upstream)

    for one in page:
        declares = "actions_count" in one.answer
        speaker = donut(tokens[one.answer["app_handler"]]) if declares else client
        body = one.request if one.request is not None or one.method in ("GET", "DELETE") else {}

        answer = await speaker.ok(one.method, one.address(), body)

        assert shape(answer) == shape(one.answer), (one.method, one.path)
        assert list(answer) == list(one.answer), (one.method, one.path)
        if "external_status" in one.answer:
            assert answer == one.answer


@judged
async def test_every_documented_endpoint_is_refused_to_nobody(page: list[Documented], donut):
    for one in page:
        answer = await donut(None)(one.method, one.address())

        assert (answer.status_code, shape(answer.json())) == (401, {"error": "str"})
