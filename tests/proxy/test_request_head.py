"""The head of a request: nothing in it ends a line, and its framing is the client's own."""

from __future__ import annotations

import pytest

from models.errors import InvalidInput, UpstreamBlocked
from proxy.request_head import head_of
from proxy.target import target_of
from tests.proxy.sending import request

URL = "http://a.example/ok"


def head(url: str = URL, **fields: object) -> list[str]:
    made = request(url, **fields)
    return head_of(made, *target_of(url)).decode().split("\r\n")


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "content-length", "Transfer-Encoding", "connection", "Keep-Alive", "TE", "Trailer", "Upgrade"),
        *("Expect", "X-Evil\r\nHost", "X Evil", "X-Evil:", ""),
    ],
)
def test_refuses_headers_of_the_client_itself_and_names_that_are_none(name):
    with pytest.raises(InvalidInput) as refusal:
        head(headers=((name, "1"),))

    assert refusal.value.path == ("headers",)


@pytest.mark.parametrize("value", ["a\rb", "a\nb", "a\0b", "a\r\nb: c", "\ud800"])
def test_refuses_values_that_would_end_the_line(value):
    with pytest.raises(InvalidInput) as refusal:
        head(headers=(("X-Name", value),))

    assert refusal.value.path == ("headers",)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("body", [b"", b"GET / HTTP/1.1\r\n\r\n"])
def test_refuses_a_body_with_get_and_head(method, body):
    with pytest.raises(InvalidInput) as refusal:
        head(method=method, body=body)

    assert refusal.value.path == ("body",)


@pytest.mark.parametrize("method", ["GET /evil HTTP/1.1\r\nX:", "", "G T"])
def test_refuses_a_method_that_is_none(method):
    with pytest.raises(InvalidInput):
        head(method=method)


@pytest.mark.parametrize(
    ("method", "body", "lengths"),
    [
        ("GET", None, []),
        ("DELETE", None, []),
        ("DELETE", b"", ["Content-Length: 0"]),
        ("POST", None, ["Content-Length: 0"]),
        ("PUT", b"abc", ["Content-Length: 3"]),
    ],
)
def test_says_the_length_of_the_body_once(method, body, lengths):
    lines = head(method=method, body=body)

    assert [line for line in lines if line.startswith(("Content-Length", "Transfer-Encoding"))] == lengths


def test_given_headers_replace_those_that_every_request_has():
    lines = head(headers=(("accept", "text/plain"), ("USER-AGENT", "theirs")), pooled=False)

    assert lines == [
        "GET /ok HTTP/1.1",
        "Host: a.example",
        "Accept-Encoding: gzip, deflate",
        "accept: text/plain",
        "USER-AGENT: theirs",
        "Connection: close",
        "",
        "",
    ]


@pytest.mark.parametrize(
    ("url", "host", "rest"),
    [
        ("http://A.Example.:80", "a.example", "/"),
        ("https://a.example:443/a%2Fb?q=%20x&q=#part", "a.example", "/a%2Fb?q=%20x&q="),
        ("http://a.example?q", "a.example", "/?q"),
        ("http://[2001:DB8::1]:8080/", "[2001:db8::1]:8080", "/"),
    ],
)
def test_sends_host_and_path_as_they_are_meant(url, host, rest):
    origin, sent = target_of(url)

    assert (origin.authority, sent) == (host, rest)


@pytest.mark.parametrize(
    "url",
    [
        *("", "/ok", "ftp://a.example/", "http://", "http://./", "http://user@a.example/", "http://:pass@a.example/"),
        *("http://a.example:0/", "http://a.example:65536/", "http://a.example/a b", "http://a.example/\r\nX: 1"),
        *(
            "http://a.example/ä",
            "http://ä.example/",
            "http://a\r\n.example/",
            "http://[::1/",
            "http://a.example/?\x7f",
        ),
    ],
)
def test_refuses_what_cannot_be_called(url):
    with pytest.raises(UpstreamBlocked):
        target_of(url)
