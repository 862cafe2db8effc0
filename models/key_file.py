"""The file of master keys: replaced atomically, and read again by running processes."""

from __future__ import annotations

import fcntl
import logging
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from models.secret import Keyring, parse_keys

_log = logging.getLogger("patchbay.keys")
_OWN: Final = stat.S_IRUSR | stat.S_IWUSR
_Seen = tuple[int, int, int]


class KeyFile:
    """Lines of `version:base64`, readable only by the hub's own user."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: _Seen | None = None

    def renewed(self) -> str | None:
        """The text if the file was replaced since the last call, else None. None also if it cannot be read."""
        try:
            status = self.path.stat()
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen == self._seen:
                return None
            text = self.path.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as cause:
            _log.warning("The master keys at %s cannot be read again: %s", self.path, cause)
            return None
        self._seen = seen
        return text

    def create(self) -> None:
        """Make the file with a first key. Raises ValueError if it cannot be written."""
        with self._held():
            self._write(Keyring.generate())

    def add(self, *, above: int) -> int:
        """Add a new key, newer than `above` and all keys of the file. Answers its version. Raises ValueError."""
        with self._held():
            text = self.path.read_text(encoding="ascii")
            version = max(above, *parse_keys(text)) + 1
            ended = text if text.endswith("\n") else f"{text}\n"
            self._write(ended + Keyring.generate(version))
        return version

    def remove(self, version: int) -> bool:
        """Remove a key. Answers whether the file had it. Raises ValueError."""
        with self._held():
            lines = self.path.read_text(encoding="ascii").splitlines(keepends=True)
            kept = [line for line in lines if not _is_of(line, version)]
            if len(kept) < len(lines):
                self._write("".join(kept))
        return len(kept) < len(lines)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Lock the file against other writers. The lock is on the directory, since the file itself is replaced."""
        try:
            directory = os.open(self._place.parent, os.O_RDONLY)
            try:
                fcntl.flock(directory, fcntl.LOCK_EX)
                yield
                os.fsync(directory)  # a rename is durable once its directory is
            finally:
                os.close(directory)
        except OSError as cause:
            raise ValueError(f"The master keys at {self.path} cannot be changed: {cause.strerror}.") from cause

    def _write(self, text: str) -> None:
        """Replace the file atomically: a copy that is durable on the disk takes its place."""
        copy = self._place.with_name(f".{self._place.name}.new")
        copy.unlink(missing_ok=True)  # left by a process that died while writing
        handle = os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWN)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            self._keep_owner(handle)
            file.write(text)
            file.flush()
            os.fsync(handle)
        copy.replace(self._place)

    def _keep_owner(self, handle: int) -> None:
        """Keep owner and group if root writes the file. Other users never get access."""
        if not self._place.exists():
            os.fchmod(handle, _OWN)
            return
        old = self._place.stat()
        if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
            os.fchown(handle, old.st_uid, old.st_gid)
        os.fchmod(handle, _OWN | (stat.S_IMODE(old.st_mode) & stat.S_IRGRP))

    @property
    def _place(self) -> Path:
        """The file itself, with the symbolic links of `path` resolved."""
        return self.path.resolve()


def _is_of(line: str, version: int) -> bool:
    head = line.strip().partition(":")[0]
    return head.isdecimal() and int(head) == version


def read_keys(file: Path, *, advice: str) -> str:
    """The master keys of a file as text. Raises ValueError with a sentence for the operator that ends in `advice`."""
    try:
        return file.read_text(encoding="ascii")
    except FileNotFoundError as cause:
        raise ValueError(f"There is no master key: {advice}, or put the key back at {file}.") from cause
    except (OSError, UnicodeDecodeError) as cause:
        why = cause.strerror if isinstance(cause, OSError) else "it is not ASCII text"
        raise ValueError(f"The master key at {file} cannot be read: {why}.") from cause
