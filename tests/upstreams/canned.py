"""Answers as raw bytes, well-formed and broken."""

from __future__ import annotations

import gzip


def reply(body: bytes, content_type: str = "application/json", status: str = "200 OK", *headers: str) -> bytes:
    """A well-formed answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


OK = reply(b'{"ok":true}')
_PART = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_COOKIE = ("Set-Cookie: session=upstream; Path=/", "Access-Control-Allow-Origin: *", "Connection: close")

# The connection is closed after each.
CANNED = {
    "/empty": b"",
    "/garbage": b"\x00\xff\xfe not http at all\r\n\r\n",
    "/short": _PART + b"Content-Length: 1000\r\n\r\n{}",
    "/bad-chunk": _PART + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    "/cut-chunk": _PART + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
    "/two-lengths": _PART + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "/bad-gzip": _PART + b"Content-Encoding: gzip\r\nContent-Length: 9\r\n\r\nnot gzip!",
    "/cut-gzip": reply(gzip.compress(b"a line\n" * 4000)[:-12], "text/plain", "200 OK", "Content-Encoding: gzip"),
    "/huge-header": _PART + b"X-Huge: " + b"a" * 100_000 + b"\r\n\r\n",
    "/bad-utf8": reply(b'{"a":"\xff\xfe"}'),
    "/nan": reply(b'{"a":NaN}'),
    "/not-json": reply(b"<html>busy</html>"),
    "/wrong-charset": reply('{"a":"ä"}'.encode("latin-1"), "application/json; charset=utf-8"),
    "/token": reply(b'{"access_token":"a-token-of-the-vendor","token_type":"Bearer","expires_in":3600}'),
    "/latin1": reply("für".encode("latin-1"), "text/plain; charset=iso-8859-1"),
    "/unknown-charset": reply(b"abc", "text/plain; charset=klingon"),
    "/cookie": reply(b"{}", "application/json", "200 OK", *_COOKIE),
}
