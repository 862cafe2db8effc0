"""Idempotency keys inside an operation's own transaction: the same key and input answer the stored result."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from models.errors import Conflict, InvalidInput
from models.tables import Idempotency
from proxy.headers import check_value
from resolvers import base64url
from resolvers.faults import WORD, text_problem
from resolvers.work import Work

LIFETIME_MS: Final = 24 * 3600 * 1000


def digest_of_input(value: Any) -> str:
    """The SHA-256 of an input. The order of an object's members does not change it."""
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()


def key_owner(work: Work) -> str:
    """The owner of the caller's keys: the user, else the token; for a user acted for, both together, as a digest.

    A digest has the length of an id, and cannot be one: it is base64url, not hexadecimal.
    """
    caller = work.caller
    if caller.acted_by is not None:
        both = f"{caller.principal_id} {caller.token_id or caller.acted_by.principal_id}"
        return base64url.encode(hashlib.sha256(both.encode()).digest()[:18])
    return caller.principal_id or caller.token_id or caller.organization_id


def key_problem(key: str | None) -> str | None:
    """Why a key cannot be stored; None if it can, or if there is none."""
    if key is None:
        return None
    sized = 1 <= len(key) <= WORD
    return text_problem(key) or (None if sized else f"It must have 1 to {WORD} characters.")


def check_key(key: str | None) -> None:
    """Raise InvalidInput for a key that cannot be stored or sent as a header."""
    if problem := key_problem(key) or (check_value(key) if key is not None else None):
        raise InvalidInput.at(("idempotency_key",), problem)


def spent(noun: str) -> Conflict:
    """The refusal of a used key without a result: the result was removed, and the work is not repeated."""
    sentence = f"The {noun} of this key has been removed; use another key to do it again."
    return Conflict(sentence, path=("idempotency_key",))


async def claim(work: Work, operation: str, key: str | None, digest: str, result_id: str) -> str | None:
    """Claim a key for the result of this transaction. Answers the earlier result's id if the key was used.

    Raises Conflict if it was used with another input.
    """
    if key is None:
        return None
    now = work.now()
    place = {
        "organization_id": work.organization_id,
        "principal_or_token_id": key_owner(work),
        "operation": operation,
        "key": key,
    }
    values = {"request_digest": digest, "result_id": result_id, "expires_at": now + LIFETIME_MS, "created_at": now}
    insert = (sqlite if work.hub.database.is_sqlite else postgresql).insert(Idempotency).values(**place, **values)
    statement = insert.on_conflict_do_update(
        index_elements=list(place), set_=values, where=col(Idempotency.expires_at) <= now
    ).returning(col(Idempotency.key))
    if (await work.session.execute(statement)).first() is not None:
        return None
    earlier = await work.first(select(Idempotency).filter_by(**place))
    if earlier is None or earlier.request_digest != digest:
        raise Conflict("This key was used with another input; use a new key.", path=("idempotency_key",))
    return earlier.result_id
