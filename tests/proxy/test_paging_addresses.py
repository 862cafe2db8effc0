"""Addresses of next pages: of the same origin, absolute, without secrets."""

from __future__ import annotations

import pytest

from models.vocabulary import StopReason
from tests.proxy.reading_pages import ADDRESS, LINK, URL, turned


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("https://api.example.com/v1/orders?page=2", "https://api.example.com/v1/orders?page=2"),
        ("https://API.example.com:443/2", "https://API.example.com:443/2"),
        ("/2?a=b#part", "https://api.example.com/2?a=b"),
        ("orders/2", "https://api.example.com/v1/orders/2"),
        ("?page=2", "https://api.example.com/v1/orders?page=2"),
        ("//api.example.com/2", "https://api.example.com/2"),
        ("/2?q=a b|ü%20", "https://api.example.com/2?q=a%20b%7C%C3%BC%20"),
    ],
)
@pytest.mark.parametrize("by", ["body", "header"])
def test_follows_addresses_of_the_origin(by, reference, url):
    link = ("Link", f'<{reference}>; rel="next"')

    page = turned(LINK, {"data": [1]}, link) if by == "header" else turned(ADDRESS, {"data": [1], "next": reference})

    assert (page.next.url, page.next.values) == (url, ())


@pytest.mark.parametrize(
    "reference",
    [
        *("https://other.example.com/2", "http://api.example.com/2", "https://api.example.com:8443/2"),
        *("//other.example.com/2", "https://api.example.com.evil.example/2", "https://u:p@api.example.com/2"),
        *(
            "https://api.example.com@evil.example/2",
            "https://evil.example\\@api.example.com/",
        ),
        *("ftp://api.example.com/2", "javascript:alert(1)", "https://[::1/2"),
        *("https://\u0430pi.example.com/2", "https://api.example.com\t.evil.example/2"),
    ],
)
@pytest.mark.parametrize("by", ["body", "header"])
def test_never_follows_to_another_origin(by, reference):
    link = ("Link", f'<{reference}>; rel="next"')

    page = turned(LINK, {"data": [1]}, link) if by == "header" else turned(ADDRESS, {"data": [1], "next": reference})

    assert (page.records, page.next, page.stop) == ([], None, None)
    assert page.fault.startswith("The next page ")


@pytest.mark.parametrize(
    "headers",
    [
        (("link", '</2>; rel="next"'),),
        (("LINK", "</2>; REL=NEXT"),),
        (("Link", '</0>; rel="first", </2>; title="a, <b>; rel=x"; rel="prefetch next"'),),
        (("Link", '</0>; rel="prev"'), ("Link", '</2>; rel="next"')),
    ],
)
def test_reads_link_headers(headers):
    assert turned(LINK, {"data": [1]}, *headers).next.url == "https://api.example.com/2"


def test_ends_without_a_link():
    assert turned(LINK, {"data": [1]}, ("Link", '</0>; rel="prev"')).stop is StopReason.END


def test_leaves_secrets_out_of_the_address_that_is_kept():
    body = {"data": [1], "next": "/2?a=1&api_key=k%2D1-secret&b=2"}

    page = turned(ADDRESS, body, secrets=["k-1-secret"])
    in_path = turned(ADDRESS, body | {"next": "/k-1-secret/2"}, secrets=["k-1-secret"])

    assert page.next.url == "https://api.example.com/2?a=1&b=2"
    assert in_path.fault.startswith("The address of the next page has a secret in its path, ")


def test_an_end_by_a_rule_needs_no_address():
    pagination = ADDRESS | {"stop": {"path": "last", "values": ["yes"]}}

    page = turned(pagination, {"data": [1], "last": "yes", "next": "https://other.example.com/2"})

    assert (page.records, page.stop, page.fault) == ([1], StopReason.END, None)


def test_the_own_address_as_the_next_one_is_a_loop():
    page = turned(ADDRESS, {"data": [1], "next": URL})

    assert (page.records, page.stop) == ([1], StopReason.CURSOR_REPEATED)
