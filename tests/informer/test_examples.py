"""The examples that stand beside the dialect are true."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from models.vocabulary import Permission, PrincipalKind
from resolvers.people.mutations import CreatePrincipal, create_principal
from tests.harness.apps import Apps
from tests.harness.server import RunningHub
from tests.rest.examples import examples, files, run
from tests.upstreams.canned import reply
from tests.upstreams.faults import FaultServer

FILES = files("informer")
ANSWERS = {
    "/v1/labels": reply(b'{"label": "L-9007", "to": "Altona"}', "application/json", "201 Created"),
    "/v1/labels/none": reply(b'{"reason": "no such label"}', "application/json", "404 Not Found"),
}


def test_there_are_examples():
    assert [file.stem for file in FILES] == ["connect", "make", "reference", "refuse", "share"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_examples_are_answered_as_written(
    file: Path, hub: RunningHub, http: httpx.AsyncClient, apps: Apps, upstream: FaultServer
):
    await apps.tenant.add_user("grace")
    for name in ("cashiers", "marketing"):
        team = CreatePrincipal(kind=PrincipalKind.TEAM, username=name, display_name=name.title())
        await apps.hub.run(create_principal(apps._admin, team))
    upstream.answers |= ANSWERS
    variables = {
        "base": hub.url,
        "token": apps.tenant.token,
        "reader_token": await apps.tenant.issue(Permission.INTEGRATIONS_READ),
        "upstream": upstream.url,
    }

    found = list(examples(file, variables))
    for example in found:
        await run(example, http)

    assert len(found) > 1
