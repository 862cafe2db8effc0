"""Forms with files: `multipart/form-data` bodies in parts (RFC 7578, RFC 2046 §5.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.message import Message
from typing import Final

from starlette.requests import Request

from wire.body import BodyLimits, read_body
from wire.refusal import BadRequest

_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,\-./:=?]{1,70}")
_MOST_PARTS: Final = 20
_MOST_HEAD: Final = 8 * 1024


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part. A file has a file name, which is never used as one."""

    name: str
    is_file: bool
    content: bytes = field(repr=False)


async def read_form(request: Request, limits: BodyLimits) -> tuple[Part, ...]:
    """The parts of a form. Raises TooLarge, and BadRequest 400, 408, or 415 for what is no such form."""
    boundary = _boundary(request.headers.get("content-type", ""))
    return parse_form(await read_body(request, limits), boundary)


def parse_form(raw: bytes, boundary: str) -> tuple[Part, ...]:
    """The parts between the boundaries. Raises BadRequest 400."""
    delimiter = b"\r\n--" + boundary.encode()
    _preamble, *pieces = (b"\r\n" + raw).split(delimiter, _MOST_PARTS + 2)
    if len(pieces) > _MOST_PARTS + 1:
        raise BadRequest(400, f"A form has at most {_MOST_PARTS} parts.")
    if not pieces or not pieces[-1].startswith(b"--"):
        raise BadRequest(400, "The form ends early: its last boundary is missing.")
    return tuple(map(_part, pieces[:-1]))


def _boundary(content_type: str) -> str:
    message = Message()
    message["content-type"] = content_type
    boundary = message.get_param("boundary")
    if message.get_content_type() != "multipart/form-data":
        raise BadRequest(415, "Send a body of Content-Type: multipart/form-data.")
    if not isinstance(boundary, str) or not _BOUNDARY.fullmatch(boundary):
        raise BadRequest(400, "The Content-Type names no boundary.")
    return boundary


def _part(piece: bytes) -> Part:
    padding, line, rest = piece.partition(b"\r\n")
    head, blank, content = rest.partition(b"\r\n\r\n")
    if padding.strip(b" \t") or not line or not blank or len(head) > _MOST_HEAD:
        raise BadRequest(400, "A part of the form has no head.")
    message = Message()
    for row in head.decode("utf-8", "replace").split("\r\n"):
        field_name, _, value = row.partition(":")
        if field_name.strip().lower() == "content-disposition":
            message["content-disposition"] = value.strip()
    if message.get_content_disposition() != "form-data":
        raise BadRequest(400, "A part of the form does not say that it is form-data.")
    name, filename = (message.get_param(word, header="content-disposition") for word in ("name", "filename"))
    return Part(name=name if isinstance(name, str) else "", is_file=filename is not None, content=content)
