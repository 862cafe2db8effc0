"""Content codings: undone within a size, or refused."""

from __future__ import annotations

import asyncio
import gzip
import zlib

import pytest

from proxy.coding import BrokenCoding, DecodedTooLarge, codings_of, decoded
from proxy.inflight import Inflight
from tests.proxy.sending import open_egress, request
from tests.upstreams.canned import reply

PLAIN = b"a plain body " * 100
PACKED = gzip.compress(PLAIN)
RAW = zlib.compress(PLAIN, wbits=-zlib.MAX_WBITS)


async def undo(body: bytes, *codings: str, most: int = 10_000_000) -> bytes:
    return await decoded(body, codings, most, Inflight(10**9).share("acme"))


@pytest.mark.parametrize(
    ("given", "codings"),
    [
        (["gzip"], ("gzip",)),
        (["X-GZIP, identity"], ("x-gzip",)),
        (["gzip", "deflate"], ("deflate", "gzip")),
        (["br"], ()),
        (["gzip, br"], ()),
        (["gzip"] * 4, ()),
        ([""], ()),
    ],
)
def test_undoes_known_codings_from_the_last_or_none(given, codings):
    assert codings_of(given) == codings


#: By name, since compressed bytes hold the time and would name the tests of two processes differently.
ENCODED = {
    "gzip": (PACKED, ["gzip"]),
    "its old name": (PACKED, ["x-gzip"]),
    "deflate": (zlib.compress(PLAIN), ["deflate"]),
    "deflate without its head": (RAW, ["deflate"]),
    "one in the other": (zlib.compress(PACKED), ["deflate", "gzip"]),
    "members": (gzip.compress(PLAIN[:500]) + gzip.compress(b"") + gzip.compress(PLAIN[500:]), ["gzip"]),
    "text after it": (PACKED + b"junk", ["gzip"]),
    "zeros after it": (PACKED + bytes(100), ["gzip"]),
}


@pytest.mark.parametrize("name", ENCODED)
async def test_undoes(name):
    body, codings = ENCODED[name]

    assert await undo(body, *codings) == PLAIN


async def test_an_empty_body_has_no_coding():
    assert await undo(b"", "gzip") == b""


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (PACKED[:-1], "gzip"),
        (PACKED[:30], "gzip"),
        (PACKED[:-8] + b"\0\0\0\0" + PACKED[-4:], "gzip"),
        (PACKED + PACKED[:20], "gzip"),
        (b"not gzip!", "gzip"),
        (b"not deflate!", "deflate"),
        (RAW[:-2], "deflate"),
        (gzip.compress(b"") * 1001, "gzip"),
    ],
    ids=["last byte", "cut", "checksum", "second cut", "not gzip", "not deflate", "cut raw", "members"],
)
async def test_refuses_what_is_not_whole(body, coding):
    with pytest.raises(BrokenCoding):
        await undo(body, coding)


async def test_stops_at_the_size_and_lets_others_run_before():
    turns = 0

    async def turn():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(turn())
    with pytest.raises(DecodedTooLarge):
        await undo(gzip.compress(bytes(50_000_000)), "gzip", most=10_000_000)
    ticking.cancel()

    assert 30 <= turns < 60  # 256 kB for each


async def test_a_range_is_asked_for_and_answered_as_it_is(upstream):
    upstream.answers["/part"] = reply(PACKED[:10], "text/plain", "206 Partial Content", "Content-Encoding: gzip")

    async with open_egress() as egress:
        answer = await egress.send(request(f"{upstream.url}/part", headers=(("Range", "bytes=0-9"),)))

    assert upstream.requests[0].header("Accept-Encoding") == ["identity"]
    assert answer.body == PACKED[:10]
