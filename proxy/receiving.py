"""One exchange on a connection: the answer with its body decoded, or the failure in words that name no address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from models.errors import UpstreamFailed
from models.vocabulary import UpstreamFailure
from proxy.answer_reader import AnswerReader, AnswerTooLarge, BrokenAnswer, CutAnswer
from proxy.coding import BrokenCoding, DecodedTooLarge, codings_of, decoded, is_plain
from proxy.http1 import Connection, Unanswered
from proxy.inflight import Share
from proxy.message import Answer, Headers, OutboundRequest
from proxy.streaming import Streamed, StreamLimits

_PARTIAL: Final = 206
_CODING: Final = "content-encoding"
_BAD: Final = UpstreamFailure.BAD_RESPONSE
_BROKEN: Final = "The answer of the remote service is broken: {}."


async def receive(
    connection: Connection,
    request: OutboundRequest,
    head: bytes,
    *,
    most: int,
    share: Share,
    limits: StreamLimits,
) -> Answer:
    """Send the request and answer with its answer, of at most `most` bytes, also decoded. Raises UpstreamFailed.

    An answer that is handed over before its end has a `Streamed` as its rest, which holds the connection.
    """
    reader = AnswerReader(most=most, is_head=request.method == "HEAD", streams=request.streams)
    with in_words(reader, most):
        await connection.exchange(head, request.body or b"", reader, share)
        told = tuple([(text_of(name), text_of(value)) for name, value in reader.headers])
        codings = () if request.method == "HEAD" else _codings(reader.status, told)
        undone = codings or is_plain(value for name, value in told if name.lower() == _CODING)
        headers = tuple([pair for pair in told if pair[0].lower() != _CODING]) if undone else told
        kind = printable(next((value for name, value in headers if name.lower() == "content-type"), None))
        if reader.is_streaming:
            rest = Streamed(connection, codings, reader.length, limits, lambda: in_words(reader, most))
            return Answer(status=reader.status, headers=headers, content_type=kind, body=b"", rest=rest)
        body = await decoded(reader.body, codings, most, share)
    return Answer(status=reader.status, headers=headers, content_type=kind, body=body)


@contextmanager
def in_words(reader: AnswerReader, most: int) -> Iterator[None]:
    """Raise a failure to read as one of the remote service, with its status if that has come."""
    try:
        yield
    except (AnswerTooLarge, DecodedTooLarge) as error:
        raise _failed(reader, f"The answer is larger than {most} bytes.", UpstreamFailure.TOO_LARGE) from error
    except (BrokenAnswer, BrokenCoding) as error:
        raise _failed(reader, _BROKEN.format(error), _BAD) from error
    except OSError as error:
        raise _failed(reader, "The connection to the remote service broke.", UpstreamFailure.UNREACHABLE) from error


def was_cut(failure: UpstreamFailed) -> bool:
    """Whether the connection ended within the answer, which may come whole on another try."""
    return isinstance(failure.__cause__, CutAnswer)


def _failed(reader: AnswerReader, message: str, reason: UpstreamFailure) -> UpstreamFailed:
    return UpstreamFailed(message, reason=reason, external_status=reader.said_status)


def _codings(status: int, headers: Headers) -> tuple[str, ...]:
    """The codings to undo; none of a part of an encoded body (RFC 9110 §15.3.7)."""
    given = [value for name, value in headers if name.lower() == _CODING]
    return codings_of(given) if given and status != _PARTIAL else ()


def was_unanswered(failure: UpstreamFailed) -> bool:
    """Whether the connection ended before a byte of the answer came."""
    return isinstance(failure.__cause__, Unanswered)


def text_of(raw: bytes) -> str:
    """A header as text; bytes outside UTF-8 are lone surrogates."""
    return raw.decode(errors="surrogateescape")


def printable(header: str | None) -> str | None:
    """Replace the lone surrogates for bytes outside UTF-8: they cannot be stored or sent."""
    return None if header is None else header.encode(errors="surrogateescape").decode(errors="replace")
