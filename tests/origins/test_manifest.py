"""A manifest and its app token: endpoints that come with the token get it, those that come without it do not."""

from __future__ import annotations

from typing import Any

import httpx

from tests.harness.apps import Apps
from tests.upstreams.faults import FaultServer

BASE = "/donutwork/2026-02-01"
TOKEN = "app-token-of-the-shop-4711"


class Shop:
    """An app that speaks the dialect with its own token."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}"}

    async def declares(self, *endpoints: str, **members: Any) -> None:
        """The manifest: actions `GET0`, `GET1` …, each at one of these addresses."""
        actions = [{"action": f"GET{i}", "method": "GET", "endpoint": one} for i, one in enumerate(endpoints)]
        body = {"capabilities": actions, **members}
        answer = await self.http.put(f"{BASE}/integrations.json", json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text

    async def runs(self, action: str) -> tuple[int, Any]:
        """The status and the error of a call."""
        answer = await self.http.get(f"{BASE}/integrations/SHOP/{action}.json", headers=self.headers)
        return answer.status_code, answer.json().get("error")


async def test_endpoints_that_come_with_the_token_get_it_and_later_ones_do_not(
    http: httpx.AsyncClient, apps: Apps, service: FaultServer, thief: FaultServer
):
    app = await apps.make("Shop", handler="SHOP")
    shop = Shop(http, await apps.token(app))
    await shop.declares(f"{service.url}/me", app_token=TOKEN)
    first = await shop.runs("GET0")
    got = service.requests[-1].header("Authorization")

    await shop.declares(f"{service.url}/me", f"{thief.url}/me")
    stays, refused = await shop.runs("GET0"), await shop.runs("GET1")

    assert (first, got, stays) == ((200, None), [f"Bearer {TOKEN}"], (200, None))
    assert (refused[0], refused[1].startswith("The address has changed"), thief.arrivals) == (409, True, (0, 0))


async def test_the_token_given_again_goes_to_the_endpoints_that_stand(
    http: httpx.AsyncClient, apps: Apps, service: FaultServer
):
    app = await apps.make("Shop", handler="SHOP")
    shop = Shop(http, await apps.token(app))
    await shop.declares(f"{service.url}/me", app_token=TOKEN)
    with FaultServer() as moved:
        moved.answers["/me"] = service.answers["/me"]
        await shop.declares(f"{moved.url}/me", app_token=TOKEN)

        assert await shop.runs("GET0") == (200, None)
        assert [one.header("Authorization") for one in moved.requests] == [[f"Bearer {TOKEN}"]]
        await shop.declares(f"{service.url}/me")
        assert (await shop.runs("GET0"))[0] == 409
