"""The URL of the database: read before anything connects, and never repeated in a refusal."""

from __future__ import annotations

from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
#: Text options that asyncpg accepts besides user, password and database.
_OPTIONS: Final = frozenset({"host", "port", "ssl", "passfile", "target_session_attrs", "krbsrvname", "gsslib"})
_FORM: Final = "as postgresql://user:password@host/database or sqlite:///file"
_ESCAPED: Final = "a `:`, `/` or `@` in a user name or a password is written %3A, %2F or %40."
_INSTEAD: Final = {"sslmode": "ssl"}


def read_url(text: str) -> URL:
    """The URL with the hub's driver. Raises ValueError, which repeats neither the password nor an option's value."""
    url = _parsed(text)
    backend = url.drivername.partition("+")[0]
    if backend not in _DRIVERS:
        raise ValueError(f"The database must be sqlite or postgresql, not {backend}; it is written {_FORM}.")
    if backend == "sqlite":
        _check_file(url)
    else:
        _check_options(url)
    return url.set(drivername=_DRIVERS[backend])


def _parsed(text: str) -> URL:
    if text.count("@") > 1:  # otherwise a part of the password would be read as host or database
        raise ValueError(f"The address of the database has more than one @: {_ESCAPED}")
    try:
        return make_url(text)
    except ArgumentError as cause:
        raise ValueError(f"The database is written {_FORM}.") from cause
    except ValueError as cause:  # int() of the text after the last colon
        raise ValueError(f"The port of the database must be a number; {_ESCAPED}") from cause


def _check_file(url: URL) -> None:
    if url.host:
        raise ValueError(
            "A file on this machine has three slashes before it, as sqlite:///file; sqlite:////srv/file."
        )
    if not url.database or url.database == ":memory:":
        raise ValueError("A database in memory is lost at each stop and not shared; name a file, as sqlite:///file.")
    if url.query:
        raise ValueError("A SQLite database has no options; leave out what follows the question mark.")


def _check_options(url: URL) -> None:
    for name in url.query:
        if name not in _OPTIONS:
            instead = _INSTEAD.get(name)
            advice = f"write {instead}= for it" if instead else f"there are {', '.join(sorted(_OPTIONS))}"
            raise ValueError(f"The database has no option {name}; {advice}.")
