"""The demo's upstream: a small inventory service, which forgets everything when it ends."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

#: Credentials that this service accepts. They open nothing else.
APP_TOKEN = "demo-inventory-token"
SUPPLIER_KEY = "demo-supplier-key"
CARRIER = ("demo", "demo-carrier-password")

Handler = Callable[[Request], Awaitable[Response]]


def inventory() -> Starlette:
    """The service, with three items in stock."""
    stock: dict[str, dict[str, Any]] = {
        "A-100": {"sku": "A-100", "name": "Patch cable, 0.5 m", "quantity": 240},
        "A-200": {"sku": "A-200", "name": "Patch cable, 2 m", "quantity": 75},
        "B-100": {"sku": "B-100", "name": "Patch panel, 24 ports", "quantity": 6},
    }

    async def items(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse({"items": list(stock.values())[: int(request.query_params.get("limit", 100))]})
        given = await request.json()
        stock[given["sku"]] = {"sku": given["sku"], "name": given.get("name", ""), "quantity": given["quantity"]}
        return JSONResponse(stock[given["sku"]], 201)

    async def item(request: Request) -> Response:
        sku = request.path_params["sku"]
        if sku not in stock:
            return JSONResponse({"error": f"no item {sku}"}, 404)
        if request.method == "DELETE":
            return JSONResponse(stock.pop(sku))
        if request.method in {"PUT", "PATCH"}:
            stock[sku] |= {key: value for key, value in (await request.json()).items() if key != "sku"}
        return JSONResponse(stock[sku])

    async def suppliers(request: Request) -> Response:
        return JSONResponse({"suppliers": [{"id": 1, "name": "Copper & Glass"}, {"id": 2, "name": "Rackworks"}]})

    async def shipments(request: Request) -> Response:
        return JSONResponse({"shipment": await request.json(), "status": "booked"}, 201)

    return Starlette(
        routes=[
            Route("/items", _guarded(items, _bearer), methods=["GET", "POST"]),
            Route("/items/{sku}", _guarded(item, _bearer), methods=["GET", "PUT", "PATCH", "DELETE"]),
            Route("/suppliers", _guarded(suppliers, _key)),
            Route("/shipments", _guarded(shipments, _basic), methods=["POST"]),
        ]
    )


def _guarded(handler: Handler, admits: Callable[[Request], bool]) -> Handler:
    async def guarded(request: Request) -> Response:
        if not admits(request):
            return JSONResponse({"error": "unauthorized"}, 401)
        try:
            return await handler(request)
        except (KeyError, TypeError, ValueError):
            return JSONResponse({"error": "bad request"}, 400)

    return guarded


def _bearer(request: Request) -> bool:
    return request.headers.get("authorization") == f"Bearer {APP_TOKEN}"


def _key(request: Request) -> bool:
    return request.headers.get("x-supplier-key") == SUPPLIER_KEY


def _basic(request: Request) -> bool:
    return request.headers.get("authorization") == f"Basic {b64encode(':'.join(CARRIER).encode()).decode()}"
