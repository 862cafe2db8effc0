"""URLs of receivers, and the headers of their own that go there."""

from __future__ import annotations

import pytest

from proxy.endpoint import canonical_endpoint, endpoint_objection, own_header_problem
from proxy.guard import EgressPolicy, parse_allowances
from proxy.target import target_of

CLOSED = EgressPolicy()

SPELLINGS = {
    "HTTPS://Hooks.Example.COM": "https://hooks.example.com/",
    "https://hooks.example.com.:443": "https://hooks.example.com/",
    "https://hooks.example.com:8443/In?a=1&a=2": "https://hooks.example.com:8443/In?a=1&a=2",
    "https://hooks.example.com?token=a%2Fb": "https://hooks.example.com/?token=a%2Fb",
    "https://BÜCHER.example/ä?q=ü": "https://xn--bcher-kva.example/%C3%A4?q=%C3%BC",
    "https://straße.example/": "https://xn--strae-oqa.example/",
    "https://bücher。example/": "https://xn--bcher-kva.example/",
    "https://xn--bcher-kva.example/": "https://xn--bcher-kva.example/",
    "https://💩.example/": "https://xn--ls8h.example/",
    'https://a.example/{x}|"<y>"': "https://a.example/%7Bx%7D%7C%22%3Cy%3E%22",
    "https://a.example//x/;p=1/../y": "https://a.example//x/;p=1/../y",
    "https://8.8.8.8/": "https://8.8.8.8/",
    "https://[2606:4700:4700:0:0:0:0:1111]/": "https://[2606:4700:4700::1111]/",
    "https://[::ffff:8.8.8.8]/": "https://8.8.8.8/",
    "https://a_b.example/": "https://a_b.example/",
}

OBJECTIONS = {
    "": "Give an absolute https URL, such as https://example.com/events.",
    "hooks.example.com/in": "Give an absolute https URL, such as https://example.com/events.",
    "//hooks.example.com/in": "Give an absolute https URL, such as https://example.com/events.",
    "ftp://a.example/": "Give an absolute https URL, such as https://example.com/events.",
    "javascript://a.example/%0aalert(1)": "Give an absolute https URL, such as https://example.com/events.",
    "http://a.example/": "Plain http goes only to networks that the operator allows; use https.",
    "https://me:secret@a.example/": "A URL to call has no user name or password; enter them as a header.",
    "https://@a.example/": "A URL to call has no user name or password; enter them as a header.",
    "https://a.example/x#part": "A URL to call has no fragment; leave out # and the text behind it.",
    "https://a.example#": "A URL to call has no fragment; leave out # and the text behind it.",
    "https:///in": "The URL's host is neither a name such as example.com nor an IP address.",
    "https://a..example/": "The URL's host is neither a name such as example.com nor an IP address.",
    "https://a.example../": "The URL's host is neither a name such as example.com nor an IP address.",
    "https://ex%61mple.com/": "The URL's host is neither a name such as example.com nor an IP address.",
    f"https://{'a' * 64}.example/": "The URL's host is neither a name such as example.com nor an IP address.",
    f"https://{'a.' * 127}example/": "The URL's host is neither a name such as example.com nor an IP address.",
    "https://a$b.example/": "The URL's host is neither a name such as example.com nor an IP address.",
    "https://[::1/": "The URL's host or port cannot be read; write https://example.com or https://example.com:8443.",
    "https://[1.2.3.4]/": "The URL's host in brackets is not an IPv6 address.",
    "https://[v1.a]/": "The URL's host in brackets is not an IPv6 address.",
    "https://2606:4700::1/": (
        "The URL's host or port cannot be read; write https://example.com or https://example.com:8443."
    ),
    "https://a.example:http/": (
        "The URL's host or port cannot be read; write https://example.com or https://example.com:8443."
    ),
    "https://a.example:٤٤٣/": (
        "The URL's host or port cannot be read; write https://example.com or https://example.com:8443."
    ),
    "https://a.example:0/": "A port is a number from 1 to 65535.",
    "https://a.example:65536/": "A port is a number from 1 to 65535.",
    "https://a.example/%zz": "A % in a URL is followed by two hexadecimal digits; write %25 for the sign itself.",
    "https://999.1.2.3/": "The host is not an address.",
}
UNSEEN = ["\n", "\r\n", "\t", " ", "\x00", "\x7f", "\u00a0", "\u200b", "\u202e", "\u2028", "\ufeff", "\\", "\ud800"]
INNER = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f.0.0.1/",
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    "https://10.0.0.8/",
    "https://169.254.169.254/latest/meta-data/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.8]/",
    "https://[64:ff9b::a00:8]/",
    "https://[fe80::1%25eth0]/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://hub.localhost/",
    "https://vault.internal/",
    "https://intranet/",
]
PORTS = [21, 22, 23, 25, 53, 110, 143, 445, 465, 587, 993, 1433, 1521, 2375, 3306, 3389, 5432, 5672, 6379, 6667]
PORTS += [9092, 11211, 27017]


@pytest.mark.parametrize(("url", "spelling"), SPELLINGS.items())
def test_has_one_spelling_for_each_url_that_can_be_called(url, spelling):
    assert endpoint_objection(CLOSED, url) is None
    assert canonical_endpoint(url) == spelling
    assert canonical_endpoint(spelling) == spelling
    assert target_of(spelling)


@pytest.mark.parametrize(("url", "objection"), OBJECTIONS.items())
def test_says_its_objection_to_a_url(url, objection):
    assert endpoint_objection(CLOSED, url) == objection


@pytest.mark.parametrize("sign", UNSEEN)
@pytest.mark.parametrize(
    "form", ["{}https://a.example/", "https://a{}.example/", "https://a.example/{}", "h{}ttps://a.example/"]
)
def test_refuses_signs_that_parsers_drop_or_nobody_sees(form, sign):
    url = form.format(sign)

    assert endpoint_objection(CLOSED, url).startswith("A URL has no blanks, control characters, invisible characters")
    with pytest.raises(ValueError, match="A URL has no blanks"):
        canonical_endpoint(url)


@pytest.mark.parametrize("url", INNER)
def test_refuses_inner_hosts_in_every_spelling(url):
    assert endpoint_objection(CLOSED, url) == "The egress policy does not allow this address."


@pytest.mark.parametrize("port", PORTS)
def test_refuses_ports_of_other_protocols(port):
    objection = endpoint_objection(CLOSED, f"https://a.example:{port}/")

    assert objection == (
        f"Port {port} belongs to another protocol than HTTP; use 443, or another port of an HTTP server."
    )


@pytest.mark.parametrize("port", [80, 443, 3000, 5000, 8000, 8080, 8443, 9000, 9443, 49152, 65535])
def test_takes_ports_of_http_servers(port):
    assert endpoint_objection(CLOSED, f"https://a.example:{port}/") is None


def test_counts_its_length_before_and_after_encoding():
    longest = "https://a.example/".ljust(2048, "x")

    assert endpoint_objection(CLOSED, longest) is None
    assert endpoint_objection(CLOSED, f"{longest}x") == "A URL has at most 2048 characters."
    assert endpoint_objection(CLOSED, "https://a.example/" + "ü" * 400) == (
        "A URL has at most 2048 characters after percent-encoding."
    )


def test_takes_plain_http_where_the_operator_allows_it():
    policy = EgressPolicy(parse_allowances("127.0.0.0/8:9000"))

    assert endpoint_objection(policy, "http://127.0.0.1:9000/in") is None
    assert endpoint_objection(policy, "http://receiver:9000/in") is None
    assert endpoint_objection(policy, "http://127.0.0.1:9001/in") is not None


HUBS = """
    webhook-id Webhook-Id WEBHOOK-TIMESTAMP webhook-signature webhook_signature webhook.id webhook-anything
    patchbay-attempt Patchbay_Attempt PATCHBAY-anything x-patchbay-id
    Host host Content-Length Content_Length Content-Type content-type CONTENT_TYPE Transfer-Encoding transfer_encoding
    Connection Keep-Alive TE Trailer Trailers Upgrade Expect Proxy-Authorization proxy_connection HTTP2-Settings
    User-Agent user_agent Content-Encoding Accept-Encoding Cookie Forwarded X-Forwarded-For Via
"""


@pytest.mark.parametrize("name", HUBS.split())
def test_refuses_own_headers_that_the_hub_sets(name):
    assert own_header_problem(name, "a value").startswith(f"The header {name} is set by the hub and cannot be given")


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "X_Key", "Webhook", "Accept"])
def test_takes_other_headers(name):
    assert own_header_problem(name, "Bearer äé") is None


@pytest.mark.parametrize("name", ["", "a b", "a:", "ä", "a\n", "x" * 121])
def test_refuses_names_that_are_no_tokens(name):
    assert own_header_problem(name, "x").startswith("A header name consists of")


@pytest.mark.parametrize("value", ["secret\r\nHost: evil", "secret\n", "secret\x00", "secret\u2028", "secret\ud800"])
def test_refuses_values_that_cannot_be_sent_without_repeating_them(value):
    assert own_header_problem("X-Key", value) == "A header value must not contain line breaks or control characters."
