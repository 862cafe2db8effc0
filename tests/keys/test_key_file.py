"""The key file: changed as a whole, read again when it has changed, and never lost over a slip."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.errors import SecretUnreadable
from models.key_file import KeyFile
from models.secret import Keyring, parse_keys
from models.secret_place import SecretPlace

PLACE = SecretPlace(organization_id="a" * 24, table="connection", row_id="b" * 24, column="secret")


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    """With key 1."""
    file = KeyFile(tmp_path / "master.key")
    file.create()
    return file


def ring_of(file: KeyFile) -> Keyring:
    """As a process has it that starts now."""
    return Keyring.parse(file.path.read_text(), renewed=file.renewed)


def test_a_running_process_opens_what_a_new_key_has_sealed(file: KeyFile) -> None:
    running = ring_of(file)
    file.add(above=0)
    sealed = ring_of(file).seal(b"after", PLACE)

    assert running.open(sealed, PLACE) == b"after"
    assert (running.versions, running.current) == ((1, 2), 1), "it seals with the old one until it is told"


def test_a_running_process_seals_with_a_new_key_once_told(file: KeyFile) -> None:
    running = ring_of(file)
    file.add(above=0)

    told = (running.seal_with(3), running.seal_with(2))

    assert told == (False, True)
    assert running.seal(b"", PLACE)[1:5] == (2).to_bytes(4, "big")


def test_a_running_process_trusts_what_a_new_key_has_signed(file: KeyFile) -> None:
    running = ring_of(file)
    before = running.derive("cursor")
    file.add(above=0)

    signed = ring_of(file).derive("cursor")

    assert running.derive("cursor") == before != signed
    assert running.derive_each("cursor") == (signed, before)


@pytest.mark.parametrize("spoilt", ["", "nonsense", "1:AAAA\n", "\xff"])
def test_a_spoilt_file_takes_no_key_away(file: KeyFile, spoilt: str) -> None:
    running = ring_of(file)
    sealed = running.seal(b"before", PLACE)
    unknown = sealed[:1] + (9).to_bytes(4, "big") + sealed[5:]

    file.path.write_bytes(spoilt.encode("latin-1"))

    with pytest.raises(SecretUnreadable):
        running.open(unknown, PLACE)
    assert running.open(sealed, PLACE) == b"before"
    file.path.unlink()
    assert running.renew() is False
    assert running.open(sealed, PLACE) == b"before"


def test_is_read_once_for_each_change(file: KeyFile, tmp_path: Path) -> None:
    first, again = file.renewed(), file.renewed()
    file.add(above=0)

    assert (first is None, again, file.renewed() is None, file.renewed()) == (False, None, False, None)


def test_keys_added_at_once_are_all_kept(file: KeyFile) -> None:
    with ThreadPoolExecutor(8) as threads:
        added = list(threads.map(lambda _: KeyFile(file.path).add(above=0), range(24)))

    assert sorted(added) == list(range(2, 26))
    assert len(set(parse_keys(file.path.read_text()).values())) == 25


def test_a_version_is_never_given_twice(file: KeyFile) -> None:
    assert file.add(above=7) == 8
    assert file.remove(8)
    assert not file.remove(8)
    assert file.add(above=8) == 9


def test_stays_with_its_owner_and_behind_its_link(file: KeyFile, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere" / "keys"
    link.parent.mkdir()
    link.symlink_to(file.path)
    file.path.chmod(0o644)
    if os.geteuid() == 0:
        os.chown(file.path, 12345, 23456)
    owner = (file.path.stat().st_uid, file.path.stat().st_gid)

    KeyFile(link).add(above=0)

    assert link.is_symlink()
    assert sorted(parse_keys(file.path.read_text())) == [1, 2]
    assert (file.path.stat().st_uid, file.path.stat().st_gid) == owner
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o640, "the world is shut out"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["elsewhere", "master.key"]


def test_what_somebody_left_who_died_is_in_nobodys_way(file: KeyFile) -> None:
    file.path.with_name(".master.key.new").write_text("half a k")

    file.add(above=0)

    assert sorted(parse_keys(file.path.read_text())) == [1, 2]


def test_says_that_it_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"cannot be changed: No such file or directory\."):
        KeyFile(tmp_path / "master.key").add(above=0)
