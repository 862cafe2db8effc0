"""Extra parameters of token requests: constants that a vendor needs beside those of the protocol."""

from __future__ import annotations

from typing import Final

_LONGEST_NAME: Final = 120
_LONGEST_VALUE: Final = 2048
#: RFC 6749 §4, RFC 7636 §4.5, RFC 7521 §4.2: the hub sets them itself, or they are secrets.
_OURS: Final = frozenset(
    {
        "grant_type",
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "scope",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "assertion",
        "username",
        "password",
    }
)


def check_token_parameter(name: str, value: object) -> str | None:
    """The objection to a constant in the form of token requests, such as `audience` or `resource`; or None."""
    if not (0 < len(name) <= _LONGEST_NAME and name.isascii() and name.isprintable() and " " not in name):
        return f"The name of a parameter is 1 to {_LONGEST_NAME} visible ASCII characters."
    if name.lower() in _OURS:
        return f"{name} is set by the hub; give others, such as audience or resource."
    if not isinstance(value, str):
        return "The value of a parameter is text."
    if len(value) > _LONGEST_VALUE or not value.isprintable():
        return f"The value of a parameter is printable text of at most {_LONGEST_VALUE} characters."
    return None
