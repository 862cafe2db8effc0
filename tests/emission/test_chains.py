"""The header of chains: read by the organization that wrote it, and by nobody else."""

from __future__ import annotations

import pytest

from models.row import new_id
from models.secret import Keyring
from resolvers import base64url
from resolvers.emission.draft import Cause
from resolvers.runs.chains import HEADER, LIFETIME_MS, chain_header, read_chain

KEYS = Keyring.parse(Keyring.generate())
ORGANIZATION = new_id()
CAUSE = Cause(kind="RUN_STEP", id=new_id(), correlation_id=new_id(), chain=tuple(new_id() for _ in range(16)))
NOW = 1_700_000_000_000
NAME, TEXT = chain_header(KEYS, ORGANIZATION, CAUSE, NOW)


@pytest.mark.parametrize("passed", [0, LIFETIME_MS])
def test_comes_back_as_it_was_written(passed: int) -> None:
    assert NAME == HEADER
    assert read_chain(KEYS, ORGANIZATION, TEXT, NOW + passed) == CAUSE


def test_counts_as_none_when_it_is_old_or_of_another_organization_or_hub() -> None:
    assert read_chain(KEYS, ORGANIZATION, TEXT, NOW + LIFETIME_MS + 1) is None
    assert read_chain(KEYS, new_id(), TEXT, NOW) is None
    assert read_chain(Keyring.parse(Keyring.generate()), ORGANIZATION, TEXT, NOW) is None


def test_counts_as_none_when_a_byte_has_changed() -> None:
    content, signature = TEXT.split(".")
    raw = base64url.decode(content) or b""
    shorter = base64url.encode(raw.replace(CAUSE.chain[0].encode(), CAUSE.chain[1].encode()))

    assert read_chain(KEYS, ORGANIZATION, f"{shorter}.{signature}", NOW) is None
    assert read_chain(KEYS, ORGANIZATION, f"{content}.{signature[::-1]}", NOW) is None


@pytest.mark.parametrize("text", [None, "", ".", "a", "é.é", "e30.e30", "." * 3000, TEXT + ".", TEXT * 5])
def test_counts_as_none_when_it_is_no_chain(text: str | None) -> None:
    assert read_chain(KEYS, ORGANIZATION, text, NOW) is None


def test_stays_valid_while_its_key_is_kept() -> None:
    first, second = Keyring.generate(1), Keyring.generate(2)
    text = chain_header(Keyring.parse(first), ORGANIZATION, CAUSE, NOW)[1]

    assert read_chain(Keyring.parse(f"{first}\n{second}"), ORGANIZATION, text, NOW) == CAUSE
