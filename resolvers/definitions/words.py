"""Kinds of text in a definition, each with its rule."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator, ValidationInfo
from pydantic_core import PydanticCustomError

from proxy.address import check_base_url, check_endpoint, template_names
from proxy.expressions import Budget, check_expression
from proxy.headers import check_template, check_value
from proxy.inputs.regexes import FullMatch, regex_objection
from proxy.oauth import check_token_path
from resolvers.faults import ADDRESS, NAME, TEXT, WORD, text_problem

#: Key in the validation context: addresses must be https, as in the catalogue's files.
HTTPS_ONLY: Final = "https_only"
#: Key in the validation context: the `Budget` that expressions are checked against. None: a stored definition, whose
#: expressions and regexes are left to evaluation; one that earlier rules accepted is a fault of its values.
BUDGET: Final = "budget"
_PATTERN: Final = 200
_VENDOR: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CATEGORY: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,119}")
_DATE: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_RESERVED: Final = frozenset({"custom"})


def wrong(message: str) -> PydanticCustomError:
    """The error with which a rule gives its sentence to pydantic."""
    return PydanticCustomError("rule", "{sentence}", {"sentence": message})


def _require(holds: object, message: str) -> None:
    if not holds:
        raise wrong(message)


def _text(text: str, most: int, least: int = 1) -> str:
    _require(not (problem := text_problem(text)), problem or "")
    _require(len(text) <= most, f"It must not be longer than {most} characters.")
    _require(len(text.strip()) >= least, "It must not be empty.")
    return text


def _line(text: str) -> str:
    _require(not any(unicodedata.category(letter) == "Cc" for letter in text), "It must be one line.")
    return _text(text, NAME)


def _vendor(text: str) -> str:
    fits = len(text) <= WORD and _VENDOR.fullmatch(text)
    _require(fits, "It must be lower-case ASCII letters and digits joined by hyphens.")
    _require(text not in _RESERVED, f"{text} is reserved for integrations without a definition.")
    return text


def _category(text: str) -> str:
    _require(len(text) <= WORD and _CATEGORY.fullmatch(text), "It must be one lower-case word.")
    return text


def _key(text: str) -> str:
    _require(_KEY.fullmatch(text), "It must be ASCII letters, digits and underscores, and begin with a letter.")
    return text


def _date(text: str) -> str:
    _require(_DATE.fullmatch(text), "Write a date as 2026-02-01.")
    return text


def _address(text: str, info: ValidationInfo) -> str:
    """An absolute address with `{parameter}` anywhere after the scheme."""
    bare = text
    for name in template_names(text):
        bare = bare.replace(f"{{{name}}}", "x")
    problem = check_base_url(bare)
    _require(not problem, problem or "")
    is_https = text.lower().startswith("https://")
    _require(is_https or not (info.context or {}).get(HTTPS_ONLY), "It must be an https address.")
    return text


def _page(text: str, info: ValidationInfo) -> str:
    """A page for people: it may have a query and a fragment."""
    _text(text, ADDRESS)
    _address(text.partition("#")[0].partition("?")[0], info)
    _require(not re.search(r"[\s<>\"{}]", text), "It must be an address.")
    return text


def _target(text: str, info: ValidationInfo) -> str:
    """A path below the API base, or an absolute address."""
    if not text.startswith("/"):
        return _address(text, info)
    _require("?" not in text, "Put the query into `query`.")
    problem = check_endpoint(text)
    _require(not problem, problem or "")
    return text


def _expression(text: str, info: ValidationInfo) -> str:
    budget: Budget | None = (info.context or {}).get(BUDGET)
    problem = check_expression(text, budget) if budget else None
    _require(not problem, problem or "")
    return text


def _pattern(text: str, info: ValidationInfo) -> str:
    _text(text, _PATTERN)
    if (info.context or {}).get(BUDGET, True) is None:
        return text
    problem = regex_objection(text)
    _require(not problem, problem or "")
    _require(FullMatch.of(text), "The regex is too large; use smaller repetitions.")
    return text


def _token_path(text: str) -> str:
    problem = check_token_path(text)
    _require(not problem, problem or "")
    return text


def _header_value(text: str) -> str:
    problem = check_value(text)
    _require(not problem, problem or "")
    _require("${" not in text, "Templates are allowed only in auth.headers.")
    return text


def _header_template(text: str) -> str:
    problem = check_value(text) or check_template(text)
    _require(not problem, problem or "")
    return text


Line = Annotated[str, AfterValidator(_line)]
Prose = Annotated[str, AfterValidator(lambda text: _text(text, TEXT, 0))]
Value = Annotated[str, AfterValidator(lambda text: _text(text, ADDRESS, 0))]
Vendor = Annotated[str, AfterValidator(_vendor)]
Category = Annotated[str, AfterValidator(_category)]
Key = Annotated[str, AfterValidator(_key)]
Day = Annotated[str, AfterValidator(_date)]
Address = Annotated[str, AfterValidator(_address)]
Page = Annotated[str, AfterValidator(_page)]
Target = Annotated[str, AfterValidator(_target)]
Expression = Annotated[str, AfterValidator(_expression)]
Pattern = Annotated[str, AfterValidator(_pattern)]
TokenPath = Annotated[str, AfterValidator(_token_path)]
HeaderTemplate = Annotated[str, AfterValidator(_header_template)]
HeaderValue = Annotated[str, AfterValidator(_header_value)]
