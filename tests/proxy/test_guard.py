"""The policy: which addresses may be called."""

from __future__ import annotations

import json
from ipaddress import ip_network
from pathlib import Path

import pytest

from proxy.guard import Allowance, EgressPolicy, parse_allowances

VECTORS = Path(__file__).parent / "vectors"
ADDRESSES = json.loads((VECTORS / "addresses.json").read_text())
SPELLINGS = json.loads((VECTORS / "spellings.json").read_text())
CLOSED = EgressPolicy()


def test_has_all_the_vectors():
    assert (len(ADDRESSES["denied"]), len(ADDRESSES["allowed"]), len(SPELLINGS)) == (44, 10, 55)


@pytest.mark.parametrize("address", ADDRESSES["denied"])
def test_denies_what_is_not_public_unicast(address):
    assert not CLOSED.allows(address, 443, secure=True)


@pytest.mark.parametrize("address", ADDRESSES["allowed"])
def test_allows_public_unicast(address):
    assert CLOSED.allows(address, 443, secure=True)


@pytest.mark.parametrize("address", ADDRESSES["allowed"])
def test_denies_plain_http_to_public_addresses(address):
    assert not CLOSED.allows(address, 80, secure=False)


def test_judges_the_address_inside_an_ipv4_mapped_one():
    assert CLOSED.allows("::ffff:8.8.8.8", 443, secure=True)
    assert not CLOSED.allows("::ffff:192.168.1.1", 443, secure=True)


@pytest.mark.parametrize("text", ["", "example.com", "127.1", "1.2.3.4/24", "[::1]"])
def test_denies_text_that_is_no_address(text):
    assert not CLOSED.allows(text, 443, secure=True)


def test_an_allowance_opens_its_network_on_its_port_only():
    policy = EgressPolicy(parse_allowances("10.1.2.0/24:8443"))

    assert policy.allows("10.1.2.3", 8443, secure=True)
    assert policy.allows("10.1.2.3", 8443, secure=False)
    assert not policy.allows("10.1.2.3", 8444, secure=True)
    assert not policy.allows("10.1.3.3", 8443, secure=True)


def test_an_allowance_without_a_port_opens_all_ports_also_for_the_mapped_form():
    policy = EgressPolicy(parse_allowances("127.0.0.0/8"))

    assert policy.allows("127.0.0.1", 1, secure=False)
    assert policy.allows("::ffff:127.0.0.1", 65535, secure=False)
    assert not policy.allows("::1", 1, secure=False)


def test_reads_allowances_of_both_families_with_and_without_ports():
    read = parse_allowances(" 127.0.0.0/8, 10.1.2.0/24:8443,[fd00::]/8:8443 ,fd00::/8,[::1]:9000,10.0.0.7,")

    assert read == (
        Allowance(ip_network("127.0.0.0/8")),
        Allowance(ip_network("10.1.2.0/24"), 8443),
        Allowance(ip_network("fd00::/8"), 8443),
        Allowance(ip_network("fd00::/8")),
        Allowance(ip_network("::1/128"), 9000),
        Allowance(ip_network("10.0.0.7/32")),
    )


def test_reads_nothing_from_empty_text():
    assert parse_allowances("") == ()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("localhost", "`localhost` is not a network such as 10.1.2.0/24, with or without :port."),
        ("10.1.2.3/24", "`10.1.2.3/24` is not a network such as 10.1.2.0/24, with or without :port."),
        ("10.0.0.0/33", "`10.0.0.0/33` is not a network such as 10.1.2.0/24, with or without :port."),
        ("fd00::/8:8443", "`fd00::/8:8443` is not a network such as 10.1.2.0/24, with or without :port."),
        ("10.0.0.0/8:0", "`10.0.0.0/8:0` has a port that is not a number from 1 to 65535."),
        ("10.0.0.0/8:65536", "`10.0.0.0/8:65536` has a port that is not a number from 1 to 65535."),
        ("10.0.0.0/8:http", "`10.0.0.0/8:http` has a port that is not a number from 1 to 65535."),
        ("10.0.0.0/8:", "`10.0.0.0/8:` ends without a port after the colon."),
    ],
)
def test_says_which_allowance_cannot_be_read(text, sentence):
    with pytest.raises(ValueError, match="`") as refusal:
        parse_allowances(f"127.0.0.0/8,{text}")

    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    "spelling", [text for text in SPELLINGS if not any(n in text for n in ("nip.", "/inner.", "/both."))]
)
def test_objects_to_every_spelling_of_an_inner_address_without_the_network(spelling):
    assert CLOSED.objection(spelling.format(port=8443)) is not None


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/v1?x=1",
        "https://api.example.com:8443/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://xn--bcher-kva.example/",
        "https://10.example.com/",
    ],
)
def test_has_no_objection_to_public_addresses(url):
    assert CLOSED.objection(url) is None


@pytest.mark.parametrize(
    ("url", "objection"),
    [
        ("file:///etc/passwd", "This is not an absolute https address."),
        ("ftp://example.com/", "Only https addresses are called."),
        ("gopher://127.0.0.1:6379/_INFO", "Only https addresses are called."),
        ("/v1/items", "This is not an absolute https address."),
        ("https://", "This is not an absolute https address."),
        ("https://a b/", "This is not an absolute https address."),
        ("https://example.com:0/", "This is not an absolute https address."),
        ("https://example.com:99999/", "This is not an absolute https address."),
        ("https://me@example.com/", "An address may not carry a user name or password."),
        (
            "http://example.com/",
            "Plain http goes only to networks that the operator allows; use https.",
        ),
        ("https://999.1.2.3/", "The host is not an address."),
        ("https://intranet/", "The egress policy does not allow this address."),
        ("https://vault.internal/", "The egress policy does not allow this address."),
    ],
)
def test_says_what_it_objects_to(url, objection):
    assert CLOSED.objection(url) == objection


def test_has_no_objection_to_what_the_operator_opened():
    policy = EgressPolicy(parse_allowances("127.0.0.0/8:9000"))

    assert policy.objection("http://127.0.0.1:9000/") is None
    assert policy.objection("http://localhost:9000/") is None
    assert policy.objection("http://billing:9000/") is None
    assert policy.objection("http://localhost:9001/") is not None
    assert policy.objection("https://billing:9001/") is not None
