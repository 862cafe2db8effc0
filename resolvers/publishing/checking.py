"""Whether a manifest may be published: every fault of its values with its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from models.origins import origin_of
from models.row import is_id
from proxy.endpoint import endpoint_objection
from proxy.guard import EgressPolicy
from resolvers.faults import ADDRESS, NAME, TEXT, WORD, Faults
from resolvers.publishing.manifest import ExternalLink, PublishIntegration
from resolvers.publishing.shapes import (
    check_blocks,
    check_configurations,
    check_content_sources,
    check_json,
    check_policy,
)
from resolvers.unset import Unset

LEAST_TITLE: Final = 2
MOST_TITLE: Final = 30
MOST_DESCRIPTION: Final = 100
MOST_SUMMARY: Final = 2048
MOST_NAME: Final = 100
MOST_WORDS: Final = 100
MOST_LINKS: Final = 5
MOST_SECRETS: Final = 20
MOST_RUNTIME: Final = 24

_NAME: Final = re.compile(r"[a-zA-Z0-9\-_.]+")
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]{0,99}")
_JSON: Final[Sequence[tuple[str, Callable[[Faults, object], None]]]] = (
    ("blocks", check_blocks),
    ("content_sources", check_content_sources),
    ("configurations", check_configurations),
    ("content_security_policy", check_policy),
)


def check_manifest(new: PublishIntegration, policy: EgressPolicy) -> None:
    """Raise InvalidInput with every fault, except those of pictures and scripts. Slow for much JSON: use a thread."""
    faults = Faults()
    check_name(faults, new.name)
    _check_texts(faults, new)
    _check_words(faults, "scopes", new.scopes)
    _check_words(faults, "categories", new.categories or ())
    for name, check in _JSON:
        value = getattr(new, name)
        if value is not None and check_json(faults, (name,), value):
            check(faults, value)
    _check_links(faults, new.external_links or ())
    _check_secrets(faults, new.secrets)
    if isinstance(new.events_url, str) and faults.text("events_url", new.events_url, most=ADDRESS, least=1):
        objection = endpoint_objection(policy, new.events_url)
        faults.check(objection is None, "events_url", objection or "")
    faults.refuse()


def check_name(faults: Faults, name: str | None) -> None:
    """Check the name of an app: a segment of an address that can be taken for nothing else."""
    if name is None:
        return
    fits = len(name) <= MOST_NAME and _NAME.fullmatch(name) is not None
    allowed = f"It must have 1 to {MOST_NAME} ASCII letters, digits, hyphens, underscores and full stops."
    if faults.check(fits, "name", allowed):
        faults.check(name not in (".", ".."), "name", "Addresses cannot have `.` or `..` as a name; add a letter.")
        faults.check(not is_id(name.lower()), "name", "24 hexadecimal digits are read as an id; add a letter from g.")


def _check_texts(faults: Faults, new: PublishIntegration) -> None:
    before = len(faults.found)
    faults.name("title", new.title)
    if len(faults.found) == before:
        fits = LEAST_TITLE <= len(new.title) <= MOST_TITLE
        faults.check(fits, "title", f"It must have {LEAST_TITLE} to {MOST_TITLE} characters.")
    faults.text("description", new.description, most=MOST_DESCRIPTION)
    if new.summary is not None:
        faults.text("summary", new.summary, most=MOST_SUMMARY)
    if new.runtime is not None:
        fits = len(new.runtime) <= MOST_RUNTIME and _WORD.fullmatch(new.runtime) is not None
        faults.check(fits, "runtime", f"It must be a word of 1 to {MOST_RUNTIME} characters, such as v1.")


def _check_words(faults: Faults, name: str, words: Sequence[str]) -> None:
    if faults.check(len(words) <= MOST_WORDS, name, f"At most {MOST_WORDS} of them."):
        for index, word in enumerate(words):
            fits = isinstance(word, str) and _WORD.fullmatch(word) is not None
            message = "It must be a word of 1 to 100 ASCII letters, digits, `:`, `.`, `_` and `-`."
            faults.check(fits, (name, str(index)), message)


def _check_links(faults: Faults, links: Sequence[ExternalLink]) -> None:
    name = "external_links"
    if not faults.check(len(links) <= MOST_LINKS, name, f"At most {MOST_LINKS} of them."):
        return
    for index, link in enumerate(links):
        faults.text((name, str(index), "label"), link.label, most=NAME, least=1)
        place = (name, str(index), "url")
        if faults.text(place, link.url, most=ADDRESS, least=1):
            faults.check(_is_address(link.url), place, "It must be an absolute http or https address.")


def _is_address(url: str) -> bool:
    return origin_of(url) is not None and url.isprintable() and " " not in url


def _check_secrets(faults: Faults, secrets: object) -> None:
    if isinstance(secrets, Unset) or secrets is None:
        return
    if not isinstance(secrets, dict):
        faults.add("secrets", "It must be an object of texts.")
        return
    if not faults.check(len(secrets) <= MOST_SECRETS, "secrets", f"At most {MOST_SECRETS} of them."):
        return
    for name, value in secrets.items():
        place = ("secrets", name)
        faults.text(place, name, most=WORD, least=1)
        if faults.check(isinstance(value, str), place, "Its value must be a text."):
            faults.text(place, value, most=TEXT)
