"""The demo's integrations and their capabilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from demo.upstream import CARRIER, SUPPLIER_KEY
from models.vocabulary import ApiKeyLocation, AuthType, ConnectionMode, HttpMethod, InputType
from proxy.inputs import SimpleInput
from resolvers.capabilities.declaring import DeclareCapability
from resolvers.integrations.auth import IntegrationAuth
from resolvers.integrations.creation import CreateIntegration
from resolvers.secret import BasicSecret, Secret

APP = "INVENTORY"
#: The secrets of the integrations that have one, by handler.
SECRETS: Final = {
    "SUPPLIERS": Secret(api_key=SUPPLIER_KEY),
    "CARRIER": Secret(basic=BasicSecret(username=CARRIER[0], password=CARRIER[1])),
}


def app(upstream: str) -> CreateIntegration:
    """The demo's app, which declares its capabilities by a manifest."""
    return CreateIntegration(
        name="Inventory",
        handler=APP,
        description="Stock of a small warehouse.",
        readme="# Inventory\n\nThe demo's app: it declares what it can do, and says when stock changes.",
        category="commerce",
        mode=ConnectionMode.SHARED,
        auth=IntegrationAuth(api_base_url=upstream),
    )


def capabilities() -> Sequence[DeclareCapability]:
    """The capabilities of the app's manifest."""
    sku = SimpleInput(name="sku", required=True, description="Stock keeping unit, such as A-100.")
    name = SimpleInput(name="name", description="What it is.")
    quantity = SimpleInput(name="quantity", type=InputType.INTEGER, required=True, description="Pieces in stock.")
    limit = SimpleInput(name="limit", type=InputType.INTEGER, description="At most so many.", default=20)
    return [
        _declared("LIST_ITEMS", HttpMethod.GET, "/items", "What is in stock.", limit),
        _declared("GET_ITEM", HttpMethod.GET, "/items/{sku}", "One item.", sku),
        _declared("SYNC_INVENTORY", HttpMethod.POST, "/items", "Add an item, or replace it.", sku, name, quantity),
        _declared("SET_QUANTITY", HttpMethod.PUT, "/items/{sku}", "Set how many there are.", sku, quantity),
        _declared("DELETE_ITEM", HttpMethod.DELETE, "/items/{sku}", "Take an item out.", sku),
    ]


def suppliers(upstream: str) -> CreateIntegration:
    """An integration that authorises with an API key in a header."""
    return CreateIntegration(
        name="Suppliers",
        description="Who sells what; an API key in a header.",
        category="commerce",
        mode=ConnectionMode.SHARED,
        auth=IntegrationAuth(
            type=AuthType.API_KEY,
            api_base_url=upstream,
            api_key_location=ApiKeyLocation.HEADER,
            api_key_name="X-Supplier-Key",
        ),
        secret=SECRETS["SUPPLIERS"],
        capabilities=[DeclareCapability(name="LIST_SUPPLIERS", method=HttpMethod.GET, endpoint="/suppliers")],
    )


def carrier(upstream: str) -> CreateIntegration:
    """An integration that authorises with a user name and a password."""
    return CreateIntegration(
        name="Carrier",
        description="Books shipments; a user name and a password.",
        category="logistics",
        mode=ConnectionMode.SHARED,
        auth=IntegrationAuth(type=AuthType.BASIC, api_base_url=upstream),
        secret=SECRETS["CARRIER"],
        capabilities=[
            DeclareCapability(
                name="BOOK_SHIPMENT",
                method=HttpMethod.POST,
                endpoint="/shipments",
                inputs=[
                    SimpleInput(name="to", required=True),
                    SimpleInput(name="weight", type=InputType.NUMBER, required=True),
                ],
            )
        ],
    )


def _declared(
    name: str, method: HttpMethod, endpoint: str, description: str, *inputs: SimpleInput
) -> DeclareCapability:
    return DeclareCapability(name=name, method=method, endpoint=endpoint, description=description, inputs=inputs)
