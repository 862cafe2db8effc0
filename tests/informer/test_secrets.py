"""Secrets go in and never come out: of any answer, of the log, of the record, of the audit."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from sqlmodel import col, select

from models.tables import AuditEntry, Dispatch
from tests.files.pictures import png
from tests.harness.apps import Apps
from tests.harness.rows import snapshot
from tests.informer.conftest import Informer
from tests.informer.doors import CALLS, ONE
from tests.upstreams.faults import FaultServer

PLANTED = {
    "apiKey": "planted-api-key-31",
    "clientSecret": "planted-client-secret-32",
    "header": "planted-header-value-33",
    "connect": "planted-connect-key-34",
    "key of a request": "planted-parameter-35",
}
#: What an answer must not hold: also what was encoded, or cut to a hint of its first letters.
NOT_SHOWN = [*PLANTED.values(), "planted-", "plan…", "secret-32"]


@pytest.fixture
async def stock(client: Informer, upstream: FaultServer, apps: Apps) -> None:
    await apps.tenant.add_user("member")
    await client.make(
        authType="apikey",
        apiKey=PLANTED["apiKey"],
        clientSecret=PLANTED["clientSecret"],
        headers={"X-Extra": PLANTED["header"]},
        apiBaseUri=upstream.url,
    )
    await client.ok("PUT", f"{ONE}/shares/member")
    await client("PUT", f"{ONE}/icon", files={"a": ("a", png())})


def sent(path: str, method: str, body: dict[str, Any]) -> dict[str, Any]:
    """The call of the matrix, with secrets in what can hold them."""
    if method in ("POST", "PUT") and path in (ONE, "/integrations"):
        more = {"clientSecret": PLANTED["clientSecret"], "headers": {"X-Extra": PLANTED["header"]}}
        return {"json": {**body["json"], **more, "authType": "apikey", "apiKey": PLANTED["apiKey"]}}
    if path.endswith("/connect"):
        return {"json": {"apiKey": PLANTED["connect"]}}
    if path.endswith("/request"):
        return {"json": {"url": "/ok", "params": {"secret": PLANTED["key of a request"]}}}
    return body


async def test_no_answer_log_line_record_or_audit_entry_holds_a_secret(
    client: Informer, stock: None, apps: Apps, upstream: FaultServer, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    calls = sorted(CALLS, key=lambda row: row[0] == "DELETE" and row[1] == ONE)  # the end of it comes last

    answers = [await client(method, path, **sent(path, method, body)) for method, path, body in calls]

    unknown = sorted(answer.status_code for answer in answers if answer.status_code >= 400)
    assert unknown == [400, 404]  # it asks for no consent, and nobody has told who is connected
    shown = [f"{answer.headers}{answer.text}" for answer in answers]
    assert {secret for text in shown for secret in NOT_SHOWN if secret in text} == set()
    assert {secret for secret in PLANTED.values() if secret in caplog.text} == set()
    async with apps.database.read() as session:
        entries = (await session.execute(select(AuditEntry).where(_mine(AuditEntry, apps)))).scalars().all()
        records = (await session.execute(select(Dispatch).where(_mine(Dispatch, apps)))).scalars().all()
    assert len(entries) > 10
    assert len(records) == 1
    told = repr([row.model_dump() for row in (*entries, *records)])
    assert {secret for secret in PLANTED.values() if secret in told} == set()
    stored = repr(await snapshot(apps.database, apps.tenant.id))
    assert {secret for secret in PLANTED.values() if secret in stored} == set()
    assert upstream.requests[0].header("X-Extra") == [PLANTED["header"]]


def _mine(model: Any, apps: Apps) -> Any:
    return col(model.organization_id) == apps.tenant.id


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/integrations", {"name": "", "type": "custom", "apiKey": PLANTED["apiKey"], "authType": "basic"}),
        (
            "/integrations",
            {"name": "A", "type": "custom", "apiKey": f"{PLANTED['apiKey']}\r\n", "authType": "apikey"},
        ),
        ("/integrations", {"name": "A", "type": "custom", "headers": {"X": f"{PLANTED['header']}\n"}}),
        (f"{ONE}/connect", {"token": PLANTED["connect"]}),
        (f"{ONE}/connect", {"username": f"{PLANTED['connect']}:", "password": "x"}),
        (f"{ONE}/request", {"url": f"//{PLANTED['connect']}"}),
        (f"{ONE}/request", {"url": "/x", "headers": {"Authorization": PLANTED["connect"]}}),
    ],
)
async def test_a_refusal_repeats_no_secret(path: str, body: dict, client: Informer, stock: None):
    answer = await client("POST", path, body)

    assert answer.status_code == 400
    assert [secret for secret in NOT_SHOWN if secret in answer.text] == []
