"""Answers as bytes: whole ones in any pieces, and those that are refused."""

from __future__ import annotations

import pytest

from proxy.answer_reader import MAX_HEAD_BYTES, MAX_HEADERS, AnswerReader, AnswerTooLarge, BrokenAnswer

PART = b"HTTP/1.1 200 OK\r\n"
CHUNKED = PART + b"Transfer-Encoding: chunked\r\n\r\n"
ANSWERS = {
    "length": PART + b"Content-Length: 2\r\n\r\n{}",
    "chunked": CHUNKED + b"1\r\n{\r\n1;of=a-chunk\r\n}\r\n0\r\nX-Trailer: 1\r\n\r\n",
    "interim": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    + PART
    + b"Content-Length: 2\r\n\r\n{}",
    "line feeds": PART.replace(b"\r", b"") + b"Content-Length: 2\n\n{}",
    "space behind a size": CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n",
}
BROKEN = {
    "two lengths": PART + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
    "the same length twice": PART + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "a list of lengths": PART + b"Content-Length: 2, 2\r\n\r\n{}",
    "a signed length": PART + b"Content-Length: +2\r\n\r\n{}",
    "length and chunked": PART + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked and length": PART + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "another coding": PART + b"Transfer-Encoding: gzip\r\n\r\n{}",
    "two codings": PART + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "chunked in 1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "another version": b"HTTP/2.0 200 OK\r\n\r\n",
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "another protocol, announced": b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nx",
    "a folded header": PART + b"X-A: a\r\n b\r\n\r\n",
    "a space before a colon": PART + b"Content-Length : 2\r\n\r\n{}",
    "NUL in a header": PART + b"X-A: \0\r\n\r\n",
    "too many headers": PART + b"X-A: a\r\n" * (MAX_HEADERS + 1) + b"\r\n",
    "a head without an end": PART + b"X-A: " + b"a" * (MAX_HEAD_BYTES + 1),
    "interim answers without an end": b"HTTP/1.1 100 Continue\r\n\r\n" * 3000,
    "trailers without an end": CHUNKED + b"2\r\n{}\r\n0\r\n" + b"X-A: a\r\n" * 10_000,
    "an extension without an end": CHUNKED + b"2;" + b"a" * (MAX_HEAD_BYTES + 1),
}


def read(raw: bytes, step: int, most: int = 1000, *, is_head: bool = False) -> AnswerReader:
    reader = AnswerReader(most=most, is_head=is_head)
    for start in range(0, len(raw), step):
        reader.feed(raw[start : start + step])
    return reader


@pytest.mark.parametrize("step", [1, 7, 100_000])
@pytest.mark.parametrize("raw", ANSWERS.values(), ids=ANSWERS.keys())
def test_reads_a_whole_answer_in_any_pieces(raw, step):
    reader = read(raw, step)

    assert (reader.status, reader.body, reader.complete, reader.keeps_open) == (200, b"{}", True, True)
    assert {name.lower() for name, _ in reader.headers} <= {b"content-length", b"transfer-encoding"}


@pytest.mark.parametrize("step", [999, 1_000_000])
@pytest.mark.parametrize("raw", BROKEN.values(), ids=BROKEN.keys())
def test_refuses_what_is_ambiguous_or_endless(raw, step):
    with pytest.raises(BrokenAnswer):
        read(raw, step)


def test_says_that_nobody_asked_for_another_protocol():
    with pytest.raises(BrokenAnswer, match="it switches to a protocol that was not asked for"):
        read(BROKEN["another protocol"], 1000)


def test_takes_a_head_of_many_large_headers():
    raw = (
        PART + b"X-A: " + b"a" * 60_000 + b"\r\n" + b"X-B: b\r\n" * (MAX_HEADERS - 2) + b"Content-Length: 2\r\n\r\n{}"
    )

    assert len(read(raw, 16_384).headers) == MAX_HEADERS


@pytest.mark.parametrize("raw", [PART + b"Content-Length: 3\r\n\r\n", CHUNKED + b"3\r\nabc", PART + b"\r\nabc"])
def test_refuses_a_body_beyond_the_limit_as_soon_as_it_shows(raw):
    with pytest.raises(AnswerTooLarge):
        read(raw, 1000, most=2)


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        (PART + b"\r\nabc", True),
        (b"HTTP/1.0 200 OK\r\n\r\nabc", True),
        (PART + b"Content-Length: 4\r\n\r\nabc", False),
        (CHUNKED + b"3\r\nabc\r\n", False),
        (PART + b"X-A: a\r\n", False),
    ],
)
def test_the_end_of_the_connection_ends_only_a_body_without_a_length(raw, whole):
    reader = read(raw, 1000)

    if whole:
        reader.end()
        assert (reader.body, reader.complete, reader.keeps_open) == (b"abc", True, False)
    else:
        with pytest.raises(BrokenAnswer):
            reader.end()


@pytest.mark.parametrize("raw", [ANSWERS["length"], PART + b"Transfer-Encoding: chunked\r\n\r\n"])
def test_the_answer_to_a_head_has_no_body_whatever_it_announces(raw):
    reader = read(raw, 1000, is_head=True)

    assert (reader.body, reader.complete, reader.keeps_open) == (b"", True, False)


@pytest.mark.parametrize("more", [b"x", ANSWERS["length"], PART + b"X-A: a\r\n" * 600])
def test_bytes_that_follow_end_the_connection_but_not_the_answer(more):
    reader = read(ANSWERS["length"] + more, 100_000)

    assert (reader.status, reader.body, reader.complete, reader.keeps_open) == (200, b"{}", True, False)
