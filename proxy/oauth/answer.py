"""Answers of a token endpoint, read strictly: a usable token, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

import httpx
import orjson

from models.errors import TokenRefused, UpstreamFailed
from models.vocabulary import UpstreamFailure
from proxy.auth import Bearer, check_credential
from proxy.oauth.expiry import end_of, lifetime_of
from proxy.shown import shown

_MOST_SCOPES: Final = 500
_LONGEST_SCOPE: Final = 255
_LONGEST_ERROR: Final = 300
_JSON_TYPES: Final = frozenset({"", "application/json", "text/json", "text/javascript", "text/plain"})
_FORM_TYPE: Final = "application/x-www-form-urlencoded"
#: Types of tokens that are not bearer tokens; vendors use many names for bearer ones (RFC 6749 §7.1).
_OTHER_TYPES: Final = frozenset({"dpop", "mac", "pop"})


@dataclass(frozen=True, kw_only=True)
class TokenAnswer:
    """A token that can be stored and sent.

    `expires_in_seconds` and `expires_at` (ms since 1970 UTC): as `proxy/oauth/expiry.py` reads them, at most one of
    them; without either the token is used until the service refuses it. `scopes`: None if the answer has none, which
    means the requested ones (RFC 6749 §5.1).
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in_seconds: int | None = None
    expires_at: int | None = None
    scopes: tuple[str, ...] | None = None
    id_token: str | None = field(default=None, repr=False)
    token_type: str = "Bearer"


def read_token(answer: httpx.Response, secrets: Sequence[str] = ()) -> TokenAnswer:
    """The token of an answer (RFC 6749 §5.1, §5.2). `secrets` are masked if the vendor repeats them.

    Raises TokenRefused with the error that the vendor names, for any status below 500; else UpstreamFailed.
    """
    members = _members(answer)
    _refuse_error(answer, members, secrets)
    if members is None or not 200 <= answer.status_code < 300:
        raise _broken(answer, "The token endpoint did not answer with a token.")
    return TokenAnswer(
        access_token=_token(answer, members.get("access_token")),
        refresh_token=_token(answer, members["refresh_token"]) if members.get("refresh_token") else None,
        expires_in_seconds=lifetime_of(members),
        expires_at=end_of(members),
        scopes=_scopes(members.get("scope")),
        id_token=_text(members.get("id_token")),
        token_type=_type(answer, members.get("token_type")),
    )


def read_revocation(answer: httpx.Response, secrets: Sequence[str] = ()) -> None:
    """Check a revocation's answer (RFC 7009 §2.2). Raises TokenRefused if retries cannot help, or UpstreamFailed."""
    if 200 <= answer.status_code < 300:
        return
    _refuse_error(answer, _members(answer), secrets)
    if 400 <= answer.status_code < 500 and answer.status_code not in (408, 429):
        raise TokenRefused(f"http_{answer.status_code}", external_status=answer.status_code)
    raise _broken(answer, "The revocation endpoint gave an invalid answer.")


def _members(answer: httpx.Response) -> Mapping[str, Any] | None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind == _FORM_TYPE:
        return dict(parse_qsl(answer.content.decode(errors="replace")))
    if kind not in _JSON_TYPES and not kind.endswith("+json"):
        return None
    try:
        value = orjson.loads(answer.content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _refuse_error(answer: httpx.Response, members: Mapping[str, Any] | None, secrets: Sequence[str]) -> None:
    error = (members or {}).get("error")
    if not isinstance(error, str) or not error or answer.status_code >= 500:
        return
    description = (members or {}).get("error_description")
    raise TokenRefused(
        _printable(error, secrets),
        _printable(description, secrets) if isinstance(description, str) else "",
        external_status=answer.status_code,
    )


def _token(answer: httpx.Response, value: Any) -> str:
    if not isinstance(value, str) or check_credential(Bearer(value)) is not None:
        raise _broken(answer, "The token endpoint answered without a usable token.")
    return value


def _type(answer: httpx.Response, value: Any) -> str:
    kind = value if isinstance(value, str) and value else "Bearer"
    if kind.lower() in _OTHER_TYPES:
        raise _broken(answer, "The token endpoint gave a token of a type that the hub does not support.")
    return kind


def _scopes(value: Any) -> tuple[str, ...] | None:
    if isinstance(value, str):
        words: list[Any] = re.split(r"[\s,]+", value)
    elif isinstance(value, list):
        words = value
    else:
        return None
    fit = [word for word in words if isinstance(word, str) and 0 < len(word) <= _LONGEST_SCOPE]
    return tuple(dict.fromkeys(fit))[:_MOST_SCOPES]


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _printable(text: str, secrets: Sequence[str]) -> str:
    return shown(text, secrets)[:_LONGEST_ERROR]


def _broken(answer: httpx.Response, sentence: str) -> UpstreamFailed:
    ok = 200 <= answer.status_code < 300
    return UpstreamFailed(
        sentence,
        reason=UpstreamFailure.BAD_RESPONSE if ok else UpstreamFailure.ERROR_STATUS,
        external_status=answer.status_code,
    )
