"""Files of calls that are uploads: read within the organization, and left for the next call."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from sqlmodel import col

from models.row import new_id
from models.tables import Asset
from tests.harness.acting import act, listed
from tests.harness.calling import App, app
from tests.harness.tenants import Tenant

BYTES = bytes(range(256)) * 8
PROPERTIES = {"file": {"x-file": True}, "more": {"type": "array", "items": {"x-file": True}}}


async def shop_of(tenant: Tenant, base: str) -> App:
    schema = {"type": "object", "properties": PROPERTIES}
    made = {"name": "CALL", "method": "POST", "endpoint": "/ok", "bodyFormat": "MULTIPART", "inputSchema": schema}
    return await app(tenant.client, base, made)


async def promise(tenant: Tenant, purpose: str = "FILE", size: int = len(BYTES)) -> dict[str, Any]:
    return await act(tenant.client, "createUpload", {"purpose": purpose, "size": size}, "uploadId url")


async def upload(http: httpx.AsyncClient, tenant: Tenant, content: bytes = BYTES, purpose: str = "FILE") -> str:
    promised = await promise(tenant, purpose, len(content))
    headers = {"Authorization": f"Bearer {tenant.token}", "Content-Type": "text/html"}
    answer = await http.put(promised["url"], content=content, headers=headers)
    assert (answer.status_code, answer.json()["contentType"] if purpose == "FILE" else None) == (
        200,
        "application/octet-stream" if purpose == "FILE" else None,
    )
    return promised["uploadId"]


async def test_an_upload_goes_along_and_serves_the_next_call_too(organization, http, upstream) -> None:
    shop = await shop_of(organization, upstream.url)
    upload_id = await upload(http, organization)
    file = {"uploadId": upload_id, "filename": "ü.pdf", "contentType": "application/pdf"}

    first = await shop.run("CALL", {"file": file, "more": [file, {"base64": "YQ=="}]}, idempotencyKey="k")
    again = await shop.run("CALL", {"file": file, "more": [file, {"base64": "YQ=="}]}, idempotencyKey="k")
    third = await shop.run("CALL", {"file": file})

    head = b'name="file"; filename="\xc3\xbc.pdf"\r\nContent-Type: application/pdf\r\n\r\n'
    assert [(one["replayed"], one["dispatch"]["outcome"]) for one in (first, again, third)] == [
        (False, "SUCCEEDED"),
        (True, "SUCCEEDED"),
        (False, "SUCCEEDED"),
    ]
    assert [head + BYTES in received.body for received in upstream.requests] == [True, True]
    assert upstream.requests[0].body.count(BYTES) == 2
    plan = await shop.plan("CALL", {"file": file})
    assert plan["body"] == {"file": {"filename": "ü.pdf", "contentType": "application/pdf", "size": len(BYTES)}}


async def test_a_key_belongs_to_the_bytes_of_an_upload(organization, http, upstream) -> None:
    shop = await shop_of(organization, upstream.url)
    upload_id, other_id = await upload(http, organization), await upload(http, organization, b"other")

    first = await shop.run("CALL", {"file": {"uploadId": upload_id}}, idempotencyKey="k")
    same = await shop.run("CALL", {"file": {"base64": b64encode(BYTES).decode()}}, idempotencyKey="k")
    other = await shop.refused("CALL", {"file": {"uploadId": other_id}}, idempotencyKey="k")

    assert (first["replayed"], same["replayed"], other["code"]) == (False, True, "CONFLICT")
    assert len(upstream.requests) == 1


async def test_refuses_an_upload_that_cannot_be_sent_and_says_where(
    organization, new_organization, http, canary, database
) -> None:
    shop = await shop_of(organization, canary.url)
    foreign = await upload(http, await new_organization())
    expired = await upload(http, organization)
    async with database.write() as session:
        await session.execute(update(Asset).where(col(Asset.id) == expired).values(expires_at=1))
    empty, script = (await promise(organization))["uploadId"], await upload(http, organization, b"1", "SCRIPT")
    absent = {"NOT_FOUND": [foreign, expired, new_id(), "x"], "INVALID_INPUT": [empty, script]}

    for code, ids in absent.items():
        for upload_id in ids:
            refused = await shop.refused("CALL", {"more": [{"base64": ""}, {"uploadId": upload_id}]})
            assert refused["code"] == code, upload_id
            assert refused["path"] == ["input", "inputs", "more", "1", "uploadId"]
    assert canary.connections == 0
    assert await listed(organization.client, "dispatches", "id") == []


@pytest.mark.parametrize("count", [2, 3])
async def test_refuses_more_bytes_than_a_body_may_have(organization, http, canary, count) -> None:
    shop = await shop_of(organization, canary.url)
    whole = await upload(http, organization, bytes(8 * 1024 * 1024 // count + 1))

    refused = await shop.refused("CALL", {"more": [{"uploadId": whole}] * count})

    assert refused["path"] == ["input", "inputs", "more", str(count - 1), "uploadId"]
    assert "; a body has at most 8 MiB, and " in refused["message"]
    assert canary.connections == 0
