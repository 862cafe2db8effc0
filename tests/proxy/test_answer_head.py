"""The head of an answer as callers see it: headers as sent, addresses absolute, times as times, secrets masked."""

from __future__ import annotations

import pytest

from proxy.answer_head import AnswerHead, read_head
from proxy.message import Answer
from tests.harness.effort import effort

URL = "https://api.example.com/v1/orders?page=1&key=k-4711-secret"
NOW = 1_700_000_000_500  # 2023-11-14T22:13:20.500Z
NEXT = "https://api.example.com/v1/orders?page=2"


def head(*headers: tuple[str, str], secrets: tuple[str, ...] = ()) -> AnswerHead:
    answer = Answer(status=200, headers=headers, content_type=None, body=b"")
    return read_head(answer, URL, now=NOW, secrets=secrets)


def test_a_head_alone_has_the_length_of_the_body_that_was_not_sent():
    sent = (("Content-Length", "1234"), ("Connection", "close"))
    answer = Answer(status=200, headers=sent, content_type=None, body=b"")

    assert read_head(answer, URL, now=NOW, secrets=(), is_head=True).headers == sent[:1]


def test_headers_are_those_of_a_transparent_proxy_as_they_were_sent():
    sent = [
        *(("ETag", '"a"'), ("X-RateLimit-Remaining", "0"), ("Cache-Control", "public, max-age=60"), ("link", "<a>")),
        *(("Retry-After", "1"), ("x-tag", "1"), ("X-Tag", "2"), ("WWW-Authenticate", 'Bearer error="x"')),
    ]
    kept_back = [
        *(
            ("Set-Cookie", "a=b"),
            ("Set-Cookie2", "a=b"),
            ("Connection", "x-hop"),
            ("X-Hop", "1"),
            ("Keep-Alive", "5"),
        ),
        *(("Transfer-Encoding", "chunked"), ("Proxy-Authenticate", "Basic"), ("Content-Length", "2")),
        *(("Strict-Transport-Security", "max-age=1"), ("Access-Control-Allow-Origin", "*"), ("X-Patchbay-A", "1")),
    ]

    assert head(*kept_back, *sent, *kept_back).headers == tuple(sent)


def test_secrets_are_masked_in_values_and_addresses():
    secret = "k-4711-secret"
    answer = head(
        ("X-Echo", f"Bearer {secret}"),
        ("Location", f"/a?key={secret}"),
        ("Link", f'<?page=2&key={secret}>; rel="next"'),
        secrets=(secret,),
    )

    assert answer.headers[0] == ("X-Echo", "Bearer ***")
    assert answer.location == "https://api.example.com/a?key=***"
    assert answer.next_page == "https://api.example.com/v1/orders?page=2&key=***"
    assert secret not in str(answer)


def test_bytes_outside_of_utf_8_are_latin_1():
    assert head(("X-A", b"gr\xfc\xdfe".decode(errors="surrogateescape"))).headers == (("X-A", "grüße"),)


@pytest.mark.parametrize(
    ("sent", "location"),
    [
        ("https://other.example/x", "https://other.example/x"),
        ("/v1/orders/17", "https://api.example.com/v1/orders/17"),
        ("17", "https://api.example.com/v1/17"),
        ("//cdn.example/x", "https://cdn.example/x"),
        ("app://done", "app://done"),
        ("", None),
        ("https://[x", None),
    ],
)
def test_a_location_is_absolute(sent, location):
    assert head(("Location", sent)).location == location
    assert head().location is None


@pytest.mark.parametrize(
    ("sent", "at"),
    [
        ("120", NOW + 120_000),
        ("0", NOW),
        ("Tue, 14 Nov 2023 22:15:00 GMT", 1_700_000_100_000),
        ("Tuesday, 14-Nov-23 22:15:00 GMT", 1_700_000_100_000),
        ("Tue Nov 14 22:15:00 2023", 1_700_000_100_000),
        ("Thu, 01 Jan 1970 00:00:00 GMT", NOW),
        ("9" * 30, 253_402_300_799_999),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_time_to_retry_is_read_in_both_forms(sent, at):
    assert head(("retry-after", sent)).retry_after == at
    assert head().retry_after is None


@pytest.mark.parametrize(
    "links",
    [
        [f'<{NEXT}>; rel="next"'],
        ['<?page=2>;rel=next;title="a"'],
        ["</v1/orders?page=2> ; REL = Next"],
        ['<x>; rel="prev", <?page=2>; rel="next", <y>; rel="last"'],
        ['<x>; rel="first"', '<?page=2>; title="a, b; rel=\\"prev\\" <z>"; rel="prev next"'],
        ['<?page=2>; title="<x>; rel=next"; rel="next"; rel="last"'],
        ['<z>; rel="next"; anchor="#other", <?page=2>; rel="start next"'],
        ['<ftp://a/b>; rel="next"', '<?page=2>; rel="next"'][1:],
    ],
)
def test_the_next_page_is_the_link_that_says_so(links):
    assert head(*(("Link", link) for link in links)).next_page == NEXT


@pytest.mark.parametrize(
    "link",
    [
        *(
            "",
            "next",
            '<?page=2>; rel="prev"',
            '<?page=2>; rel="last"; rel="next"',
            '<?page=2>; rev="next"',
            "<?page=2>",
        ),
        *(
            '<?page=2>; rel="https://example.com/next"',
            '<javascript:x>; rel="next"',
            "<https://[x>; rel=next",
            "<>;;=;",
        ),
        *('<?page=2; rel="next"', '<?page=2>; title="; rel=next'),
    ],
)
def test_no_other_link_is_the_next_page(link):
    assert head(("Link", link)).next_page is None


@pytest.mark.parametrize("piece", ["<", "<a>", '<a>\\"', '<a>"', ",", ";", "; ", " ", "<a>;a=", '\\"', '<a>;a="\\'])
def test_a_long_header_of_links_is_read_in_no_time(piece):
    with effort() as spent:
        head(("Link", ('"' + piece * 64_000)[:64_000]), ("Link", ('<a>"' + piece * 64_000)[:64_000]))

    assert spent.seconds < 1
