"""Reads one answer of HTTP/1.1 from bytes, within limits; opens no socket (RFC 9112, parsed by llhttp)."""

from __future__ import annotations

from typing import Final

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

MAX_HEAD_BYTES: Final = 64 * 1024
MAX_HEADERS: Final = 500
_SWITCHING_PROTOCOLS: Final = 101
_LEAST: Final = 100
_FINAL: Final = 200
_GREATEST: Final = 599
#: What llhttp says of a first line that is none.
_NO_HTTP: Final = ("Expected ", "Invalid HTTP version", "Invalid status code")
_WITHOUT_BODY: Final = frozenset({204, 304})
_CHUNKED: Final = -1


#: The part of a body that is read before the answer is handed over, if it may be handed over before its end.
WHOLE_BYTES: Final = 64 * 1024
_EVENTS: Final = b"text/event-stream"


class BrokenAnswer(Exception):
    """The bytes are not a whole answer of HTTP/1.1; the text says which fault they have."""


class CutAnswer(BrokenAnswer):
    """The connection ended within the answer."""


class AnswerTooLarge(Exception):
    """The body is larger than allowed."""


class AnswerReader:
    """The answer to one request. `most`: bytes of its body as sent. `is_head`: the answer to a HEAD.

    `streams`: a success may be handed over before its end, and then has no limit of bytes. `is_streaming` says so as
    soon as it is known: at the head of an event stream or of a body with a length of more than 64 kB, else when so
    many bytes have come. `said_status` is the status, also of an answer whose head is broken. `is_excerpt`: every
    body is handed over at the head, and no fault of it is one of the answer.

    `keeps_open` says after the answer whether its connection may carry another exchange: not after one that ends with
    its connection, none after one without a body (a server that sends a body all the same would answer the next
    request with it), and none if bytes follow.
    """

    __slots__ = (
        *("_excess", "_failure", "_head_bytes", "_is_head", "_length", "_most", "_parser", "_pieces", "_streams"),
        *(
            "complete",
            "headers",
            "is_excerpt",
            "is_streaming",
            "keeps_open",
            "said_status",
            "size",
            "status",
            "taken",
        ),
    )

    def __init__(self, *, most: int, is_head: bool, streams: bool = False, is_excerpt: bool = False) -> None:
        self.status = 0
        self.said_status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.size = 0
        self.taken = 0
        self.is_excerpt = is_excerpt
        self.is_streaming = False
        self.complete = False
        self.keeps_open = False
        self._most = most
        self._is_head = is_head
        self._streams = streams
        self._length: int | None = None  # -1 with chunks, None until the connection ends
        self._head_bytes = 0
        self._excess = 0
        self._pieces: list[bytes] = []
        self._failure: BrokenAnswer | AnswerTooLarge | None = None
        self._parser: HttpResponseParser | None = _parser(self)

    @property
    def begun(self) -> bool:
        """Whether a byte of the answer has come."""
        return self._excess > 0 or self.status > 0

    @property
    def body(self) -> bytes:
        """The body as far as it has come."""
        return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)

    @property
    def length(self) -> int | None:
        """The bytes of the body as the head says them."""
        return None if self._length == _CHUNKED else self._length

    @property
    def waiting(self) -> int:
        """The bytes of the body that have come and are not taken."""
        return self.size - self.taken

    def take(self) -> bytes:
        """The part of the body that has come and is not taken yet."""
        part = self.body
        self._pieces = []
        self.taken = self.size
        return part

    def feed(self, data: bytes) -> None:
        """Read on. Raises BrokenAnswer and AnswerTooLarge; bytes after the end are no failure of this answer."""
        if self.complete or self._parser is None:
            self.keeps_open = False
            return
        self._excess += len(data)  # `on_body` resets it, so it counts head, chunk lines and trailers
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self.keeps_open = False
            if not self.complete:
                self._note_status()
                raise self._failure or BrokenAnswer(_words(error, begun=self.status > 0)) from error
        if not self.complete and self._failure is None and self._excess > MAX_HEAD_BYTES:
            self._failure = BrokenAnswer("more than 64 kB without a byte of a body")
        if self._failure is not None:
            self._note_status()
            raise self._failure

    def end(self) -> None:
        """The other side has closed: the end of a body without a length (RFC 9112 §6.3), else raises BrokenAnswer."""
        if self.status and self._length is None:
            self.complete = True
        if self.complete:
            return
        self._note_status()
        if not self.status:
            raise CutAnswer("it ends within its head")
        whole = f" of {self._length}" if self._length != _CHUNKED else ""
        raise CutAnswer(f"it ends early, after {self.size}{whole} bytes of its body")

    def release(self) -> None:
        """Let the parser go, which refers to this object."""
        self._parser = None

    # Called by llhttp. They raise nothing: it would wrap the error.

    def on_message_begin(self) -> None:
        """Note bytes after the end."""
        if self.complete:
            self.keeps_open = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header, in order. Trailers are left out: they are no headers (RFC 9110 §6.5.1)."""
        if self.complete or self._failure is not None:
            return
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > MAX_HEAD_BYTES or (len(self.headers) >= MAX_HEADERS and not self.status):
            self._failure = BrokenAnswer(f"more than {MAX_HEADERS} headers or 64 kB of them")
        elif not self.status:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Pass over interim answers; end at the head if no body follows (RFC 9112 §6.3)."""
        if self.complete or self._failure is not None or self._parser is None:
            return
        status = self._parser.get_status_code()
        if status == _SWITCHING_PROTOCOLS:
            self._failure = BrokenAnswer("it switches to a protocol that was not asked for")
        elif status < _LEAST:
            self._failure = BrokenAnswer("its status is none of HTTP")
        elif status < _FINAL:
            self.headers = []
        else:
            self.status = self.said_status = status
            self.keeps_open = self._parser.should_keep_alive()
            self._check_framing(self._parser.get_http_version())

    def on_body(self, piece: bytes) -> None:
        """Keep a piece of the body, without its chunk lines."""
        if self.complete or self._failure is not None:
            return
        self._excess = 0
        self.size += len(piece)
        self.is_streaming = self.is_streaming or (self._streams and self.size > WHOLE_BYTES)
        if self.size > self._most and not self.is_streaming:
            self._failure = AnswerTooLarge()
        else:
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """The end, unless of an interim answer."""
        if self.status:
            self.complete = True

    def _note_status(self) -> None:
        """Keep the status of an answer that broke after its first line."""
        status = self._parser.get_status_code() if self._parser else 0
        if self.said_status is None and _FINAL <= status <= _GREATEST:
            self.said_status = status

    def _check_framing(self, version: str) -> None:
        lengths = [int(value) for name, value in self.headers if name.lower() == b"content-length"]
        codings = [value.strip().lower() for name, value in self.headers if name.lower() == b"transfer-encoding"]
        self._length = _CHUNKED if codings else lengths[0] if lengths else None
        self._streams = self._streams and 200 <= self.status < 300 and len(self._values(b"content-encoding")) < 2
        if version not in ("1.0", "1.1"):
            self._failure = BrokenAnswer("it is not HTTP/1.1")
        elif codings and (codings != [b"chunked"] or version == "1.0"):
            self._failure = BrokenAnswer("its Transfer-Encoding is not `chunked`")
        elif self._is_head or self.status in _WITHOUT_BODY:
            self.complete, self.keeps_open = True, False
        elif self.is_excerpt or (self._streams and (self._has_events() or (self._length or 0) > WHOLE_BYTES)):
            self.is_streaming = True
        elif lengths and lengths[0] > self._most:
            self._failure = AnswerTooLarge()

    def _has_events(self) -> bool:
        return any(value.partition(b";")[0].strip().lower() == _EVENTS for value in self._values(b"content-type"))

    def _values(self, header: bytes) -> list[bytes]:
        """The members of a list, which may stand in several lines (RFC 9110 §5.6.1)."""
        lines = (value for name, value in self.headers if name.lower() == header)
        return [part for value in lines for part in value.split(b",")]


def _words(error: Exception, *, begun: bool) -> str:
    """The reason of the parser, which names nothing of the answer, within a sentence."""
    said = str(error)
    if begun:
        return f"its framing: {said[:1].lower()}{said[1:]}"
    if said.startswith(_NO_HTTP):
        return "it does not begin with a status line of HTTP/1.1"
    return said if said.startswith(("Content-Length", "Transfer-Encoding")) else said[:1].lower() + said[1:]


def _parser(reader: AnswerReader) -> HttpResponseParser:
    parser = HttpResponseParser(reader)
    # Sloppy but unambiguous: lines that end with LF alone (RFC 9112 §2.2), spaces behind a chunk's size.
    parser.set_dangerous_leniencies(lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True)
    return parser
