"""The service that a team would write instead: Starlette, httpx, jsonschema and single statements on the driver.

It does the same as the measured dispatch and no more: token and credential from the database, validation, an
intent before the call and an outcome after it, each committed durably. No tenancy beyond the token's, no encryption,
no egress guard, no retries, no idempotency.
"""

from __future__ import annotations

import argparse
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import jsonschema
import uvicorn
from case import HANDLER, PATH, SCHEMA, SECRET
from plain_store import open_store
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

_ORGANIZATION = "bench"
_TOKEN = "SELECT organization_id, permissions FROM token WHERE text = ? AND revoked_at IS NULL"
_CREDENTIAL = "SELECT id, base_url, secret FROM credential WHERE organization_id = ? AND handler = ?"
_INTENT = """INSERT INTO dispatch (id, created_at, organization_id, handler, action, credential_id, method, url)
 VALUES (?, ?, ?, ?, ?, ?, 'POST', ?)"""
_OUTCOME = "UPDATE dispatch SET outcome = ?, external_status = ?, finished_at = ? WHERE id = ?"

Validate = Callable[[Any], None]


def create_app(database: str, validate: Validate, seed: Callable[[Any], Awaitable[None]]) -> Starlette:
    """The service over `sqlite:///file` or `postgresql://…`."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        # As many idle connections as calls: with httpx's default of 20 it would reconnect all the time.
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        async with open_store(database) as store, httpx.AsyncClient(timeout=30, limits=limits) as http:
            await seed(store)
            app.state.store, app.state.http = store, http
            yield

    async def dispatch(request: Request) -> Response:
        store = request.app.state.store
        token = await store.one(_TOKEN, request.headers.get("authorization", "").removeprefix("Bearer "))
        if token is None or "DISPATCH" not in token[1]:
            return JSONResponse({"error": "unauthorized"}, 401)
        inputs = await request.json()
        try:
            validate(inputs)
        except jsonschema.ValidationError as error:
            return JSONResponse({"error": error.message}, 422)
        return JSONResponse(await _run(store, request.app.state.http, token[0], request.path_params, inputs))

    return Starlette(routes=[Route("/{handler}/{action}", dispatch, methods=["POST"])], lifespan=lifespan)


async def _run(store: Any, http: httpx.AsyncClient, organization: str, path: dict[str, str], inputs: Any) -> Any:
    credential_id, base_url, secret = await store.one(_CREDENTIAL, organization, path["handler"])
    dispatch_id, url = uuid.uuid4().hex, base_url + PATH
    await store.write(_INTENT, dispatch_id, _now(), organization, path["handler"], path["action"], credential_id, url)
    answer = await http.post(url, json=inputs, headers={"Authorization": f"Bearer {secret}"})
    outcome = "SUCCEEDED" if answer.is_success else "FAILED"
    await store.write(_OUTCOME, outcome, answer.status_code, _now(), dispatch_id)
    return {"id": dispatch_id, "outcome": outcome, "status": answer.status_code, "response": answer.json()}


def _now() -> int:
    return time.time_ns() // 1_000_000


def _validator(once: bool) -> Validate:
    if once:
        return jsonschema.Draft202012Validator(SCHEMA).validate
    return lambda inputs: jsonschema.validate(inputs, SCHEMA)


def main() -> None:
    """Serve one worker until told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--upstream", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--validator-once", action="store_true", help="make the validator once, not in each call")
    given = parser.parse_args()

    async def seed(store: Any) -> None:
        await store.write("INSERT INTO token VALUES (?, ?, 'DISPATCH', NULL)", given.token, _ORGANIZATION)
        row = ("c1", _ORGANIZATION, HANDLER, given.upstream, SECRET)
        await store.write("INSERT INTO credential VALUES (?, ?, ?, ?, ?)", *row)

    app = create_app(given.database, _validator(given.validator_once), seed)
    uvicorn.run(app, host="127.0.0.1", port=given.port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
