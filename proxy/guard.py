"""The egress policy: calls may go to public unicast addresses and to those that the operator allows."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# `ipaddress.is_global` does not suffice: it allows carrier NAT, multicast, NAT64, 6to4 and others.
# Sources: the IANA special-purpose registries (RFC 6890 and successors), and addresses that clouds serve internally.
_REFUSED_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network, RFC 791
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # carrier NAT, RFC 6598; Alibaba's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's wire server: a public address, served only internally
        "169.254.0.0/16",  # link-local, RFC 3927; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.31.196.0/24",  # AS112, RFC 7535
        "192.52.193.0/24",  # AMT, RFC 7450
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112, RFC 7534
        "198.18.0.0/15",  # benchmarking, RFC 2544
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
# IPv6: only 2000::/3 is public unicast, except for these parts.
_PUBLIC_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # IETF assignments: Teredo, ORCHID, benchmarking, AMT
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: reaches any IPv4 address, also internal ones
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # returned 6bone
        "3fff::/20",  # documentation, RFC 9637
    )
)
_REFUSED = "The egress policy does not allow this address."
_LOOPBACK = (ip_address("127.0.0.1"), ip_address("::1"))
_INNER_SUFFIXES = (".local", ".internal", ".intranet", ".lan", ".home.arpa", ".localdomain")


@dataclass(frozen=True, slots=True)
class Allowance:
    """A network that the operator opens for calls, on one port or (None) on all."""

    network: Network
    port: int | None = None

    def covers(self, address: Address, port: int) -> bool:
        return address in self.network and self.port in (None, port)


def parse_allowances(text: str) -> tuple[Allowance, ...]:
    """Read `PATCHBAY_EGRESS_ALLOW`: `127.0.0.0/8,10.1.2.0/24:8443,fd00::/8,[fd00::]/8:8443`.

    A single address is a network of one. Raises ValueError with a sentence that names the faulty member.
    """
    return tuple(_allowance(part.strip()) for part in text.split(",") if part.strip())


def _allowance(part: str) -> Allowance:
    network, port = part, ""
    if part.startswith("["):
        network, _, rest = part[1:].partition("]")
        length, _, port = rest.partition(":")
        network += length
    elif part.count(":") == 1:
        network, _, port = part.partition(":")
    try:
        known = ip_network(network)
    except ValueError as error:
        raise ValueError(f"`{part}` is not a network such as 10.1.2.0/24, with or without :port.") from error
    if not port and part.endswith(":"):
        raise ValueError(f"`{part}` ends without a port after the colon.")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError(f"`{part}` has a port that is not a number from 1 to 65535.")
    return Allowance(known, int(port) if port else None)


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """Judges addresses of calls. Opens no socket and resolves no name."""

    allowances: tuple[Allowance, ...] = ()

    def allows(self, address: Address | str, port: int, secure: bool) -> bool:
        """Whether a connection may be opened. `secure`: with TLS. Text that is not an IP address is refused."""
        try:
            known = _unwrapped(ip_address(address))
        except ValueError:
            return False
        if any(allowance.covers(known, port) for allowance in self.allowances):
            return True
        return secure and _is_public(known)

    def objection(self, url: str) -> str | None:
        """The objection to a call to this URL that needs no network to find, or None."""
        parsed = _parsed(url)
        if parsed is None:
            return "This is not an absolute https address."
        if parsed.scheme not in ("https", "http"):
            return "Only https addresses are called."
        if parsed.raw_user is not None or parsed.raw_password is not None:
            return "An address may not carry a user name or password."
        return self._host_objection(parsed.raw_host or "", parsed.port or 443, parsed.scheme == "https")

    def _host_objection(self, host: str, port: int, secure: bool) -> str | None:
        name = host.lower().rstrip(".")
        literal = _literal(name)
        if isinstance(literal, str):
            return literal
        if literal is not None:
            return None if self.allows(literal, port, secure) else _REFUSED
        if name == "localhost" or name.endswith(".localhost"):
            return None if any(self.allows(address, port, secure) for address in _LOOPBACK) else _REFUSED
        opened = any(allowance.port in (None, port) for allowance in self.allowances)
        if opened:
            return None
        if not secure:
            return "Plain http goes only to networks that the operator allows; use https."
        return _REFUSED if "." not in name or name.endswith(_INNER_SUFFIXES) else None


def _parsed(url: str) -> URL | None:
    """The URL as it will be called, without normalising; None if parsers could read it differently."""
    if not url.isascii() or "\\" in url or any(char <= " " or char == "\x7f" for char in url):
        return None
    try:
        parsed = URL(url, encoded=True)
        valid = parsed.absolute and parsed.raw_host and parsed.port != 0
    except ValueError:
        return None
    return parsed if valid else None


def _literal(host: str) -> Address | str | None:
    """The IP address that this host denotes in any form that a C library accepts; a sentence if it is invalid."""
    if ":" in host:
        try:
            return ip_address(host)
        except ValueError:
            return "The host is not an address."
    if "%" in host:
        return "The host of an address may not be percent-encoded."
    last = host.rpartition(".")[2]
    if not (last.isdigit() or last.startswith("0x")):
        return None
    try:
        # inet_aton reads 127.1, 2130706433, 0x7f.1 and 0177.0.0.1 like a resolver.
        return IPv4Address(socket.inet_aton(host))
    except OSError:
        return "The host is not an address."


def canonical(address: str) -> str:
    """The one spelling of an IP address: an IPv4-mapped one is its IPv4 address. Raises ValueError for other text."""
    return str(_unwrapped(ip_address(address)))


def _unwrapped(address: Address) -> Address:
    """The IPv4 address inside an IPv4-mapped one: the same destination for the kernel."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _REFUSED_V4)
    if address.scope_id is not None or address not in _PUBLIC_V6:
        return False
    return not any(address in network for network in _REFUSED_V6)
