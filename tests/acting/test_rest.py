"""`X-Act-As` in every dialect: dispatches, requests and events for users; refused wherever it would be ignored."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from resolvers.acting import ForUser
from tests.acting.conftest import MEMBER, House

DONUT, INFORMER = "/donutwork/2026-02-01", "/informer/api"
MALFORMED = (
    *("", "ada", "username:", ":ada", "Username:ada", "user:ada", "named:ada", b"username:\xff"),
    *(["username:ada", "username:ada"], ["username:ada", ""]),
)
REQUEST = {"url": "/ok", "method": "post"}


async def call(house: House, http: httpx.AsyncClient, path: str, act_as: Any, **more: Any) -> httpx.Response:
    """A POST by the back end; `act_as` is the header's value, or several of them."""
    values = act_as if isinstance(act_as, list) else [act_as]
    token = more.pop("token", None) or await house.token()
    raw = [value if isinstance(value, bytes) else value.encode() for value in values]
    headers = [(b"authorization", f"Bearer {token}".encode()), *((b"x-act-as", value) for value in raw)]
    more.setdefault("json", {})
    method = more.pop("method", "POST")
    return await http.request(method, path, headers=headers, **more)


def addresses(house: House) -> dict[str, tuple[str, dict[str, Any]]]:
    """By name: the path and the body of each call that acts for users."""
    shop = house.shop
    return {
        "action": (f"{DONUT}/integrations/{shop.handler}/OK.json", {"a": "x"}),
        "event": (f"{DONUT}/integrations/{shop.handler}/events/{shop.handler}.DONE/emit.json", {}),
        "request": (f"{INFORMER}/integrations/shop/request", REQUEST),
    }


async def test_acts_for_the_user_that_the_header_names(house, http) -> None:
    await house.add("zoë", *MEMBER)
    for name in ("action", "request"):
        path, body = addresses(house)[name]
        for value in ("username:ada", f"id:{house.people['ada']}"):
            answer = await call(house, http, path, value, json=body)
            assert answer.status_code == 200, answer.text
    path, body = addresses(house)["event"]
    for value in ("username:ada", "username:zoë".encode()):
        assert (await call(house, http, path, value, json=body)).status_code == 200

    assert house.arrived() == [(["Bearer ada"], ["ada"])] * 4
    assert [event.principal_id for event in await house.emitted()] == [house.people["ada"], house.people["zoë"]]


async def test_a_key_is_one_users_alone(house, http) -> None:
    token = await house.token()
    path, body = addresses(house)["action"]
    for name in ("ada", "otto", "ada"):
        headers = {"Authorization": f"Bearer {token}", "X-Act-As": f"username:{name}", "Idempotency-Key": "k"}
        assert (await http.post(path, json=body, headers=headers)).status_code == 200

    assert house.arrived() == [(["Bearer ada"], ["ada"]), (["Bearer otto"], ["otto"])]


@pytest.mark.parametrize("name", ["action", "event", "request"])
async def test_refuses_whom_the_graph_refuses(name, house, http) -> None:
    await house.add("gone")
    await house.change("gone", disabled=True)
    path, body = addresses(house)[name]
    without = await house.token("DISPATCH_WRITE", "PROXY_REQUEST", "EVENTS_EMIT")
    with_it = await house.token()
    refusals = [
        (without, "username:ada", 403, "ACT_AS"),
        (with_it, "username:gone", 403, "disabled"),
        (with_it, "username:admin", 403, "administrator"),
        (with_it, "username:nobody", 404, "no such user"),
        (with_it, "subject:ada", 404, "no such user"),
    ]
    before = await house.rows()

    for token, value, status, word in refusals:
        answer = await call(house, http, path, value, json=body, token=token)
        assert (answer.status_code, word in answer.text) == (status, True), answer.text

    assert set(await house.changed(before)) == {"+ audit_entry"}
    assert house.upstream.requests == []


async def test_refuses_a_malformed_header(house, http) -> None:
    token = await house.token()
    before = await house.rows()

    for path, body in addresses(house).values():
        for value in MALFORMED:
            answer = await call(house, http, path, value, json=body, token=token)
            assert answer.status_code == 400, (value, answer.text)
            assert "X-Act-As: Write one of id:" in answer.text

    assert await house.changed(before) == []
    assert house.upstream.requests == []


async def test_refuses_the_header_before_graphql(house, http) -> None:
    query = {"query": "{ viewer { permissions } }"}

    answer = await call(house, http, "/graphql", "username:ada", json=query)
    nobody = await http.post("/graphql", json=query, headers={"X-Act-As": "username:ada"})

    assert (answer.status_code, nobody.status_code) == (400, 401)
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INVALID_INPUT"
    assert "actAs" in error["message"]


def test_every_operation_that_acts_for_users_is_tried_here() -> None:
    """A fourth command that can be given for a user belongs into these tests."""
    assert {one.__name__ for one in ForUser.__subclasses__()} == {"EmitEvent", "ProxyRequest", "RunCapability"}
