"""Base64url: one text for each value."""

import base64

import pytest

from models.secret import Keyring
from resolvers import base64url
from resolvers.connect.links import SignedLink, read_signed, sign
from schema.kit.ids import global_id, parse_global_id
from tests.harness.encodings import doubles


@pytest.mark.parametrize("raw", [b"", b"a", b"ab", b"abc", bytes(range(256))])
def test_reads_its_own_texts(raw):
    assert base64url.decode(base64url.encode(raw)) == raw


@pytest.mark.parametrize("raw", [b"\xfb\xff", b"four", bytes(range(256))], ids=len)
def test_refuses_every_other_text_of_the_same_bytes(raw):
    others = doubles(base64url.encode(raw)) | {"the other alphabet": base64.b64encode(raw).rstrip(b"=").decode()}
    others.pop("the other alphabet" if raw == b"four" else "", None)

    assert {what: base64url.decode(text) for what, text in others.items()} == dict.fromkeys(others)
    assert base64url.decode("ключ") is None
    assert base64url.decode("AAAAA") is None


def test_a_signed_link_has_one_text():
    keyring = Keyring.parse(Keyring.generate())
    facts = dict.fromkeys(("principal_id", "connection_id", "created_by", "created_by_token")) | {"expires_at": 1}
    links = [
        sign(keyring, SignedLink(organization_id="o" * n, integration_id="i", scopes=(), **facts)) for n in (1, 2, 3)
    ]

    read = [read_signed(keyring, double) for link in links for double in doubles(link).values()]

    assert all(read_signed(keyring, link) for link in links)
    assert set(read) == {None}


def test_a_global_id_has_one_text():
    ids = [global_id(kind, "0" * 24) for kind in ("Job", "Event", "Dispatch")]

    read = [parse_global_id(double) for one in ids for double in doubles(one).values()]

    assert all(parse_global_id(one) for one in ids)
    assert set(read) == {None}
