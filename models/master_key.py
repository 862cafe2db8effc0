"""MasterKey: what the database knows of the keys that it does not hold."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.row import now_ms, text_field, time_field


class MasterKey(SQLModel, table=True):
    """The hub's own. Of those with `sealing_since` the newest seals, in every process; a removed one is not missed.

    `fingerprint` is Keyring's: another key under the same version is told from it. `completed_at` is when a rotation
    had sealed everything with it and opened all of it.
    """

    __tablename__ = "master_key"

    version: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    fingerprint: str = text_field(64)
    created_at: int = time_field(default_factory=now_ms)
    sealing_since: int | None = time_field(default=None)
    completed_at: int | None = time_field(default=None)
    removed_at: int | None = time_field(default=None)
