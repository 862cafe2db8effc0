"""Forms with files: `multipart/form-data` bodies in parts (RFC 7578)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from wire.body import BodyLimits, read_body
from wire.refusal import BadRequest

_MOST_PARTS: Final = 20


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part. `is_file`: the client gave a file name, which is not used."""

    name: str
    is_file: bool
    content: bytes = field(repr=False)


async def read_form(request: Request, limits: BodyLimits) -> tuple[Part, ...]:
    """The parts of a form. Raises TooLarge, and BadRequest 400, 408, or 415 (not such a form)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "multipart/form-data":
        raise BadRequest(415, "Send a body of Content-Type: multipart/form-data.")
    raw = await read_body(request, limits)
    parser = MultiPartParser(
        request.headers, _once(raw), max_files=_MOST_PARTS, max_fields=_MOST_PARTS, max_part_size=len(raw)
    )
    try:
        form = await parser.parse()
    except MultiPartException as refusal:
        raise BadRequest(400, refusal.message) from refusal
    try:
        return tuple([await _part(name, value) for name, value in form.multi_items()])
    finally:
        await form.close()


async def _once(raw: bytes) -> AsyncGenerator[bytes, None]:
    yield raw


async def _part(name: str, value: str | UploadFile) -> Part:
    if isinstance(value, str):
        return Part(name=name, is_file=False, content=value.encode())
    return Part(name=name, is_file=True, content=await value.read())
