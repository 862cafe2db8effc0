"""One exchange on a connection: the answer with its body decoded, or the failure in words that name no address."""

from __future__ import annotations

from models.errors import UpstreamFailed
from models.vocabulary import UpstreamFailure
from proxy.answer_reader import AnswerReader, AnswerTooLarge, BrokenAnswer
from proxy.coding import BrokenCoding, DecodedTooLarge, codings_of, decoded
from proxy.http1 import Connection
from proxy.inflight import Share
from proxy.message import Answer, Headers, OutboundRequest

_PARTIAL = 206


async def receive(
    connection: Connection, request: OutboundRequest, head: bytes, *, most: int, share: Share
) -> Answer:
    """Send the request and answer with its answer, of at most `most` bytes, also decoded. Raises UpstreamFailed."""
    reader = AnswerReader(most=most, is_head=request.method == "HEAD")
    try:
        await connection.exchange(head, request.body or b"", reader, share)
        headers = tuple([(_text(name), _text(value)) for name, value in reader.headers])
        body = await decoded(reader.body, _codings(reader.status, headers), most, share)
    except (AnswerTooLarge, DecodedTooLarge) as error:
        raise UpstreamFailed(
            f"The answer is larger than {most} bytes.",
            reason=UpstreamFailure.TOO_LARGE,
            external_status=reader.status,
        ) from error
    except (BrokenAnswer, BrokenCoding) as error:
        message = "The answer of the remote service is broken."
        raise UpstreamFailed(message, reason=UpstreamFailure.BAD_RESPONSE) from error
    except OSError as error:
        raise UpstreamFailed("The connection to the remote service broke.") from error
    kind = next((value for name, value in headers if name.lower() == "content-type"), None)
    return Answer(status=reader.status, headers=headers, content_type=_printable(kind), body=body)


def _codings(status: int, headers: Headers) -> tuple[str, ...]:
    """The codings to undo; none of a part of an encoded body (RFC 9110 §15.3.7)."""
    given = [value for name, value in headers if name.lower() == "content-encoding"]
    return codings_of(given) if given and status != _PARTIAL else ()


def _text(raw: bytes) -> str:
    return raw.decode(errors="surrogateescape")


def _printable(header: str | None) -> str | None:
    """Replace the lone surrogates for bytes outside UTF-8: they cannot be stored or sent."""
    return None if header is None else header.encode(errors="surrogateescape").decode(errors="replace")
