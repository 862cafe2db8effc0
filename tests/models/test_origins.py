"""Origins: one form for every spelling of the same, and none for an address that parsers could read differently."""

import pytest

from models.origins import Origins, origin_of

ORIGIN = "https://api.example.com:443"


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example.com",
        "https://api.example.com/",
        "https://api.example.com:443/v1/items?q=https://evil.example",
        "HTTPS://API.Example.COM/v1",
        "https://api.example.com./v1",
        "https://api.example.com?x=1",
        "https://api.example.com#@evil.example",
    ],
)
def test_spellings_of_one_origin_are_the_same(address: str):
    assert origin_of(address) == ORIGIN


@pytest.mark.parametrize(
    "address",
    [
        "http://api.example.com",
        "https://api.example.com:8443",
        "https://api.example.com:80",
        "https://www.api.example.com",
        "https://example.com",
        "https://api.example.com.evil.example",
        "https://api.example.comevil.example",
        "https://evil.example/api.example.com",
        "https://evil.example?https://api.example.com",
        "https://api.example.com..",
    ],
)
def test_other_origins_are_others(address: str):
    assert origin_of(address) != ORIGIN
    assert not Origins.of(api=["https://api.example.com"], token=["https://api.example.com"]).allows_call(address)
    assert not Origins.of(api=["https://api.example.com"], token=["https://api.example.com"]).allows_token(address)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/v1/items",
        "api.example.com",
        "ftp://api.example.com",
        "https://",
        "https://api.example.com@evil.example",
        "https://user:word@api.example.com",
        "https://@api.example.com",
        "https://api.example.com\\@evil.example",
        "https://api.example.com%2eevil.example",
        "https://api example.com",
        "https://api.example.com:0",
        "https://api.example.com:99999",
        "https://bücher.example",
        "https://[fe80::1%25eth0]",
        " https://api.example.com",
    ],
)
def test_an_address_that_can_be_misread_has_no_origin(address: str):
    assert origin_of(address) is None
    assert not Origins.of(api=[address]).allows_call(address)


def test_an_ip_address_of_version_6_has_one_form():
    assert (
        origin_of("https://[2001:DB8:0:0::1]/")
        == origin_of("https://[2001:db8::1]:443")
        == "https://[2001:db8::1]:443"
    )


def test_the_stored_form_is_equal_for_equal_sets():
    first = Origins.of(api=["https://b.example", "https://a.example"], token=["https://t.example"])
    second = Origins.of(api=["https://a.example/x", "https://B.example:443"], token=["https://t.example."])

    assert first.text() == second.text()
    assert Origins.read(first.text()) == first
    assert Origins.read(None) == Origins.read("") == Origins()


def test_a_part_says_nothing_of_the_other():
    origins = Origins.of(api=["https://api.example"], token=["https://login.example"])

    assert (origins.allows_call("https://api.example"), origins.allows_token("https://api.example")) == (True, False)
    assert (origins.allows_call("https://login.example"), origins.allows_token("https://login.example")) == (
        False,
        True,
    )
