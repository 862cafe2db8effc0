"""Answers of a token endpoint, read strictly: a usable token, or the reason why there is none."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import httpx

from models.errors import TokenRefused, UpstreamFailed
from models.vocabulary import UpstreamFailure
from proxy.auth import Bearer, check_credential
from proxy.oauth.body import REPLACEMENT, media_type, read_members
from proxy.oauth.expiry import end_of, lifetime_of
from proxy.oauth.refusal import read_refusal
from proxy.shown import one_line, shown

_MOST_SCOPES: Final = 500
#: Of the characters of RFC 6749 §3.3.
_SCOPE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,255}")
_LONGEST_TYPE: Final = 60
#: Statuses of a failure that may pass by itself: such an answer without an error word is no refusal.
_PASSING: Final = (408, 429)
_PATH: Final = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,4}")
_TOKENS: Final = ("access_token", "refresh_token", "id_token")
#: Types of tokens that are not bearer tokens; vendors use many names for bearer ones (RFC 6749 §7.1).
_OTHER_TYPES: Final = frozenset({"dpop", "mac", "pop"})


@dataclass(frozen=True, kw_only=True)
class TokenAnswer:
    """A token that can be stored and sent.

    `expires_in_seconds` and `expires_at` (ms since 1970 UTC): as `proxy/oauth/expiry.py` reads them, at most one of
    them; without either the token is used until the service refuses it. `scopes`: None if the answer names none, also
    in an empty text or list, which means the requested ones (RFC 6749 §5.1).
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_in_seconds: int | None = None
    expires_at: int | None = None
    scopes: tuple[str, ...] | None = None
    id_token: str | None = field(default=None, repr=False)
    token_type: str = "Bearer"


def read_token(
    answer: httpx.Response, secrets: Sequence[str] = (), *, path: str | None = None, only: bool = False
) -> TokenAnswer:
    """The token of an answer (RFC 6749 §5.1, §5.2). `secrets` are masked if the vendor repeats them.

    `path`: names joined by dots that lead to the object with the token; if they lead to none, the answer itself has
    it, unless it may be `only` there. Raises TokenRefused with the error that the vendor names, of a status from 500
    only with a word of RFC 6749 §5.2; else UpstreamFailed, also for a redirect.
    """
    _refuse_redirect(answer)
    members = read_members(answer)
    good = 200 <= answer.status_code < 300
    held = _at_path(members or {}, path, only=only)
    _refuse_error(answer, members, secrets, path=path, has_token=good and _has_token(held))
    if members is None:
        raise _broken(answer, f"The token endpoint answered with neither JSON nor a form {_kind(answer)}.")
    if not good:
        raise _broken(answer, f"The token endpoint did not answer with a token {_kind(answer)}.")
    if held is None:
        raise _broken(answer, f"The token endpoint answered without an access token at the tokenPath {path}.")
    return TokenAnswer(
        access_token=_token(answer, held.get("access_token")),
        refresh_token=_token(answer, held["refresh_token"]) if held.get("refresh_token") else None,
        expires_in_seconds=lifetime_of(held),
        expires_at=end_of(held),
        scopes=_scopes(held.get("scope", held.get("scopes")), (*secrets, *_minted(members, held))),
        id_token=_text(held.get("id_token", (members or {}).get("id_token"))),
        token_type=_type(answer, held.get("token_type")),
    )


def read_revocation(answer: httpx.Response, secrets: Sequence[str] = ()) -> None:
    """Check a revocation's answer (RFC 7009 §2.2). Raises TokenRefused if retries cannot help, or UpstreamFailed."""
    if 200 <= answer.status_code < 300:
        return
    if answer.status_code not in _PASSING:
        _refuse_error(answer, read_members(answer), secrets)
    if 400 <= answer.status_code < 500 and answer.status_code not in _PASSING:
        raise TokenRefused(f"http_{answer.status_code}", external_status=answer.status_code)
    raise _broken(answer, "The revocation endpoint gave an invalid answer.")


def check_token_path(path: str) -> str | None:
    """The objection to a path to the object with the token, or None."""
    if _PATH.fullmatch(path):
        return None
    return "Write one to five names of members joined by dots, such as authed_user; letters, digits, _ and - only."


def _at_path(members: Mapping[str, Any], path: str | None, *, only: bool) -> Mapping[str, Any] | None:
    """The object at the path; without an access token there, the answer itself, unless it may be `only` there."""
    found = _inside(members, path)
    if _has_token(found):
        return found
    return None if path and only else members


def _inside(members: Mapping[str, Any], path: str | None) -> Mapping[str, Any]:
    found: Any = members
    for name in path.split(".") if path else ():
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _has_token(members: Mapping[str, Any] | None) -> bool:
    return bool((members or {}).get("access_token"))


def _refuse_error(
    answer: httpx.Response,
    members: Mapping[str, Any] | None,
    secrets: Sequence[str],
    *,
    path: str | None = None,
    has_token: bool = False,
) -> None:
    status = answer.status_code
    places = [members or {}, *([_inside(members or {}, path)] if path else [])]
    minted = _minted(*places, _inside(members or {}, "data"))
    read = (read_refusal(place, (*secrets, *minted), status=status, has_token=has_token) for place in places)
    refusal = next(filter(None, read), None)
    if refusal is None or (status >= 500 and not refusal.is_standard):
        return
    if not refusal.word and status in _PASSING:
        return
    raise TokenRefused(refusal.word or f"http_{status}", refusal.sentence, external_status=status)


def _refuse_redirect(answer: httpx.Response) -> None:
    """A redirect is not followed: it would take the client secret and the grant to another address."""
    if 300 <= answer.status_code < 400:
        sentence = f"The token endpoint redirects {_kind(answer)}, which is not followed; set tokenUrl to the"
        raise _broken(answer, f"{sentence} final address.")


def _token(answer: httpx.Response, value: Any) -> str:
    if not isinstance(value, str) or REPLACEMENT in value or check_credential(Bearer(value)) is not None:
        raise _broken(answer, "The token endpoint answered without a usable token.")
    return value


def _type(answer: httpx.Response, value: Any) -> str:
    kind = value if isinstance(value, str) and value else "Bearer"
    if kind.lower() in _OTHER_TYPES:
        raise _broken(answer, "The token endpoint gave a token of a type that the hub does not support.")
    return kind


def _minted(*places: Mapping[str, Any] | None) -> list[str]:
    """The tokens in these objects."""
    return [text for place in places for name in _TOKENS if isinstance(text := (place or {}).get(name), str)]


def _scopes(value: Any, secrets: Sequence[str]) -> tuple[str, ...] | None:
    """The scopes in a text, separated by spaces or commas, or in a list; None if it names none.

    Words that are no scope (RFC 6749 §3.3) and those with a secret in them are left out: scopes are shown.
    """
    texts = value if isinstance(value, list) else [value]
    words = (word for text in texts if isinstance(text, str) for word in re.split(r"[\s,]+", text))
    fit = dict.fromkeys(filter(_SCOPE.fullmatch, words))
    return tuple(word for word in islice(fit, _MOST_SCOPES) if shown(word, secrets) == word) or None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _kind(answer: httpx.Response) -> str:
    """The status and the type of an answer, for people."""
    kind = one_line(media_type(answer))[:_LONGEST_TYPE] or "no type"
    return f"(HTTP {answer.status_code}, {kind})"


def _broken(answer: httpx.Response, sentence: str) -> UpstreamFailed:
    ok = 200 <= answer.status_code < 300
    return UpstreamFailed(
        sentence,
        reason=UpstreamFailure.BAD_RESPONSE if ok else UpstreamFailure.ERROR_STATUS,
        external_status=answer.status_code,
    )
