"""The refusal of a token by a service: the word of its challenge (RFC 6750 §3.1), or of its body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, Final

import orjson

from proxy.message import Answer

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
#: A parameter of a challenge (RFC 9110 §11.2): a token, a quoted string, or a text in other quotes.
_PARAMETER: Final = re.compile(r"""([A-Za-z0-9_.-]+)[ \t]*=[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[^\s,]*)""")
_MOST_HEADER: Final = 8 * 1024
_MOST_BODY: Final = 64 * 1024
_MOST_SENTENCE: Final = 1024
#: Members that hold a vendor's word, and those that hold its sentence; at the top, or inside `error` or `errors`.
_WORDS: Final = ("error", "code", "error_code", "errorCode", "type", "reason", "status", ".tag")
_SENTENCES: Final = ("message", "error_description", "errorMessage", "detail", "description", "error")
_SCOPE_WORDS: Final = frozenset(
    {"insufficientscope", "insufficientscopes", "missingscope", "missingscopes", "accesstokenscopeinsufficient"}
)
_LINK: Final = re.compile(r"https?://\S+")
#: A lack of scopes, in whole words of one clause: "scope does not match", "requires the scopes".
_LACK: Final = re.compile(
    r"\b(?:lack\w*|miss\w*|insufficient|requir\w*|needs?|without|not have|no)(?: [\w'`:.-]{1,60}){0,4} scopes?\b"
    r"|\b(?:insufficient|missing)[ _-]?scopes?\b"
    r"|\bscopes?(?: [\w'`:.-]{1,60}){0,3}"
    r" (?:not|missing|insufficient|mismatch\w*|required|lack\w*|doesn't|don't|isn't)\b"
)
#: A sentence with one of these may be of a token that has ended.
_ENDED: Final = re.compile(
    r"invalid|expir|revok|inactive|malformed|unknown|no longer|log(?:ged)? ?in|sign(?:ed)? ?in"
)


class Refusal(Enum):
    """The reason for which a service refuses a token. UNCLEAR: it has ended, or it is of no use at this path.

    SCOPE is a 401 and FORBIDDEN a 403 for want of a scope.
    """

    INVALID_TOKEN = auto()
    SCOPE = auto()
    FORBIDDEN = auto()
    UNCLEAR = auto()


def refusal_of(answer: Answer) -> Refusal | None:
    """The refusal that an answer is: any 401, and a 403 for want of a scope; None for any other answer."""
    if answer.status not in (_UNAUTHORIZED, _FORBIDDEN):
        return None
    for word in (*_challenged(answer), *_told(answer)):
        if word == "invalidtoken" and answer.status == _UNAUTHORIZED:
            return Refusal.INVALID_TOKEN
        if word in _SCOPE_WORDS:
            return Refusal.SCOPE if answer.status == _UNAUTHORIZED else Refusal.FORBIDDEN
    if answer.status == _FORBIDDEN:
        return None
    return Refusal.SCOPE if any(map(_is_of_scope, _sentences(answer))) else Refusal.UNCLEAR


def _challenged(answer: Answer) -> Iterator[str]:
    """Values of `error` in WWW-Authenticate, folded."""
    headers = (value[:_MOST_HEADER] for name, value in answer.headers if name.lower() == "www-authenticate")
    parameters = (parameter for value in headers for parameter in _PARAMETER.finditer(value))
    return (_folded(parameter[2]) for parameter in parameters if parameter[1].lower() == "error")


def _told(answer: Answer) -> Iterator[str]:
    return (_folded(text) for text in _members(answer, _WORDS))


def _sentences(answer: Answer) -> Iterator[str]:
    return (_LINK.sub("", text[:_MOST_SENTENCE]).lower() for text in _members(answer, _SENTENCES))


def _is_of_scope(sentence: str) -> bool:
    """Whether a sentence is of nothing but scopes, such as Atlassian's "Unauthorized; scope does not match".

    In doubt it is not: a token that is renewed in vain costs one request a minute, one that is not stays ended.
    """
    return _LACK.search(sentence) is not None and _ENDED.search(sentence) is None


def _members(answer: Answer, names: tuple[str, ...]) -> Iterator[str]:
    """The texts of these members of a JSON body, whatever its type says."""
    try:
        value = orjson.loads(answer.body) if len(answer.body) <= _MOST_BODY else None
    except orjson.JSONDecodeError:
        return
    for part in _parts(value):
        for name in names:
            if isinstance(part.get(name), str):
                yield part[name]


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """The objects that may tell of an error: the body, those in `error` and `errors`, and their `details`."""
    if not isinstance(value, dict):
        return
    yield value
    for inner in (value.get("error"), value.get("errors")):
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict):
                yield one
                details = one.get("details")
                yield from (each for each in (details if isinstance(details, list) else ()) if isinstance(each, dict))


def _folded(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())
