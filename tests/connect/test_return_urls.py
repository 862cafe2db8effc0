"""Where people may be sent afterwards: at or below a listed prefix, compared in parts."""

from __future__ import annotations

import pytest

from resolvers.connect.return_urls import is_allowed, with_result
from tests.connect.people import make_integration
from tests.harness.rows import changes, snapshot

LISTED = ["https://app.example.com/connected", "https://other.example.com:8443/", "http://127.0.0.1:3000/"]
UPDATE = """mutation($input: UpdateOrganizationInput!) { updateOrganization(input: $input) {
  __typename ... on OrganizationPayload { organization { returnUrls } } } }"""


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/connected",
        "https://app.example.com/connected/",
        "https://app.example.com/connected/here?a=b&c",
        "https://app.example.com/connected?a=//x",
        "https://APP.example.com:443/connected",
        "https://other.example.com:8443",
        "https://other.example.com:8443/any/where",
        "http://127.0.0.1:3000/",
    ],
)
def test_allows_what_is_at_or_below_a_prefix(url):
    assert is_allowed(url, LISTED)


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example.com/",
        "https://app.example.com/connectedly",
        "https://app.example.com/connected-evil",
        "https://app.example.com.evil.example/connected",
        "https://app.example.com@evil.example/connected",
        "https://evil.example/https://app.example.com/connected",
        "https://user:pass@app.example.com/connected",
        "https://@app.example.com/connected",
        "http://app.example.com/connected",
        "https://app.example.com:444/connected",
        "https://other.example.com/",
        "https://app.example.com/connected/../admin",
        "https://app.example.com/connected/%2e%2e/admin",
        "https://app.example.com/connected/%252e%252e/admin",
        "https://app.example.com/connected/..;/admin",
        "https://app.example.com/connected//evil.example",
        "https://app.example.com/connected/%2f%2fevil.example",
        "//evil.example/connected",
        "/connected",
        "\\\\evil.example\\connected",
        "https:\\\\app.example.com\\connected",
        "https://app.example.com\\@evil.example/connected",
        "https:/app.example.com/connected",
        "https:app.example.com/connected",
        "https:///app.example.com/connected",
        "https://app.example.com/connected#there",
        "https://app.example.com/connected\r\nX: 1",
        "https://app.example.com/connected\0",
        " https://app.example.com/connected",
        "https://app.example.com/con\tnected",
        "https://ａpp.example.com/connected",
        "https://app.example.com/connected/\u202e",
        'https://app.example.com/connected/"onload="x',
        "https://[::1/connected",
        "https://app.example.com:99999/connected",
        "javascript:alert(1)",
        "data:text/html,x",
        "",
        "https://app.example.com/connected/" + "a" * 2048,
    ],
)
def test_refuses_whatever_only_looks_like_it(url):
    assert not is_allowed(url, LISTED)


def test_without_a_list_nothing_is_allowed():
    assert not is_allowed("https://app.example.com/", [])


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x", "https://a.example/x?status=connected&session=1"),
        ("https://a.example/x?a=b", "https://a.example/x?a=b&status=connected&session=1"),
        ("https://a.example", "https://a.example?status=connected&session=1"),
    ],
)
def test_adds_the_result_after_what_was_there(url, expected):
    assert with_result(url, "connected", "1") == expected


async def test_both_ways_to_begin_refuse_an_address_that_is_not_listed(organization, database):
    auth = {
        "type": "OAUTH2",
        "clientId": "c",
        "authorizationUrl": "https://vendor.example/authorize",
        "tokenUrl": "https://vendor.example/token",
    }
    app = await make_integration(organization, name="Acme", auth=auth)
    await organization.client.query(UPDATE, input={"returnUrls": LISTED})
    evil = "https://app.example.com.evil.example/connected"
    before = await snapshot(database, organization.id)

    begun, link = await app.start(returnUrl=evil), await app.link(returnUrl=evil)

    assert (begun["code"], begun["path"]) == ("INVALID_INPUT", ["input", "returnUrl"])
    assert (link["code"], link["path"]) == ("INVALID_INPUT", ["input", "returnUrl"])
    assert changes(before, await snapshot(database, organization.id)) == []
    assert (await app.start(returnUrl=LISTED[0]))["__typename"] == "AuthorizationPayload"
    assert (await app.link(returnUrl=LISTED[0]))["__typename"] == "ConnectSessionPayload"
