"""Rules for an outside endpoint that somebody enters: its URL, and the headers of their own that go to it; pure."""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import quote

from yarl import URL

from proxy.guard import EgressPolicy, canonical
from proxy.headers import check_header, folded

LONGEST_URL: Final = 2048
_PORTS: Final = {"https": 443, "http": 80}
#: Ports of other protocols, which could take an HTTP request for commands of theirs. The first lines are those that
#: browsers never call (WHATWG Fetch, "port blocking"), the last are databases, caches, queues and control planes.
_OTHER_PROTOCOLS: Final = """
    1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123
    135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993
    995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080
    445 873 1433 1434 1521 2181 2375 2376 2379 2380 3306 3389 4222 5432 5672 5900 6379 6380 6432 7000 7001 9042 9092
    10250 11211 27017 27018 27019 50000
"""
_REFUSED_PORTS: Final = frozenset(map(int, _OTHER_PROTOCOLS.split()))
_NAME: Final = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}")
_LONGEST_NAME: Final = 253  # RFC 1035 §2.3.4, as text
_UNSEEN: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ud800-\udfff]")
_ESCAPE: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_AUTHORITY: Final = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]{0,5}))?")
_AS_THEY_ARE: Final = "%:/?[]@!$&'()*+,;=-._~"  # RFC 3986 §2.2, §2.3
_OF_THE_HUB: Final = ("webhook-", "patchbay-")


def canonical_endpoint(url: str) -> str:
    """The one spelling of an endpoint's URL: an A-label host in lower case, no default port, all in ASCII.

    Raises ValueError with a sentence for a URL that no policy allows.
    """
    if len(url) > LONGEST_URL:
        raise ValueError(f"A URL has at most {LONGEST_URL} characters.")
    if _UNSEEN.search(url) or "\\" in url:
        raise ValueError(r"A URL has no blanks, control characters, invisible characters or \; percent-encode them.")
    scheme, separator, rest = url.partition("://")
    scheme = scheme.lower()
    if not separator or scheme not in _PORTS:
        raise ValueError("Give an absolute https URL, such as https://example.com/events.")
    if "#" in rest:
        raise ValueError("A URL to call has no fragment; leave out # and the text behind it.")
    authority = re.split(r"[/?]", rest, maxsplit=1)[0]
    spelling = f"{scheme}://{_authority(scheme, authority)}{_target(rest[len(authority) :])}"
    if len(spelling) > LONGEST_URL:
        raise ValueError(f"A URL has at most {LONGEST_URL} characters after percent-encoding.")
    return spelling


def endpoint_objection(policy: EgressPolicy, url: str) -> str | None:
    """The objection to this URL as an endpoint, or None. It needs no network, and names no address.

    Ask before a URL is stored and again before each request: the policy may have changed.
    """
    try:
        spelling = canonical_endpoint(url)
    except ValueError as error:
        return str(error)
    if (port := URL(spelling, encoded=True).port) in _REFUSED_PORTS:
        return f"Port {port} belongs to another protocol than HTTP; use 443, or another port of an HTTP server."
    return policy.objection(spelling)


def own_header_problem(name: str, value: str) -> str | None:
    """The objection to a header that somebody adds to the requests to their endpoint, or None.

    Names are compared as servers fold them, so `Webhook_Id` is `webhook-id`; `proxy.headers.twins` finds two
    that are equal in this sense. The value is never repeated.
    """
    if objection := check_header(name, value, reserved=("content-type", "user-agent")):
        return objection.replace("by the authorisation", "by the hub")
    if folded(name).startswith(_OF_THE_HUB):
        return f"The header {name} is set by the hub and cannot be given, like all webhook-… and patchbay-…."
    return None


def _authority(scheme: str, authority: str) -> str:
    """The host in its one spelling, and the port unless it is the scheme's own."""
    if "@" in authority:
        raise ValueError("A URL to call has no user name or password; enter them as a header.")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise ValueError(
            "The URL's host or port cannot be read; write https://example.com or https://example.com:8443."
        )
    port = int(parts["port"] or _PORTS[scheme])
    if not 0 < port < 65536:
        raise ValueError("A port is a number from 1 to 65535.")
    host = _host(parts["host"])
    return host if port == _PORTS[scheme] else f"{host}:{port}"


def _host(host: str) -> str:
    if host.startswith("["):
        return _numbers(host[1:-1])
    try:
        name = URL.build(scheme="https", host=host).raw_host or ""  # IDNA, UTS 46
    except ValueError:
        name = ""
    name = name.lower().removesuffix(".")
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name):
        raise ValueError("The URL's host is neither a name such as example.com nor an IP address.")
    return name


def _numbers(text: str) -> str:
    """An address in brackets (RFC 3986 §3.2.2), which may be an IPv4 address in the form of IPv6."""
    try:
        address = canonical(str(IPv6Address(text)))
    except ValueError as error:
        raise ValueError("The URL's host in brackets is not an IPv6 address.") from error
    return f"[{address}]" if ":" in address else address


def _target(rest: str) -> str:
    """Path and query, percent-encoded where they must be."""
    if _ESCAPE.search(rest):
        raise ValueError("A % in a URL is followed by two hexadecimal digits; write %25 for the sign itself.")
    return quote(rest if rest.startswith("/") else f"/{rest}", safe=_AS_THEY_ARE)
