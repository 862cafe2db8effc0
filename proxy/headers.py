"""Headers: those that may be set, templates in values, and those of an answer that are relayed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from models.errors import InvalidInput, Path

#: The longest value of a header, in bytes.
LONGEST_VALUE: Final = 8192
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~\-]{1,120}")  # token, RFC 9110 §5.6.2
_SIGN = re.compile(r"[^A-Za-z0-9]")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_TEMPLATE = re.compile(r"\$\{([^{}$]*)\}")
_FACT = re.compile(r"(?:user|tenant)\.[A-Za-z_][A-Za-z0-9_\-]{0,119}")
_PLAIN = re.compile(r"(?i:(?:bearer|basic|token|apikey|key)\s+)?[\s\-_:;,./=|@]*")

# Framing, routing and headers of the hub itself (RFC 9110 §7.6.1): neither a caller nor an author may set them.
_FORBIDDEN_NAMES = """
    host content-length transfer-encoding connection keep-alive te trailer trailers upgrade http2-settings
    expect accept-encoding content-encoding cookie cookie2 forwarded via max-forwards x-real-ip x-original-url
    x-rewrite-url x-http-method-override x-http-method x-method-override
"""
_FORBIDDEN = frozenset(_FORBIDDEN_NAMES.split())
_FORBIDDEN_PREFIXES = ("x-forwarded-", "proxy-", "sec-", "x-patchbay-")
# Headers of an answer by which a service commands the proxy in front of it, such as to send a file of its disk.
_TO_PROXIES = ("x-accel-", "x-sendfile", "x-lighttpd-send", "x-reproxy-")
# Headers of an answer: framing, cookies (they belong to no user), and those that control a browser.
_NOT_RELAYED_NAMES = """
    connection keep-alive transfer-encoding te trailer upgrade content-length content-encoding date server via
    set-cookie set-cookie2 location refresh clear-site-data alt-svc strict-transport-security www-authenticate
    content-security-policy content-security-policy-report-only x-frame-options service-worker-allowed
    sourcemap nel report-to reporting-endpoints
"""
_NOT_RELAYED = frozenset(_NOT_RELAYED_NAMES.split())
_NOT_RELAYED_PREFIXES = ("access-control-", "cross-origin-", "x-patchbay-", "proxy-", *_TO_PROXIES)
# Headers that a transparent proxy drops: those of one hop (RFC 9110 §7.6.1), the framing, cookies, and those about
# the origin, which is the hub here. The egress has removed the Content-Encoding of what it decoded.
_OF_ONE_HOP_NAMES = """
    connection keep-alive proxy-connection transfer-encoding te trailer upgrade content-length
    date server set-cookie set-cookie2 alt-svc clear-site-data strict-transport-security
"""
_NEGOTIATING = frozenset({"accept", "accept-encoding", "accept-language", "content-type", "user-agent"})
_SHORTEST_SECRET = 8
# Parts of a list whose elements may be quoted; directives about shared caches; headers for those alone.
_PART = re.compile(r'(?:[^,"]|"[^"]*"?)+')
_SHARING = frozenset({"public", "private", "s-maxage", "proxy-revalidate"})
_TO_SHARED_CACHES = ("cdn-cache-control", "surrogate-control")
_OF_ONE_HOP = frozenset(_OF_ONE_HOP_NAMES.split())
_OF_ONE_HOP_PREFIXES = ("access-control-", "proxy-", "x-patchbay-", *_TO_PROXIES)
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


def check_header(name: str, value: str, *, reserved: Sequence[str] = ()) -> str | None:
    """The objection to setting this header, or None. Call it before storing a header.

    `reserved`: names that the hub sets itself, such as `Authorization` for some auth types. Names that servers fold
    into one, such as `X_Key` and `X-Key`, are the same here.
    """
    if not _NAME.fullmatch(name):
        return "A header name consists of letters, digits and -_.!#$%&'*+^`|~ only."
    same = folded(name)
    if same in _FORBIDDEN or same.startswith(_FORBIDDEN_PREFIXES):
        return f"The header {name} is set by the hub and cannot be given."
    if same in {folded(taken) for taken in reserved}:
        return f"The header {name} is set by the authorisation and cannot be given."
    return check_value(value)


def check_given_header(name: str, value: str, *, reserved: Sequence[str] = ()) -> str | None:
    """As `check_header`, for a header of a request's author; an integration's own may have an underscore."""
    if "_" in name:
        return f"Many servers read {name[:120]} as another header; use - in place of _ in its name."
    return check_header(name, value, reserved=reserved)


def folded(name: str) -> str:
    """The name as servers compare it: in any case, and with any sign for a hyphen, as CGI and WSGI fold them.

    RFC 3875 §4.1.18 names the variable of a header by upper case and underscores.
    """
    return _SIGN.sub("-", name).lower()


def twins(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    """The position of each name that servers fold into an earlier one, and the objection to it."""
    first: dict[str, str] = {}
    for index, name in enumerate(names):
        if (earlier := first.get(folded(name))) is not None:
            yield index, f"Servers take {name} and {earlier} for one header; give one of them."
        first.setdefault(folded(name), name)


def check_value(value: str, *, most: int = LONGEST_VALUE) -> str | None:
    """The objection to this text as a header's value of at most so many bytes in UTF-8, or None."""
    if _CONTROL.search(value):
        return "A header value must not contain line breaks or control characters."
    if len(value) > most or len(value.encode()) > most:
        return f"A header value has at most {most} bytes."
    return None


def check_template(value: str) -> str | None:
    """The objection to the `${…}` in this value that holds for every caller, or None."""
    if "${" in _TEMPLATE.sub("", value):
        return "Write a template as ${user.<field>} or ${tenant.<field>}, not one inside another."
    for name in _TEMPLATE.findall(value):
        if not _FACT.fullmatch(name):
            return f"${{{name[:60]}}} is neither ${{user.<field>}} nor ${{tenant.<field>}}."
    return None


def header_secrets(templates: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The texts in the values of an integration's headers that are masked wherever a remote service repeats them.

    Each with and without a scheme such as `Bearer`. Facts in templates are no secrets, nor are short words and the
    values of headers that negotiate.
    """
    for name, value in templates:
        literals = [] if folded(name) in _NEGOTIATING else _TEMPLATE.sub("\0", value).split("\0")
        for text in literals:
            words = {text.strip(), text.strip().partition(" ")[2].strip()}
            yield from (word for word in words if len(word) >= _SHORTEST_SECRET)


def facts_of(template: str) -> frozenset[str]:
    """The names of the facts in this value's templates, such as `user.email`."""
    return frozenset(_TEMPLATE.findall(template))


def expand(template: str, facts: Mapping[str, str], *, path: Path = ("headers",)) -> str:
    """Replace each `${…}` by a fact (`user.email`, …), in one pass: the text of a fact is never expanded.

    Raises InvalidInput at `path` for an unknown fact, a value with control characters, or one of more than 8 kB.
    """
    if "${" not in template:
        return template
    objection = check_template(template)
    if objection:
        raise InvalidInput.at(path, objection)

    def fact(match: re.Match[str]) -> str:
        value = facts.get(match[1])
        if value is None:
            raise InvalidInput.at(path, f"${{{match[1]}}} has no value for this caller.")
        if check_value(value):
            raise InvalidInput.at(path, f"The value of ${{{match[1]}}} cannot be sent in a header.")
        return value

    expanded = _TEMPLATE.sub(fact, template)
    objection = check_value(expanded)
    if objection:
        raise InvalidInput.at(path, objection)
    return expanded


def hint(value: str) -> str:
    """The readable hint of a stored value: templates in full; of a literal `…` and its end.

    The end is four characters of a literal of 12 or more. Literal text next to templates is shown only if it is a
    scheme word or punctuation, since it may be a secret.
    """
    if not _TEMPLATE.search(value):
        return f"…{value[-4:]}" if len(value) >= 12 else "…"
    pieces = enumerate(_TEMPLATE.split(value))
    return "".join(f"${{{piece}}}" if index % 2 else _shown(piece) for index, piece in pieces)


def relayed(headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers of an answer that are passed on to the hub's caller, to be cached by this caller alone."""
    return tuple(
        (name, value)
        for name, value in _for_one_caller(headers)
        if name.lower() not in _NOT_RELAYED
        and not name.lower().startswith(_NOT_RELAYED_PREFIXES)
        and not _CONTROL.search(value)
    )


def passed_on(headers: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The headers of an answer that a transparent proxy passes on, unchanged but for caching, including redirects."""
    named = {
        part.strip().lower() for name, value in headers if name.lower() == "connection" for part in value.split(",")
    }
    return tuple(
        (name, value)
        for name, value in _for_one_caller(headers)
        if name.lower() not in _OF_ONE_HOP | named
        and not name.lower().startswith(_OF_ONE_HOP_PREFIXES)
        and not _UNSENDABLE.search(value)
    )


def _for_one_caller(headers: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The headers with one Cache-Control that lets no shared cache store the answer, if they have any.

    The remote service answered a credential that the caller does not show, so `public` is not the service's to say
    (RFC 9111 §3.5, §5.2.2.7). Headers that speak to caches apart from Cache-Control are left out (RFC 9213).
    """
    said = [
        part.strip() for name, value in headers if name.lower() == "cache-control" for part in _PART.findall(value)
    ]
    kept = [part for part in said if part and part.partition("=")[0].strip().lower() not in _SHARING]
    if said:
        yield "Cache-Control", ", ".join(["private", *kept])
    for name, value in headers:
        if name.lower() != "cache-control" and not name.lower().endswith(_TO_SHARED_CACHES):
            yield name, value


def _shown(literal: str) -> str:
    return literal if _PLAIN.fullmatch(literal) else "…"
