"""This vendor's requests, read as commands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from models.errors import InvalidInput
from models.vocabulary import IntegrationState
from resolvers.integrations.configuring import ConfigureIntegration, ReconfigureIntegration
from resolvers.integrations.queries import IntegrationFilter, IntegrationOrderField, integration_order
from resolvers.page import Order, SliceRequest
from resolvers.unset import UNSET, Unset, given
from rest.cycle.words import AUTH_KEYS, CATEGORIES, STATES, names_of
from rest.kit import Asked, Members

GREATEST_SIZE: Final = 100
_META: Final = ("definition",)
_POSITIVE: Final = re.compile(r"[1-9][0-9]{0,8}")
_ORDERS: Final = {
    "id": None,
    "name": IntegrationOrderField.NAME,
    "events.created": IntegrationOrderField.CREATED_AT,
    "events.updated": IntegrationOrderField.UPDATED_AT,
}
_FILTERS: Final = ("state", "search", "category", "identifier")
_ACTIONS: Final = {"verify": "verify"}


def available(asked: Asked) -> tuple[Sequence[str]]:
    """The hub's categories that the vendor has, too."""
    return ([ours for category in CATEGORIES.values() for ours in category],)


def integrations(asked: Asked) -> tuple[IntegrationFilter, Order, SliceRequest]:
    """`filter[…]`, `sort` and `page[…]`."""
    meta(asked)
    return _filter(asked), _order(asked), _page(asked)


def integration(asked: Asked) -> tuple[str]:
    """The integration of the path, by id."""
    meta(asked)
    return (asked.path["id"],)


def creation(asked: Asked) -> tuple[ConfigureIntegration]:
    """A new integration. Null members count as absent."""
    meta(asked)
    members = Members(asked.members())
    command = ConfigureIntegration(
        vendor=members.required("vendor"),
        naming=names_of,
        name=given(members.text("name"), None),
        identifier=given(members.text("identifier"), None),
        credentials=_auth(asked, members),
        parameters=_texts(asked, members),
    )
    return (members.checked(command),)


def change(asked: Asked) -> tuple[ReconfigureIntegration]:
    """New values of an integration. Absent members stay."""
    meta(asked)
    sent = asked.members()
    members = Members(sent)
    identifier = members.text("identifier")
    command = ReconfigureIntegration(
        id=asked.path["id"],
        naming=names_of,
        name=members.text("name"),
        identifier=UNSET if identifier is None else identifier,
        credentials=_auth(asked, members) if members.has("auth") else _nothing(sent, "auth"),
        parameters=_texts(asked, members) if members.has("extra") else _nothing(sent, "extra"),
    )
    members.done()
    if identifier is None:
        raise InvalidInput.at("identifier", "It cannot be null; leave it out to keep it.")
    return (command,)


def task(asked: Asked) -> tuple[str]:
    """The integration to verify: the one action that there is."""
    members = Members(asked.members())
    members.required("action")
    members.word("action", _ACTIONS)
    members.done()
    return (asked.path["id"],)


def job(asked: Asked) -> tuple[str]:
    """The job of the path, by id."""
    return (asked.path["id"],)


def meta(asked: Asked) -> bool:
    """Whether definitions are wanted. Raises InvalidInput for any other word."""
    wanted = asked.words("meta")
    if not set(wanted) <= set(_META):
        raise InvalidInput.at("meta", f"It must be {_META[0]}.")
    return bool(wanted)


def _filter(asked: Asked) -> IntegrationFilter:
    wanted = asked.deep("filter")
    _require_known(wanted, "filter", _FILTERS)
    words = {name: _words(value) for name, value in wanted.items()}
    return IntegrationFilter(
        search=" ".join(_texts_of(wanted["search"])) if "search" in wanted else None,
        state=_states(words["state"]) if "state" in words else None,
        definition_category=_categories(words["category"]) if "category" in words else None,
        identifier=(*_texts_of(wanted["identifier"]), *words["identifier"]) if "identifier" in words else None,
    )


def _states(words: Sequence[str]) -> tuple[IntegrationState, ...]:
    """The states that there are. The vendor's own page filters by one that there is not: nothing is in it."""
    return tuple(STATES[word] for word in words if word in STATES)


def _categories(words: Sequence[str]) -> tuple[str, ...]:
    if not set(words) <= set(CATEGORIES):
        raise InvalidInput.at(("filter", "category"), f"It must be one of {', '.join(CATEGORIES)}.")
    return tuple(ours for word in words for ours in CATEGORIES[word])


def _order(asked: Asked) -> Order:
    """By one column; by default by id, which is the order of creation."""
    keys = asked.words("sort") or ("id",)
    name = keys[0].removeprefix("-")
    if len(keys) > 1 or name not in _ORDERS:
        raise InvalidInput.at("sort", f"It must be one of {', '.join(_ORDERS)}, or one of them after a minus.")
    descending, column = keys[0].startswith("-"), _ORDERS[name]
    return Order(descending=descending) if column is None else integration_order(column, descending=descending)


def _page(asked: Asked) -> SliceRequest:
    wanted = asked.deep("page")
    _require_known(wanted, "page", ("size", "number"))
    size, number = _positive(wanted, "size", GREATEST_SIZE), _positive(wanted, "number", 1)
    if size > GREATEST_SIZE:
        raise InvalidInput.at(("page", "size"), f"It must not be greater than {GREATEST_SIZE}.")
    return SliceRequest(size=size, offset=(number - 1) * size)


def _positive(wanted: dict[str, str | list[str]], name: str, otherwise: int) -> int:
    text = wanted.get(name)
    if text is None:
        return otherwise
    if not isinstance(text, str) or not _POSITIVE.fullmatch(text):
        raise InvalidInput.at(("page", name), "It must be a positive integer, given once.")
    return int(text)


def _require_known(wanted: dict[str, str | list[str]], name: str, known: Sequence[str]) -> None:
    for key in wanted:
        if key not in known:
            raise InvalidInput.at((name, key[:120]), f"There is no such member; there is {', '.join(known)}.")


def _texts_of(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _words(value: str | list[str]) -> tuple[str, ...]:
    return tuple(word for text in _texts_of(value) for word in text.split(",") if word)


def _auth(asked: Asked, members: Members) -> dict[str, str | None]:
    """The members of `auth`. Null is allowed for each of the vendor's keys: its clients send all of them."""
    members.at("auth").known(AUTH_KEYS)
    return _values(asked, members, "auth")


def _values(asked: Asked, members: Members, name: str) -> dict[str, str | None]:
    """The members of an object that are text or null."""
    inside = members.at(name)
    sent = asked.members().get(name)
    found = {key: inside.text(key) for key in sent} if isinstance(sent, dict) else {}
    return {key: value for key, value in found.items() if not isinstance(value, Unset)}


def _texts(asked: Asked, members: Members) -> dict[str, str]:
    """The members of `extra`. Null counts as absent."""
    return {key: value for key, value in _values(asked, members, "extra").items() if value is not None}


def _nothing(sent: dict[str, Any], name: str) -> Unset | None:
    """Null if the member was sent, which is null then; else UNSET."""
    return None if name in sent else UNSET
