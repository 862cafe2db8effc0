"""Parts of every table: ids, times, and column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

import itertools
import os
import re
import secrets
import time
import unicodedata
from enum import Enum
from typing import Any, ClassVar, Final

import orjson
from sqlalchemy import CHAR, BigInteger, Dialect, Index, LargeBinary, String, Text, TypeDecorator, false, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine
from sqlmodel import Field, SQLModel

from models.vocabulary import Permission

#: The greatest sizes of unbounded columns: of text in code points, of JSON in bytes.
LONGEST_TEXT: Final = 100_000
LONGEST_JSON: Final = 256 * 1024
_NAME_KEY_LENGTH = 255
_ID = re.compile(r"[0-9a-f]{24}")
_counter = itertools.count(secrets.randbits(23))  # half of its range, so that it seldom starts near its end
_process = secrets.randbits(30)


def new_id(at: int | None = None) -> str:
    """24 lower-case hex characters, ordered by time: seconds, milliseconds and process, counter.

    `at` is in milliseconds since 1970 UTC; now when it is None.
    """
    moment = now_ms() if at is None else at
    seconds, milliseconds = divmod(moment, 1000)
    return f"{seconds & 0xFFFFFFFF:08x}{milliseconds << 30 | _process:010x}{next(_counter) & 0xFFFFFF:06x}"


def first_id(at: int) -> str:
    """The least id of the second of a time, in ms since 1970 UTC; of the first or last one beyond 1970 and 2106."""
    return f"{min(max(at // 1000, 0), 0xFFFFFFFF):08x}{'0' * 16}"


def is_id(text: str) -> bool:
    """Whether a text has the form of an id. Other texts need no look-up in the database."""
    return _ID.fullmatch(text) is not None


def now_ms() -> int:
    """The current time in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def name_key(name: str) -> str:
    """The sort key of a name, the same on both databases: folded, cut to 255 code points."""
    return folded(name)[:_NAME_KEY_LENGTH]


def folded(*texts: str) -> str:
    """The form of texts for searching: NFKC, casefolded. Done here because databases fold differently."""
    return unicodedata.normalize("NFKC", "\n".join(texts)).casefold()


def _renew_process() -> None:
    global _process  # noqa: PLW0603  a forked child must not make its parent's ids
    _process = secrets.randbits(30)


os.register_at_fork(after_in_child=_renew_process)

#: In the `info` of a column that holds envelopes.
SECRET = "secret"
#: In the `info` of such a column: the column of the origins that its envelopes authenticate.
ORIGINS = "origins"
#: Arguments of a column that the audit leaves out: a digest, a time of use, a position.
UNAUDITED = {"info": {"unaudited": True}}
#: Compares by bytes on PostgreSQL, like SQLite's BINARY, so that keyset orders agree.
BINARY_TEXT = "C"


class JsonText(TypeDecorator[Any]):
    """JSON stored as text: keeps the order of members; never queried."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


class Word(TypeDecorator[Enum]):
    """A member of a Python enum, stored as text without a CHECK: values are added over time."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[Enum]) -> None:
        super().__init__(24)
        self.words = words
        self._known = frozenset(word.value for word in words)

    def process_bind_param(self, value: Enum | str | None, dialect: Dialect) -> str | None:
        return None if value is None else str(self.words(value).value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Enum | None:
        # A word of a newer process is returned as text: reading the row must not fail.
        return self.words(value) if value in self._known else value


class KeyText(Text):
    """A name by which lists are ordered: at most 255 code points, and often one of a closed alphabet."""


def longest(kind: TypeEngine[Any]) -> int:
    """The greatest length of a column's value in characters, by its type; 0 for numbers and the like."""
    match kind:
        case JsonText():
            return LONGEST_JSON
        case KeyText():
            return _NAME_KEY_LENGTH
        case Text():
            return LONGEST_TEXT
        case String(length=length):
            return length or LONGEST_TEXT
    return 0


def id_type() -> CHAR:
    """The type of every id and reference."""
    return CHAR(24).with_variant(CHAR(24, collation=BINARY_TEXT), "postgresql")


def key_type() -> Text:
    """The type of columns by which lists are ordered."""
    return KeyText().with_variant(KeyText(collation=BINARY_TEXT), "postgresql")


def binary_type(length: int = 255) -> String:
    """The type of words that are found by their beginning, such as types of events: compared by bytes."""
    return String(length).with_variant(String(length, collation=BINARY_TEXT), "postgresql")


def id_field(**options: Any) -> Any:
    """A primary key, generated in the process."""
    return Field(default_factory=new_id, primary_key=True, sa_type=id_type(), **options)


def ref_field(target: str | None = None, *, ondelete: str | None = "CASCADE", **options: Any) -> Any:
    """A reference to `table.column`; without a target a plain id, whose row may no longer exist."""
    if target is not None:
        options |= {"foreign_key": target, "ondelete": ondelete}
    return Field(sa_type=id_type(), **options)


def json_field(**options: Any) -> Any:
    """A column of JSON, stored as text."""
    return Field(sa_type=JsonText, **options)


def word_field(words: type[Enum], **options: Any) -> Any:
    """A column for a member of the enum `words`."""
    return Field(sa_type=Word(words), **options)


def secret_field(*, origins: str | None = None, **options: Any) -> Any:
    """An encrypted envelope (`models/secret.py`); never shown. `SECRET` marks the column for key rotation.

    `origins`: the column of the origins to which its secret may be sent (`origins_field`); without one it is sent
    nowhere, or its address is inside the envelope.
    """
    info = {SECRET: True} if origins is None else {SECRET: True, ORIGINS: origins}
    return Field(sa_type=LargeBinary, repr=False, sa_column_kwargs={"info": info}, **options)


def origins_field() -> Any:
    """The origins of a secret, in the form of `Origins.text`; set them before the secret is sealed."""
    return Field(default=None, sa_type=Text)


def time_field(**options: Any) -> Any:
    """A time in milliseconds since 1970 UTC."""
    return Field(sa_type=BigInteger, **options)


def text_field(length: int | None = 255, **options: Any) -> Any:
    """Text of at most `length` code points; unbounded when None."""
    return Field(sa_type=Text if length is None else String(length), **options)


class Row(SQLModel):
    """A row with an id and its creation time.

    `read_permission`: the permission for reading a row by its global id, or None if any token may. Rows of tables
    without the attribute cannot be read by global id.
    """

    read_permission: ClassVar[Permission | None]

    id: str = id_field()
    created_at: int = time_field(default_factory=now_ms)


class Changeable(Row):
    """A row that may be updated; it has a time of its last change."""

    updated_at: int = time_field(default_factory=now_ms, sa_column_kwargs={"onupdate": now_ms})


class Scope(Enum):
    """Which rows of a table exist for a caller. `resolvers/scope.py` has the conditions."""

    ORGANIZATION = "all of the organization"
    INTEGRATION = "those of integrations that exist for the caller"
    HISTORY = "all of the organization but those of an integration that is restricted to others"


class Owned(SQLModel):
    """A row of an organization. Child tables have the column too, so that batches filter without a join.

    Callers cannot read a table that has neither a `scope` nor a rule in `resolvers/scope.py`.
    """

    scope: ClassVar[Scope]

    organization_id: str = ref_field("organization.id")


class feed_stamp(FunctionElement[int]):  # noqa: N801  named as SQL functions are
    """A row's commit-safe position in its feed: a transaction id on PostgreSQL, microseconds on SQLite."""

    type = BigInteger()
    inherit_cache = True


#: The same as text, for statements without SQLAlchemy.
FEED_POSTGRESQL = "(pg_current_xact_id()::text::bigint)"
FEED_SQLITE = "(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER))"


@compiles(feed_stamp, "postgresql")
def _feed_stamp_postgresql(element: feed_stamp, compiler: SQLCompiler, **options: Any) -> str:
    return FEED_POSTGRESQL


@compiles(feed_stamp, "sqlite")
def _feed_stamp_sqlite(element: feed_stamp, compiler: SQLCompiler, **options: Any) -> str:
    return FEED_SQLITE


def flag_field(**options: Any) -> Any:
    """A boolean column, by default false."""
    return Field(default=False, sa_column_kwargs={"server_default": false(), **options})


def count_field() -> Any:
    """A number of events, at first none. The audit leaves it out."""
    return Field(default=0, sa_column_kwargs={"server_default": "0", **UNAUDITED})


def feed_field() -> Any:
    """A feed stamp, set by insert and by each published change."""
    return Field(default=None, sa_type=BigInteger, nullable=False, sa_column_kwargs={"server_default": feed_stamp()})


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows that satisfy a condition, on both databases."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
