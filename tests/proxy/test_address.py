"""Addresses stay on their base host and path prefix, whatever is put into them."""

from __future__ import annotations

import pytest
from yarl import URL

from models.errors import InvalidInput
from proxy.address import (
    Slot,
    build_url,
    check_base_url,
    check_endpoint,
    check_oauth_url,
    check_path,
    parse_endpoint,
    template_names,
)

NOT_ABSOLUTE = "Give an absolute https or http address; a host outside ASCII in its xn-- form, no user name."
BAD_PORT = "Give an absolute https or http address with a host, and a port from 1 to 65535 if any."
STEPS_UP = r". .. ../x x/.. ..\x a/../../b %2e%2e ..%2f ..%2F.. %2E. %252e%252e%252f ..;x=1 .%2e/ x/./y"
BASE = "https://api.example.com/v1"
ENDPOINT = parse_endpoint("/items/{sku}/stock")


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("//evil.example", "%2F%2Fevil.example"),
        ("https://evil.example/x", "https%3A%2F%2Fevil.example%2Fx"),
        ("@evil.example", "%40evil.example"),
        ("\\\\evil.example", "%5C%5Cevil.example"),
        ("a/b", "a%2Fb"),
        ("a?admin=1", "a%3Fadmin%3D1"),
        ("a#b", "a%23b"),
        ("a;b", "a%3Bb"),
        ("a b+c", "a%20b%2Bc"),
        ("100%", "100%25"),
        ("%2f", "%252f"),
        ("...", "..."),
        ("v1.2", "v1.2"),
        ("ä€", "%C3%A4%E2%82%AC"),
        ("a\r\nHost: evil", "a%0D%0AHost%3A%20evil"),
    ],
)
def test_a_value_is_one_segment(value, segment):
    url = build_url(BASE, ENDPOINT, {"sku": value})

    assert url == f"https://api.example.com/v1/items/{segment}/stock"
    assert URL(url, encoded=True).raw_host == "api.example.com"


@pytest.mark.parametrize("value", STEPS_UP.split())
def test_refuses_a_value_that_a_server_could_read_as_a_step_up(value):
    with pytest.raises(InvalidInput) as refusal:
        build_url(BASE, ENDPOINT, {"sku": value})

    assert refusal.value.path == ("inputs", "sku")


def test_refuses_an_empty_value_which_would_name_another_resource():
    with pytest.raises(InvalidInput) as refusal:
        build_url(BASE, ENDPOINT, {"sku": ""}, path=("input", "inputs"))

    assert refusal.value.path == ("input", "inputs", "sku")
    assert refusal.value.violations[0].message == "It is part of the address and must not be empty."


def test_refuses_two_values_that_make_a_step_up_together():
    with pytest.raises(InvalidInput):
        build_url(BASE, parse_endpoint("/items/.{a}/x"), {"a": ".%2e"})
    with pytest.raises(InvalidInput):
        build_url(BASE, (Slot("a"), Slot("b")), {"a": "/.", "b": "."})


def test_an_absolute_endpoint_needs_no_base_and_ignores_one():
    endpoint = parse_endpoint("https://shop.example.com:8443/v2/{id}?expand=all")

    assert (
        build_url(BASE, endpoint, {"id": "7"}, [("q", "a&b")])
        == "https://shop.example.com:8443/v2/7?expand=all&q=a%26b"
    )


def test_a_relative_endpoint_needs_a_base():
    with pytest.raises(InvalidInput) as refusal:
        build_url(None, ENDPOINT, {"sku": "1"})

    assert refusal.value.path == ("endpoint",)


def test_encodes_query_names_and_values():
    url = build_url(f"{BASE}/", ("/items",), {}, [("a b", "c=d&e"), ("a b", "ü"), ("empty", "")])

    assert url == "https://api.example.com/v1/items?a%20b=c%3Dd%26e&a%20b=%C3%BC&empty="


def test_reads_the_inputs_that_an_endpoint_names():
    assert parse_endpoint("/a/{x}/b{y-1}") == ("/a/", Slot("x"), "/b", Slot("y-1"))
    assert template_names("/a/{x}/b{y-1}") == ("x", "y-1")
    assert template_names("/a") == ()


@pytest.mark.parametrize(
    "endpoint",
    [
        "/",
        "/items",
        "/items/{id}",
        "/items/{id}.json?expand=a,b&x=%20/?",
        "/users/@me",
        "https://api.example.com/v1/{id}",
        "https://api.example.com:8443",
        "http://127.0.0.1:9000/x",
        "HTTPS://API.Example.com/v1/{id}",
    ],
)
def test_takes_good_endpoints(endpoint):
    assert check_endpoint(endpoint) is None


@pytest.mark.parametrize(
    ("endpoint", "objection"),
    [
        ("items", NOT_ABSOLUTE),
        ("", NOT_ABSOLUTE),
        ("ftp://x.example/", NOT_ABSOLUTE),
        ("https://me@x.example/", NOT_ABSOLUTE),
        ("https:///x", NOT_ABSOLUTE),
        ("https://x.example:port/", BAD_PORT),
        ("https://x.example:0/", BAD_PORT),
        ("https://x.example:70000/", BAD_PORT),
        ("https://{host}/x", "A template may be in the path only, never in the host."),
        ("https://x{host}", "A template may be in the path only, never in the host."),
        ("//evil.example/x", "A path may not have two slashes in a row."),
        ("/a/../b", "A path may not have `.` or `..` as a segment."),
        ("/a/%2e%2E/b", "A path may not have `.` or `..` as a segment."),
        ("/a/..;v=1/b", "A path may not have `.` or `..` as a segment."),
        ("/a b", "The path has characters that must be percent-encoded."),
        ("/a\\b", "The path has characters that must be percent-encoded."),
        ("/a\r\nHost: x", "The path has characters that must be percent-encoded."),
        ("/a%zz", "The path has characters that must be percent-encoded."),
        ("/a#b", "The path has characters that must be percent-encoded."),
        ("/a/{", "The path has characters that must be percent-encoded."),
        ("/a/{x y}", "The path has characters that must be percent-encoded."),
        ("/a?q={x}", "A template may be in the path only; declare the input with the place QUERY."),
        ("/a?q=ü", "The query has characters that must be percent-encoded."),
        ("/a?q=1#b", "The query has characters that must be percent-encoded."),
        ("/{a}/{a}", "The endpoint names an input twice; name each input once."),
        ("/" + "a" * 2048, "An endpoint has at most 2048 characters."),
    ],
)
def test_says_why_an_endpoint_cannot_be_declared(endpoint, objection):
    assert check_endpoint(endpoint) == objection


@pytest.mark.parametrize("path", ["v1", "", "//evil.example", "/..", "/a?b=1", "/a#b", "/%2e", "\\\\evil"])
def test_refuses_raw_paths_that_could_leave_the_base(path):
    assert check_path(path) is not None


@pytest.mark.parametrize(
    "url",
    [
        BASE,
        "https://x.example",
        "https://[2606:4700::1]:8443/a/",
        "HTTPS://API.EXAMPLE.COM/v1",
        "Http://127.0.0.1:80",
    ],
)
def test_takes_good_bases(url):
    assert check_base_url(url) is None


@pytest.mark.parametrize(
    "url",
    ["https://x.example/?a", "https://x.example/#a", "https://x.example/../a", "https://ü.example", "x", ""],
)
def test_refuses_bases_with_more_than_host_and_path(url):
    assert check_base_url(url) is not None


@pytest.mark.parametrize("url", ["https://x.example", "https://x.example/token?a=1&b=%20", "HTTPS://X.EXAMPLE?a"])
def test_takes_oauth_addresses_with_and_without_a_query(url):
    assert check_oauth_url(url) is None


@pytest.mark.parametrize(
    ("url", "objection"),
    [
        ("https://x.example/a?b=1#c", "The query has characters that must be percent-encoded."),
        ("https://x.example/a?b=\r\nc", "The query has characters that must be percent-encoded."),
        ("https://x.example/../a?b=1", "A path may not have `.` or `..` as a segment."),
    ],
)
def test_refuses_oauth_addresses_that_cannot_be_called(url, objection):
    assert check_oauth_url(url) == objection
