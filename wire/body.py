"""Reads a request's body within limits of size, time and shape."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass

import orjson
from starlette.requests import ClientDisconnect, Request

from models.errors import TooLarge
from proxy.inputs.numbers import Changed, first_changed
from resolvers.unset import UNSET
from wire.json_values import bare_text, is_deeper
from wire.long_texts import lift_texts
from wire.refusal import BadRequest

_MOST_DIGITS = 20
#: A larger body is put together and read in a thread: its numbers may take a tenth of a second.
LARGE = 64 * 1024
_LONGEST_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class BodyLimits:
    """`size`: bytes as sent. `seconds`: until the last byte. `depth`: levels of arrays and objects.

    `values`: in JSON, since the interpreter serves nobody else while they are made, up to 30 ms for so many. An
    answer wraps values that were read, so `depth` stays far below the 254 levels that orjson writes.
    """

    size: int = 1_000_000
    seconds: float = 30.0
    depth: int = 128
    values: int = 100_000


async def read_json(request: Request, limits: BodyLimits) -> object:
    """The value of a JSON body in UTF-8 (RFC 8259); UNSET if it came in chunks and is empty, which is no body.

    Raises TooLarge, or BadRequest 400 (not JSON, nested too deeply, a number that JSON readers round),
    408 (too slow), 413 (too many values) or 415 (not `application/json` in UTF-8, or with a content encoding such as
    gzip); TooMany if the hub has too many bodies in memory.
    """
    content_type = request.headers.get("content-type", "")
    if "transfer-encoding" in request.headers:  # its size is known at its end
        chunks = await _read_chunks(request, limits)
        if not chunks:
            return UNSET
        require_json(content_type)
    else:
        require_json(content_type)
        chunks = await _read_chunks(request, limits)
    if sum(map(len, chunks)) > LARGE:
        return await asyncio.to_thread(_parse_chunks, chunks, limits)
    return _parse_chunks(chunks, limits)


async def read_body(request: Request, limits: BodyLimits) -> bytes:
    """The bytes of a body of any type. Stops reading once there are too many.

    Raises TooLarge, or BadRequest 400 (the client left), 408 (too slow) or 415 (a content encoding); TooMany if the
    hub has too many bodies in memory.
    """
    return b"".join(await _read_chunks(request, limits))


async def _read_chunks(request: Request, limits: BodyLimits) -> list[bytes]:
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise BadRequest(415, "Send the body uncompressed, without a Content-Encoding.")
    if _declared_size(request) > limits.size:
        raise TooLarge(limits.size)
    try:
        async with asyncio.timeout(limits.seconds):
            return await _collect(request, limits.size)
    except TimeoutError as cause:
        late = f"The body did not arrive within {limits.seconds:g} seconds."
        raise BadRequest(408, late, close=True) from cause
    except ClientDisconnect as cause:
        raise BadRequest(400, "The body ended early.") from cause


def require_json(content_type: str) -> None:
    """Raises BadRequest 415 unless this is `application/json`, without a charset or with UTF-8.

    No form, text or multipart is ever read as JSON: a browser sends those across origins without asking.
    """
    media, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media != "application/json":
        raise BadRequest(415, "Send a body of Content-Type: application/json.")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name == "charset" and value.strip('"') not in {"utf-8", "utf8"}:
            raise BadRequest(415, "Send JSON in UTF-8.")


def parse_json(raw: bytes, limits: BodyLimits) -> object:
    """The value. Refuses JSON that another reader would read differently.

    Numbers that a double would change and integers beyond 64 bits are refused by their place. Of equal keys the last
    counts. Raises BadRequest 400, and 413 for too many values.
    """
    try:
        lifted = lift_texts(raw)
        value = _parse(lifted.raw, limits)
    except orjson.JSONDecodeError as cause:
        raise _no_json(raw, cause) from cause
    return lifted.restored(value)


def _parse(raw: bytes, limits: BodyLimits) -> object:
    bare = bare_text(raw, most=limits.values)
    if bare is None:
        raise BadRequest(413, f"The JSON has more than {limits.values} values; send it in parts.")
    value: object = orjson.loads(raw)
    if is_deeper(bare, limits.depth):
        raise BadRequest(400, f"The JSON is nested deeper than {limits.depth} levels.")
    changed = first_changed(raw, bare)
    if changed is not None:
        raise _changed(changed)
    return value


def _declared_size(request: Request) -> int:
    """Refuses two framings at once, as RFC 9112 §6.1 allows: httptools refuses them too, h11 does not."""
    declared = request.headers.get("content-length", "0")
    if "content-length" in request.headers and "transfer-encoding" in request.headers:
        raise BadRequest(400, "Send Content-Length or Transfer-Encoding, not both.", close=True)
    if not declared.isdecimal() or len(declared) > _MOST_DIGITS:
        raise BadRequest(400, "The Content-Length is not a number of bytes.")
    return int(declared)


def _parse_chunks(chunks: list[bytes], limits: BodyLimits) -> object:
    raw = b"".join(chunks)
    chunks.clear()  # half of the memory
    return parse_json(raw, limits)


async def _collect(request: Request, size: int) -> list[bytes]:
    chunks: list[bytes] = []
    length = 0
    async with contextlib.aclosing(request.stream()) as stream:
        async for chunk in stream:
            length += len(chunk)
            if length > size:
                raise TooLarge(size)
            if chunk:
                chunks.append(chunk)
    return chunks


def _no_json(raw: bytes, cause: orjson.JSONDecodeError) -> BadRequest:
    """orjson takes a number beyond the doubles, such as 1e400, for no JSON."""
    with contextlib.suppress(ValueError, RecursionError):
        changed = first_changed(raw)
        if changed is not None:
            return _changed(changed)
    return BadRequest(400, f"The body is not JSON: {cause.msg}.")


def _changed(number: Changed) -> BadRequest:
    place = ".".join(number.path).encode("utf-8", "replace").decode()[:_LONGEST_SHOWN]
    at = f" at {place}" if place else ""
    shown = f"The number {number.text[:_LONGEST_SHOWN]}{at} would be changed"
    return BadRequest(400, f"{shown}: the hub holds integers of 64 bits and doubles. Send it as a string.")
