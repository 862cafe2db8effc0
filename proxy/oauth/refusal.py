"""Errors of a token endpoint, in whatever form the vendor writes them, as one word and one sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from proxy.shown import shown

_LONGEST: Final = 300
_MOST_ERRORS: Final = 5
_DEEPEST: Final = 3
#: The error words of RFC 6749 §5.2, by their letters: `InvalidGrant` and `INVALID-GRANT` are `invalid_grant`.
_STANDARD: Final = {
    word.replace("_", ""): word
    for word in (
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
    )
}
#: Names of members, folded: in lower case, without `_` and `-`.
_ERRORS: Final = ("error", "errors", "fault")
_CODES: Final = ("errorcode", "errcode", "errortype")
_LOOSE_CODES: Final = ("code", "type", "name", "status", "reason", "title")
_SENTENCES: Final = (
    "errordescription",
    "errormessage",
    "errormsg",
    "errmsg",
    "errorsummary",
    "description",
    "message",
    "msg",
    "detail",
    "faultstring",
)
#: Words that say that there is no error, as in `"error": {"code": "ok"}`, by their letters; zeros say so too.
_NOTHING: Final = frozenset(
    {"", "false", "null", "none", "nil", "na", "undefined", "noerror", "noerrors", "ok", "success", "successful"}
)
#: Members that say that the request failed, with the values that do; folded.
_DENIALS: Final = {
    "ok": ("false", "0"),
    "success": ("false", "0"),
    "status": ("error", "fail", "failed", "failure"),
    "result": ("error", "fail", "failed", "failure"),
}
#: A standard word before its description in one text: `invalid_grant: Token has been revoked.`
_WORD_FIRST: Final = re.compile(r"\s{0,9}([A-Za-z_ -]{1,40}?)\s{0,9}[:;(]\s{0,9}")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A vendor's error. `word`: in lower case, printable, of at most 300 characters; empty if it names none.

    `sentence`: the vendor's description, printable, of at most 300 characters. Secrets are masked in both.
    """

    word: str
    sentence: str

    @property
    def is_standard(self) -> bool:
        """Whether the word is one of RFC 6749 §5.2."""
        return self.word in _STANDARD.values()


@dataclass
class _Found:
    """The texts of an answer that may be its error word, and those that may describe it, in their order.

    `status`: that of the answer; an error that repeats it, or a success's code 200, names nothing.
    """

    status: int
    words: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    says_so: bool = False

    def is_nothing(self, value: object) -> bool:
        """Whether a value says that there is no error."""
        folded = re.sub(r"[\W_]", "", str(value)[:_LONGEST].lower())
        good = ("200", str(self.status)) if 200 <= self.status < 300 else ()
        return folded in _NOTHING or folded in good or not folded.strip("0")

    def add(self, text: str, texts: list[str]) -> None:
        """Add a text to the words or the sentences; of `invalid_grant: It is over.` each part to its own."""
        said = _WORD_FIRST.match(text)
        if said is not None and _letters(said[1]) in _STANDARD:
            self.words.append(said[1])
            text, texts = text[said.end() :].removesuffix(")"), self.sentences
        texts += [] if self.is_nothing(text) else [text]


def read_refusal(
    members: Mapping[str, Any], secrets: Sequence[str], *, status: int, has_token: bool
) -> Refusal | None:
    """The error in an answer; None if it has none.

    An error is a text, a number, an object or a list of these; names are compared without case and underscores. If
    `has_token`, only a member that is an error by its name counts, unless it names none, such as `0000`. Else members
    such as `code` and `message` count too, of a good status `code` alone and those that say that the request failed,
    such as `"ok": false`. A word of RFC 6749 §5.2 comes before others, a text before a number; a number that
    repeats the status is none.
    """
    found, folded = _Found(status=status), _folded(members)
    _read_named(found, members)
    if has_token and not (found.says_so or found.words or found.numbers):
        return None
    if not has_token:
        _read_data(found, folded.get("data"))
        found.says_so |= any(str(folded.get(name)).lower() in values for name, values in _DENIALS.items())
    loose = () if has_token else ("code",) if 200 <= status < 300 else _LOOSE_CODES
    _read_object(found, folded, loose)
    words = [word for word in found.words if word.strip() != str(status)]
    numbers = [number for number in found.numbers if number != str(status)]
    if not (words or numbers or found.says_so or (found.sentences and status >= 400)):
        return None
    standard = (_STANDARD.get(_letters(text)) for text in (*words, *found.sentences))
    word = next(filter(None, standard), None) or next(iter([*words, *numbers]), "")
    others = (text for text in (*found.sentences, *words) if _letters(text) != _letters(word))
    return Refusal(word=_printable(word, secrets).lower(), sentence=_printable(next(others, ""), secrets))


def _read_named(found: _Found, members: Mapping[str, Any], depth: int = 0) -> None:
    """Errors by their own names, also nested."""
    folded = _folded(members)
    for name in (*_ERRORS, *_CODES):
        _read_value(found, folded.get(name), depth)


def _read_value(found: _Found, value: Any, depth: int) -> None:
    if isinstance(value, str):
        found.add(value, found.words)
    elif isinstance(value, bool):
        found.says_so |= value
    elif isinstance(value, int | float):
        found.numbers += [] if found.is_nothing(value) else [str(value)]
    elif isinstance(value, Mapping) and depth < _DEEPEST:
        _read_nested(found, value, depth + 1)
    elif isinstance(value, list) and depth < _DEEPEST:
        for one in islice(value, _MOST_ERRORS):
            _read_value(found, one, depth + 1)


def _read_nested(found: _Found, value: Mapping[str, Any], depth: int) -> None:
    """An error that is an object. One whose code says `ok` or 0 is none."""
    inner, folded = _Found(status=found.status), _folded(value)
    _read_named(inner, value, depth)
    _read_object(inner, folded, _LOOSE_CODES)
    codes = [folded[name] for name in ("code", *_CODES) if name in folded]
    if codes and all(map(found.is_nothing, codes)):
        return
    found.words += inner.words
    found.numbers += inner.numbers
    found.sentences += inner.sentences
    found.says_so |= bool(inner.says_so or inner.sentences)


def _read_data(found: _Found, value: Any) -> None:
    """An error inside `data`, as TikTok and others wrap all answers. Without a code of its own it is none."""
    if isinstance(value, Mapping):
        inner = _Found(status=found.status)
        _read_named(inner, value)
        if inner.words or inner.numbers:
            _read_nested(found, value, 1)


def _read_object(found: _Found, folded: Mapping[str, Any], codes: Sequence[str]) -> None:
    """Codes by names that are used for other things too, and descriptions."""
    for name in codes:
        value = folded.get(name)
        if isinstance(value, str) and "/" not in value:
            found.add(value, found.words)
        elif name == "code" and isinstance(value, int) and not found.is_nothing(value):
            found.numbers.append(str(value))
    for text in map(folded.get, _SENTENCES):
        if isinstance(text, str):
            found.add(text, found.sentences)


def _folded(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower().replace("_", "").replace("-", ""): value for name, value in members.items()}


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text[:_LONGEST].lower())


def _printable(text: str, secrets: Sequence[str]) -> str:
    return shown(text, secrets)[:_LONGEST]
