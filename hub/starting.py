"""The start of a process: home and keys, sockets, and one sentence without a trace if it fails."""

from __future__ import annotations

import errno
import gc
import logging
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import DomainError
from models.key_file import KeyFile
from models.secret import Keyring
from settings import Settings

_log = logging.getLogger("patchbay")


class CannotStart(Exception):
    """The message tells the operator the reason and the remedy."""


@contextmanager
def starting() -> Iterator[None]:
    """Turn faults of the machine and of the settings into CannotStart; let faults of the hub through."""
    try:
        yield
    except (ValueError, DomainError) as fault:
        raise CannotStart(str(fault)) from fault
    except OSError as fault:
        where = f"{fault.filename}: " if fault.filename else ""
        raise CannotStart(f"{where}{fault.strerror or fault}.") from fault


@contextmanager
def loading() -> Iterator[None]:
    """Import without garbage collection, which took a third of each start: modules are never garbage."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def prepare_home(settings: Settings) -> bool:
    """Make the home directory and its master key if they do not exist. Answers whether a key was made.

    Raises ValueError if the directory cannot be made, the key is not valid, or a database exists without its key.
    """
    try:
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = settings.master_key_file
        lost = (settings.home / "patchbay.sqlite3").exists() and not file.exists()
    except OSError as cause:
        raise ValueError(f"The home {settings.home} cannot be made or read: {cause.strerror}.") from cause
    if settings.master_keys.get_secret_value() or file.exists():
        Keyring.parse(settings.master_key_lines())
        return False
    if lost:
        raise ValueError(f"The database in {settings.home} has lost its master key; put it back at {file}.")
    KeyFile(file).create()
    return True


def warn_of_open_keys(settings: Settings) -> None:
    """Log a warning if every user of the machine may read the master keys."""
    file = settings.changeable_key_file
    if file is not None and file.exists() and file.stat().st_mode & stat.S_IROTH:
        _log.warning("Everybody on this machine may read the master key: chmod 600 %s", file)


def bound(host: str, port: int) -> list[socket.socket]:
    """A bound socket, not yet listening, for each address of a host. Raises ValueError if one cannot be bound."""
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as cause:
        raise ValueError(f"PATCHBAY_HOST: {host} is neither an address nor a name that resolves to one.") from cause
    sockets = []
    for family, kind, protocol, _, address in dict.fromkeys(addresses):
        try:
            sockets.append(_bound(family, kind, protocol, address))
        except OSError as cause:
            raise ValueError(_why_not(host, port, cause)) from cause
    return sockets


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # or `::` would take the port of IPv4 too
        listener.bind(address)
    except OSError:
        listener.close()
        raise
    return listener


def _why_not(host: str, port: int, error: OSError) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return f"PATCHBAY_PORT: another program listens on {port} of {host}. End it, or set another port."
        case errno.EACCES:
            return f"PATCHBAY_PORT: this user may not listen on {port}. Set one above 1023."
        case errno.EADDRNOTAVAIL:
            return f"PATCHBAY_HOST: {host} is no address of this machine. 127.0.0.1 is, and 0.0.0.0 is every one."
    return f"PATCHBAY_HOST, PATCHBAY_PORT: {host}:{port} cannot be listened on: {error.strerror}."
