"""The measured call: its request, its declaration, and the remote service's answer."""

from __future__ import annotations

import json
from typing import Any

CONNECTIONS = 32
HANDLER, ACTION = "WAREHOUSE", "PLACE_ORDER"
PATH = "/orders"
SECRET = "warehouse-token-0123456789abcdef"

INPUTS: dict[str, Any] = {
    "sku": "A-100",
    "quantity": 12,
    "customer": "ada@example.com",
    "express": True,
    "lines": [{"sku": "A-200", "quantity": 3}],
    "note": "Leave it at the back door before noon.",
}
BODY = json.dumps(INPUTS, separators=(",", ":")).encode()
ANSWER = b'{"order":"5f0c","status":"placed","total":{"amount":"129.90","currency":"EUR"}}'

SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "additionalProperties": False,
    "required": ["sku", "quantity", "customer"],
    "properties": {
        "sku": {"type": "string", "minLength": 1, "maxLength": 40},
        "quantity": {"type": "integer", "minimum": 1},
        "customer": {"type": "string", "maxLength": 120},
        "express": {"type": "boolean"},
        "note": {"type": "string", "maxLength": 500},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["sku", "quantity"],
                "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}},
            },
        },
    },
}
