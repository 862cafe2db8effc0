"""Every address of the hub refuses the name of a user that it would ignore, or authenticates nobody."""

from __future__ import annotations

import pytest
from starlette.routing import Route

from tests.acting.test_rest import addresses, call

#: These read no token and show nothing of an organization.
OPEN = {"/", "/healthz", "/readyz", "/connect.css"}


@pytest.mark.parametrize("header", ["X-Act-As", "X_Act_As", "x_act-as"])
async def test_every_route_refuses_the_header(house, hub, http, header) -> None:
    routes = [route for route in hub.app.routes if isinstance(route, Route) and route.path not in OPEN]
    headers = {"Authorization": f"Bearer {house.tenant.token}", header: "username:ada"}
    before, answers = await house.rows(), {}

    for route in routes:
        path = route.path
        for name in route.param_convertors:
            path = path.replace(f"{{{name}}}", "f" * 24)
        for method in (route.methods or {"POST"}) - {"HEAD"}:
            answers[method, route.path] = await http.request(method, path, headers=headers)

    assert len(answers) > 7
    pages = {key for key in answers if "text/html" in answers[key].headers["content-type"]}
    ignored = {key: one.text for key, one in answers.items() if key not in pages and "X-Act-As" not in one.text}
    assert {key: one.status_code for key, one in answers.items() if one.status_code != 400} == {}
    assert ignored == {}
    assert await house.changed(before) == []


async def test_an_underscore_in_place_of_a_hyphen_is_refused_by_every_call_for_users(house, http) -> None:
    headers = {"Authorization": f"Bearer {await house.token()}"}

    for path, body in addresses(house).values():
        for name in ("X_Act_As", "X_Hub_Id"):
            answer = await http.post(path, json=body, headers=headers | {name: "username:ada"})
            assert answer.status_code == 400, answer.text
            assert f"Write {name.replace('_', '-')} with hyphens" in answer.text

    assert house.upstream.requests == []


async def test_the_value_is_compared_exactly(house, http) -> None:
    path, body = addresses(house)["action"]
    for value in ("username:Ada", "username: ada", "username:ａda".encode(), "username:ada\u200b".encode(), "ID:x"):
        answer = await call(house, http, path, value, json=body)
        assert answer.status_code in (400, 404), (value, answer.text)

    assert house.upstream.requests == []
