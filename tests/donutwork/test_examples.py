"""The examples that stand beside the dialect are true."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.harness.apps import Apps
from tests.harness.server import RunningHub
from tests.rest.examples import examples, files, run
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

FILES = files("donutwork")
ANSWERS = {
    "/restock": reply(b'{"order": 4001}', "application/json", "201 Created"),
    "/count": reply(b'{"article": "A-17", "pieces": 12}'),
    "/rename": reply(b"renamed", "text/plain"),
    "/scrap": b"HTTP/1.1 204 No Content\r\n\r\n",
    "/fail": reply(b'{"reason": "stocktaking"}', "application/json", "503 Later"),
}


def test_there_are_examples():
    names = ["declare", "dispatch", "emit", "probe", "refuse", "webhooks", "workflows"]
    assert [file.stem for file in FILES] == names


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_examples_are_answered_as_written(
    file: Path, hub: RunningHub, http: httpx.AsyncClient, apps: Apps, upstream: FaultServer
):
    app = await apps.make("Stockroom", parameters={"warehouse": "north"})
    upstream.answers |= ANSWERS
    variables = {
        "base": hub.url,
        "token": apps.tenant.token,
        "app_token": await apps.token(app),
        "upstream": upstream.url,
    }

    found = list(examples(file, variables))
    for example in found:
        await run(example, http)

    assert len(found) > 1
