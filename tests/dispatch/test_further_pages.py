"""Addresses of further pages: of the same origin only, and with the credential of the call."""

import pytest

from models.errors import InvalidInput
from proxy.message import OutboundRequest
from resolvers.dispatching.stepping import continued
from resolvers.outbound.request import Outbound

BUILT = "https://api.example.com/items?api_key=s3cret&page=0"


def at(url):
    request = OutboundRequest(method="GET", url=BUILT, lane="acme")
    return continued(Outbound(request=request, secret_query=("api_key",)), url).request.url


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://api.example.com/items?page=1", "https://api.example.com/items?page=1&api_key=s3cret"),
        ("https://API.example.com:443/v2/items", "https://API.example.com:443/v2/items?api_key=s3cret"),
        (
            "https://api.example.com/items?api_key=other&c=a%2Fb#x",
            "https://api.example.com/items?c=a%2Fb&api_key=s3cret",
        ),
    ],
)
def test_a_further_page_has_the_credential_of_the_call(url, sent):
    assert at(url) == sent


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example.com/items",
        "http://api.example.com/items",
        "https://api.example.com:8443/items",
        "https://user@api.example.com/items",
        "/items?page=1",
    ],
)
def test_a_page_of_another_origin_is_refused(url):
    with pytest.raises(InvalidInput, match="no request is sent there"):
        at(url)
