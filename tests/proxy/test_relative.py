"""Addresses that a caller names itself stay below the base."""

from __future__ import annotations

import pytest

from models.errors import InvalidInput
from proxy.relative import below

BASE = "https://api.example.com/v2"


def address(relative: str, *query: tuple[str, str], base: str = BASE) -> str:
    return below(base, relative, query, path=("path",))


@pytest.mark.parametrize(
    ("relative", "below_base"),
    [
        ("/files", "/files"),
        ("files", "/files"),
        ("", ""),
        ("/", "/"),
        ("/files/", "/files/"),
        ("/files?page=2&q=a%20b", "/files?page=2&q=a%20b"),
        ("?page=2", "?page=2"),
        ("/a b/ü?q=ü z", "/a%20b/%C3%BC?q=%C3%BC%20z"),
        ("/a%2Fb/%C3%BC", "/a%2Fb/%C3%BC"),
        ("/sites/https%3A%2F%2Fexample.com%2F/x", "/sites/https%3A%2F%2Fexample.com%2F/x"),  # Google Search Console
        ("/sites/https%3a%2f%2fexample.com%2f", "/sites/https%3a%2f%2fexample.com%2f"),
        ("/sites/sc-domain%3Aexample.com", "/sites/sc-domain%3Aexample.com"),
        ("/x/https%3A%2F%2Fa.example%2Fb%3Fc%3Dd%23e?f=g", "/x/https%3A%2F%2Fa.example%2Fb%3Fc%3Dd%23e?f=g"),
        ("https%3A%2F%2Fexample.com%2F", "/https%3A%2F%2Fexample.com%2F"),
        ("/x/https%253A%252F%252Fa.example", "/x/https%253A%252F%252Fa.example"),
        ("/projects/group%2Fproject", "/projects/group%2Fproject"),  # GitLab
        ("/a%2F%2Fb", "/a%2F%2Fb"),
        ("/arn%3Aaws%3As3%3A%3A%3Abucket%2Fkey", "/arn%3Aaws%3As3%3A%3A%3Abucket%2Fkey"),
        ("/users/me@example.com:send", "/users/me@example.com:send"),
        ("/v1.0/...", "/v1.0/..."),
        ("/a;b=1/c", "/a;b=1/c"),
        ("/x?next=https://b.example/../y//z", "/x?next=https://b.example/../y//z"),
        ("/100%25", "/100%25"),
        ('/a"<>|{}', "/a%22%3C%3E%7C%7B%7D"),
    ],
)
def test_stands_below_the_base(relative: str, below_base: str):
    assert address(relative) == BASE + below_base


def test_takes_a_base_with_a_slash_at_its_end():
    assert address("/files", base=f"{BASE}/") == address("files", base=f"{BASE}/") == f"{BASE}/files"


def test_adds_parameters_to_those_that_are_there():
    assert address("/a?b=1", ("c d", "e&f"), ("ü", "=")) == f"{BASE}/a?b=1&c%20d=e%26f&%C3%BC=%3D"


@pytest.mark.parametrize(
    "relative",
    [
        *("//evil.example/x", "///evil.example", "/a//b", "a//b", "/%2F%2Fevil", "/%2fa", "%2F%2Fevil"),
        *("/%252Fa", "%252F%252Fevil", "%2F/evil", "/sites/https://example.com/", "/a/https%3A//b"),
        *("/https%3A%2F%2Fa%2F..%2F..%2Fb", "/https%3A%2F%2Fa%2F%2e%2e", "/https%3A%5C%5Ca", "/a%2F%252e%252e"),
        *("https://evil.example/", "HTTPS:/x", "http:x", "javascript:x", "a+b:c", "mailto:a@b.c"),
        *("/..", "/../x", "..", "../x", "/a/../../x", "/a/..", "/.", "/./x", "/..;/x", "/..;a=b/x", "/ .. /x"),
        *("/%2e%2e/x", "/%2E./x", "/.%2e", "/..%2fx", "/a%2f..%2f..", "/%252e%252e/x", "/..%252fx", "/%2e"),
        *("\\\\evil.example", "/\\evil.example", "/a\\..\\b", "/..%5cx", "/%5c%5cevil", "/%255c..", "/a%5Cb"),
        *("/a\tb", "/a\nb", "/\x00", "/a%00b", "/a%0d%0aHost:%20x", "/%250a", "/a\x7f", "/\x85", "/a?b=\r\nc"),
        *("/a#b", "#", "/a%", "/a%zz", "/a?b=%", "/" + "a" * 8192, "/\ud800"),
    ],
)
def test_refuses_what_a_server_could_read_as_leaving_the_base(relative: str):
    with pytest.raises(InvalidInput) as refused:
        address(relative)

    assert refused.value.path == ("path",)
