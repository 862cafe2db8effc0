"""Masking: removes secrets from texts that are shown, stored or logged."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORTEST = 4  # masking shorter texts would break words and reveal the position of the secret


def mask_url(url: str, secret_query_names: Collection[str] | None = None) -> str:
    """The address with query values as `***`: those of the given names, or all for None. Masks user names too."""
    head, separator, query = url.partition("?")
    scheme, colon, rest = head.partition("://")
    authority, slash, path = rest.partition("/")
    head = f"{scheme}{colon}{authority.rpartition('@')[2]}{slash}{path}"
    if not separator:
        return head
    names = None if secret_query_names is None else {quote(name, safe="") for name in secret_query_names}
    pairs = []
    for pair in query.partition("#")[0].split("&"):
        name, equals, _ = pair.partition("=")
        pairs.append(f"{name}={MASK}" if equals and (names is None or name in names) else pair)
    return f"{head}?{'&'.join(pairs)}"


def mask_headers(headers: Iterable[tuple[str, str]], secret_names: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The headers with the values of the named ones as `***`; `Bearer` and `Basic` stay readable."""
    secret = {name.lower() for name in secret_names}
    return tuple((name, _masked(value) if name.lower() in secret else value) for name, value in headers)


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret in it replaced by `***`, also if it is percent-encoded.

    Secrets of less than 4 characters are kept.
    """
    forms = {form for secret in secrets for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, MASK)
    return text


def _masked(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and scheme.lower() in ("bearer", "basic") else MASK


def _forms(secret: str) -> Iterable[str]:
    return (secret, quote(secret, safe=""), quote_plus(secret)) if len(secret) >= _SHORTEST else ()
