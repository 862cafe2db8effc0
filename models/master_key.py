"""MasterKey: facts about the master keys, which the database does not hold."""

from sqlalchemy import BigInteger
from sqlmodel import Field, SQLModel

from models.row import now_ms, text_field, time_field


class MasterKey(SQLModel, table=True):
    """A key of the hub. The newest one with `sealing_since` seals, in every process. A removed key may be missing.

    `fingerprint`: that of Keyring, which differs for another key of the same version. `completed_at`: the time at
    which a rotation had sealed everything with it and opened it all.
    """

    __tablename__ = "master_key"

    version: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    fingerprint: str = text_field(64)
    created_at: int = time_field(default_factory=now_ms)
    sealing_since: int | None = time_field(default=None)
    completed_at: int | None = time_field(default=None)
    removed_at: int | None = time_field(default=None)
