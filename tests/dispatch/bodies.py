"""Declarations of capabilities whose bodies are forms, files or raw."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

FILE = {"x-file": True}


def field(name: str, **schema: Any) -> dict[str, Any]:
    return {name: schema}


def schema(*fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {name: found for one in fields for name, found in one.items()}}


def of_format(body_format: str, *fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {"name": "CALL", "method": "POST", "endpoint": "/ok", "bodyFormat": body_format}
    return made | {"inputSchema": schema(*fields)} | more


def in_base64(content: bytes, **more: str) -> dict[str, str]:
    return {"base64": b64encode(content).decode(), **more}
