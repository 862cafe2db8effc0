"""Envelopes open where they were made, whole, and nowhere else."""

import base64
from dataclasses import replace

import pytest

from models.errors import SecretUnreadable
from models.secret import Keyring
from models.secret_place import SecretPlace

KEY = bytes(range(32))
OTHER_KEY = bytes(range(1, 33))
PLACE = SecretPlace(organization_id="a" * 24, table="connection", row_id="b" * 24, column="secret")
REGIONS = {"format": 0, "key version": 4, "IV": 10, "ciphertext": 20, "tag": -1}


@pytest.fixture
def keyring():
    """A ring of one key."""
    return Keyring({1: KEY})


@pytest.mark.parametrize(
    "plaintext",
    [b"", b"x", b"\0", b"a\0b", "🔑 clé".encode(), b"\xff\xfe", b"s" * 65_536],
    ids=["empty", "one byte", "NUL", "NUL within", "emoji", "no UTF-8", "64 kB"],
)
def test_opens_what_it_sealed(keyring, plaintext):
    envelope = keyring.seal(plaintext, PLACE)

    assert keyring.open(envelope, PLACE) == plaintext
    assert len(envelope) == 1 + 4 + 12 + len(plaintext) + 16


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("bit", range(8))
def test_refuses_one_flipped_bit_and_names_the_row(keyring, region, bit):
    envelope = bytearray(keyring.seal(b"planted-secret", PLACE))

    envelope[REGIONS[region]] ^= 1 << bit

    with pytest.raises(SecretUnreadable) as refusal:
        keyring.open(bytes(envelope), PLACE)
    assert refusal.value.message == f"The secret secret of connection {'b' * 24} cannot be read."
    assert "planted" not in repr(refusal.value)


@pytest.mark.parametrize("length", [*range(34), 46])
def test_refuses_an_envelope_that_was_cut_short(keyring, length):
    envelope = keyring.seal(b"planted-secret", PLACE)

    with pytest.raises(SecretUnreadable):
        keyring.open(envelope[:length], PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"organization_id": "c" * 24},
        {"table": "integration"},
        {"row_id": "c" * 24},
        {"column": "previous_secret"},
        {"table": "connection\0" + "b" * 24, "row_id": ""},
    ],
    ids=["organization", "table", "row", "column", "shifted"],
)
def test_refuses_an_envelope_copied_elsewhere(keyring, elsewhere):
    envelope = keyring.seal(b"planted-secret", PLACE)
    here = {"organization_id": PLACE.organization_id, "table": PLACE.table, "row_id": PLACE.row_id}

    with pytest.raises(SecretUnreadable):
        keyring.open(envelope, SecretPlace(**{**here, "column": PLACE.column, **elsewhere}))


def test_never_uses_an_iv_twice(keyring):
    ivs = {keyring.seal(b"", PLACE)[5:17] for _ in range(100_000)}

    assert len(ivs) == 100_000


def test_hides_how_its_plaintexts_relate(keyring):
    one, other = keyring.seal(b"the same", PLACE), keyring.seal(b"the same", PLACE)

    assert one[17:] != other[17:]


def test_an_older_key_opens_and_the_newest_seals():
    old = Keyring({1: OTHER_KEY}).seal(b"before", PLACE)
    ring = Keyring({1: OTHER_KEY, 2: KEY})

    new = ring.seal(b"after", PLACE)

    assert (ring.open(old, PLACE), ring.open(new, PLACE)) == (b"before", b"after")
    assert ring.current == 2
    assert Keyring({2: KEY}).open(new, PLACE) == b"after"


def test_forgets_a_key_but_not_the_one_that_seals():
    ring = Keyring({1: b"1" * 32, 2: b"2" * 32, 3: b"3" * 32})
    kept, sealed = ring.seal(b"x", PLACE), Keyring({2: b"2" * 32}).seal(b"x", PLACE)

    gone = ring.forget([2, 3, 9])

    assert (gone, ring.versions, len(ring.derive_each("cursor"))) == ({2}, (1, 3), 2)
    assert ring.open(kept, PLACE) == b"x"
    with pytest.raises(SecretUnreadable):
        ring.open(sealed, PLACE)


def test_refuses_an_envelope_whose_key_is_gone():
    old = Keyring({1: OTHER_KEY}).seal(b"planted-secret", PLACE)

    with pytest.raises(SecretUnreadable):
        Keyring({2: KEY}).open(old, PLACE)


def test_refuses_an_envelope_of_another_key_with_the_same_version(keyring):
    foreign = Keyring({1: OTHER_KEY}).seal(b"planted-secret", PLACE)

    with pytest.raises(SecretUnreadable):
        keyring.open(foreign, PLACE)


def test_reads_keys_from_lines():
    text = f"# from the vault\n\n 7:{base64.b64encode(KEY).decode()} \n{Keyring.generate(8)}"

    ring = Keyring.parse(text)

    assert ring.current == 8
    assert ring.open(Keyring({7: KEY}).seal(b"x", PLACE), PLACE) == b"x"


def test_generates_another_key_each_time():
    assert len({Keyring.generate() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "There is no master key."),
        ("# none yet\n", "There is no master key."),
        (f"1:{base64.b64encode(KEY[:31]).decode()}", "Master key 1 has 31 bytes; it must have 32."),
        (f"1:{base64.b64encode(KEY + b'x').decode()}", "Master key 1 has 33 bytes; it must have 32."),
        ("1:", "Master key 1 has 0 bytes; it must have 32."),
        (base64.b64encode(KEY).decode(), "A master key must be written as `version:base64`."),
        ("one:AAAA", "A master key must be written as `version:base64`."),
        ("1:not base64!", "A master key must be written as `version:base64`."),
        ("1:ключ", "A master key must be written as `version:base64`."),
        (f"0:{base64.b64encode(KEY).decode()}", "A master key's version must be from 1 to 4294967295, not 0."),
        (f"-1:{base64.b64encode(KEY).decode()}", "A master key's version must be from 1 to 4294967295, not -1."),
        (f"4294967296:{base64.b64encode(KEY).decode()}",
         "A master key's version must be from 1 to 4294967295, not 4294967296."),
        (f"1:{base64.b64encode(KEY).decode()}\n1:{base64.b64encode(OTHER_KEY).decode()}",
         "Master key 1 is given twice."),
    ],
)  # fmt: skip
def test_says_what_is_wrong_with_a_master_key(text, sentence):
    with pytest.raises(ValueError, match="aster key") as refusal:
        Keyring.parse(text)

    assert str(refusal.value) == sentence


@pytest.mark.parametrize("planted", [None, "", '{"api":["https://evil.example:443"],"token":[]}'])
def test_an_envelope_opens_with_its_own_origins_only(keyring, planted):
    bound = replace(PLACE, origins='{"api":["https://api.example:443"],"token":[]}')
    envelope = keyring.seal(b"planted-secret", bound)

    assert keyring.open(envelope, bound) == b"planted-secret"
    with pytest.raises(SecretUnreadable):
        keyring.open(envelope, replace(PLACE, origins=planted))


def test_an_envelope_of_before_the_origins_opens_until_it_is_sealed_anew(keyring):
    former = keyring.seal(b"planted-secret", PLACE)

    assert keyring.open(former, replace(PLACE, origins='{"api":[],"token":[]}')) == b"planted-secret"
    with pytest.raises(SecretUnreadable):
        keyring.open(b"\x02" + former[1:], PLACE)
